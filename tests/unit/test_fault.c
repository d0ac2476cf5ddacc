#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "tests/unit/test.h"

static void
every_code_has_a_row_with_its_own_name(void **state)
{
	(void)state;
	for (int i = 1; i < FAULT_CODES; i++) {
		const struct fault_row *row = fault_lookup((enum fault_code)i);

		assert_int_equal(strlen(row->code), 3);
		assert_true(strlen(row->title) > 10);
		assert_true(strlen(row->cause) > 10);
		assert_true(strlen(row->action) > 5);
		assert_in_range(row->http_status, 400, 599);
		assert_int_equal(fault_code_parse(row->code), i);
	}
	assert_int_equal(fault_code_parse("X99"), FAULT_NONE);
}

static void
a_sentence_has_no_control_bytes(void **state)
{
	struct fault f = {0};

	(void)state;
	fault_set(&f, FAULT_C18_NOT_RECOGNISED, "%s", "a\nb\tc\x1b[0m");
	assert_string_equal(f.text, "a b c [0m");
	fault_prefix(&f, "x.pem");
	assert_string_equal(f.text, "x.pem: a b c [0m");
	assert_true(fault_is_set(&f));
	fault_clear(&f);
	assert_false(fault_is_set(&f));
}

static void
without_a_sentence_the_table_speaks(void **state)
{
	struct fault f = {0};

	(void)state;
	fault_set(&f, FAULT_C19_EMPTY, NULL);
	assert_string_equal(f.text, "The file is empty");
	assert_string_equal(fault_code_name(f.code), "C19");
}

static void
a_fault_may_be_built_from_itself(void **state)
{
	struct fault f = {0};

	(void)state;
	fault_set(&f, FAULT_D12_ELSEWHERE, "%s", "one");
	fault_set(&f, FAULT_D13_MIXED, "%s and two", f.text);
	fault_prefix(&f, "%s", f.text);
	fault_action(&f, "a");
	fault_action(&f, "%sb", f.action);
	assert_string_equal(f.text, "one and two: one and two");
	assert_string_equal(f.action, "ab");
	assert_int_equal(f.code, FAULT_D13_MIXED);
}

static void
what_is_too_long_is_cut(void **state)
{
	char text[FAULT_TEXT_SIZE + FAULT_ACTION_SIZE];
	struct fault f = {0};

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	fault_set(&f, FAULT_S25_INTERNAL, "%s", text);
	assert_int_equal(strlen(f.text), FAULT_TEXT_SIZE - 1);
	fault_prefix(&f, "%s", text);
	assert_int_equal(strlen(f.text), FAULT_TEXT_SIZE - 1);
	fault_action(&f, "%s", text);
	assert_int_equal(strlen(f.action), FAULT_ACTION_SIZE - 1);
}

static void
nobody_need_want_the_fault(void **state)
{
	(void)state;
	fault_set(NULL, FAULT_C19_EMPTY, NULL);
	fault_action(NULL, "x");
	fault_prefix(NULL, "x");
	fault_clear(NULL);
}

static void
titles_causes_and_actions_have_no_full_stop(void **state)
{
	(void)state;
	for (int i = 1; i < FAULT_CODES; i++) {
		const struct fault_row *row = fault_lookup((enum fault_code)i);

		assert_int_not_equal(row->title[strlen(row->title) - 1], '.');
		assert_int_not_equal(row->action[strlen(row->action) - 1], '.');
		assert_int_not_equal(row->cause[strlen(row->cause) - 1], '.');
		assert_true(strlen(row->title) < FAULT_TEXT_SIZE);
		assert_true(strlen(row->action) < FAULT_ACTION_SIZE);
	}
	assert_string_equal(fault_code_name(FAULT_NONE), "");
	assert_string_equal(fault_code_name(FAULT_CODES), "");
}

static void
the_names_of_a_case_come_into_its_commands(void **state)
{
	struct fault f = {0};

	(void)state;
	fault_set(&f, FAULT_N19_BACKEND_INVALID, NULL);
	fault_action(&f, "`a HOST`, HOST:PORT, GHOST HOST b HOST; APP");
	fault_name(&f, "HOST", "");
	fault_name(&f, "APP", "shop");
	fault_name(&f, "HOST", "*.a.test");
	assert_string_equal(f.action,
	    "`a '*.a.test'`, HOST:PORT, GHOST '*.a.test' b '*.a.test'; shop");
	fault_action(&f, "%0*d HOST", FAULT_ACTION_SIZE - 80, 7);
	fault_name(&f, "HOST",
	    "a-name-of-a-host-that-does-not-fit-behind-so-"
	    "much-else.of-a-very-long-name.example.com");
	assert_string_equal(f.action + FAULT_ACTION_SIZE - 80, " HOST");
}

static void
router_codes_are_explained_too(void **state)
{
	(void)state;
	for (int i = CODE_NONE + 1; i < CODES; i++) {
		const struct code_row *row = code_row((enum code)i);

		assert_int_equal(code_parse(row->name), i);
		assert_int_equal(fault_code_parse(row->name), FAULT_NONE);
		assert_true(strlen(row->cause) > 10);
		assert_true(strlen(row->action) > 5);
		assert_int_not_equal(row->action[strlen(row->action) - 1], '.');
	}
	assert_int_equal(code_parse("H98"), CODE_NONE);
	assert_int_equal(code_parse(""), CODE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_a_row_with_its_own_name),
	    cmocka_unit_test(a_sentence_has_no_control_bytes),
	    cmocka_unit_test(without_a_sentence_the_table_speaks),
	    cmocka_unit_test(a_fault_may_be_built_from_itself),
	    cmocka_unit_test(what_is_too_long_is_cut),
	    cmocka_unit_test(nobody_need_want_the_fault),
	    cmocka_unit_test(titles_causes_and_actions_have_no_full_stop),
	    cmocka_unit_test(the_names_of_a_case_come_into_its_commands),
	    cmocka_unit_test(router_codes_are_explained_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
