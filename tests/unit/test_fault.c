#include <string.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_a_row_with_its_own_name),
	    cmocka_unit_test(a_sentence_has_no_control_bytes),
	    cmocka_unit_test(without_a_sentence_the_table_speaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
