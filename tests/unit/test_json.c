#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static json_t *
doc(const char *text)
{
	struct fault f = {0};
	json_t *j = NULL;

	if (json_parse(slice_str(text), &j, &f) != ERR_OK)
		fail_msg("%s: %s", text, f.text);
	return j;
}

static void
what_is_no_json_is_refused_with_its_place(void **state)
{
	static const struct {
		struct slice text;
		const char *said;
	} cases[] = {{{"", 0}, "line 1"}, {SLICE("{"), "line 1"},
	    {SLICE("{}\n}"), "line 2"},
	    {SLICE("{\"a\":1,\n\"a\":2}"), "line 2"},
	    {SLICE("{'a':1}"), "line 1"}, {SLICE("[1,]"), "line 1"},
	    {SLICE("\"\xff\""), "line 1"}, {SLICE("\"\\u0000\""), "line 1"},
	    {SLICE("\"a\0\""), "line 1"}, {SLICE("[NaN]"), "line 1"}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault f = {0};
		json_t *j;

		assert_int_equal(json_parse(cases[i].text, &j, &f), ERR_SYNTAX);
		assert_null(j);
		assert_int_equal(f.code, FAULT_P10_JSON_SYNTAX);
		assert_non_null(strstr(f.text, cases[i].said));
	}
}

static void
nesting_ends_at_32(void **state)
{
	char text[80];
	json_t *j;

	(void)state;
	memset(text, '[', 40);
	memset(text + 40, ']', 40);
	assert_int_equal(json_parse(slice_of(text + 8, 64), &j, NULL), ERR_OK);
	json_decref(j);
	assert_int_equal(
	    json_parse(slice_of(text + 7, 66), &j, NULL), ERR_SYNTAX);
	j = doc("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\"]");
	json_decref(j);
}

static void
a_missing_or_wrong_member_is_named(void **state)
{
	json_t *j = doc("{\"s\":1,\"b\":\"x\",\"i\":1.5,\"z\":null}");
	struct fault f = {0};
	const char *s = "as it was";
	int64_t i = 7;
	bool b = true;

	(void)state;
	assert_int_equal(
	    json_get_str(j, "s", JSON_OPTIONAL, &s, &f), ERR_SYNTAX);
	assert_int_equal(f.code, FAULT_P11_FIELD_INVALID);
	assert_non_null(strstr(f.text, "\"s\""));
	assert_int_equal(
	    json_get_bool(j, "b", JSON_OPTIONAL, &b, &f), ERR_SYNTAX);
	assert_int_equal(
	    json_get_int(j, "i", JSON_OPTIONAL, &i, &f), ERR_SYNTAX);
	assert_int_equal(
	    json_get_str(j, "z", JSON_REQUIRED, &s, &f), ERR_SYNTAX);
	assert_int_equal(json_get_str(j, "z", JSON_OPTIONAL, &s, &f), ERR_OK);
	assert_int_equal(
	    json_get_int(j, "none", JSON_OPTIONAL, &i, &f), ERR_OK);
	assert_string_equal(s, "as it was");
	assert_int_equal(i, 7);
	assert_true(b);
	json_decref(j);
}

static void
members_of_the_right_type_are_given(void **state)
{
	json_t *j =
	    doc("{\"s\":\"x\",\"b\":false,\"i\":-9007199254740993,\"o\":[]}");
	const char *s = NULL;
	int64_t i = 0;
	bool b = true;

	(void)state;
	assert_int_equal(json_get_str(j, "s", JSON_REQUIRED, &s, NULL), ERR_OK);
	assert_int_equal(
	    json_get_bool(j, "b", JSON_REQUIRED, &b, NULL), ERR_OK);
	assert_int_equal(json_get_int(j, "i", JSON_REQUIRED, &i, NULL), ERR_OK);
	assert_string_equal(s, "x");
	assert_false(b);
	assert_true(i == INT64_C(-9007199254740993));
	assert_string_equal(json_str(j, "s"), "x");
	assert_string_equal(json_str(j, "i"), "");
	assert_int_equal(json_int(j, "s"), 0);
	assert_false(json_bool(j, "s"));
	assert_non_null(json_obj(j, "o"));
	assert_null(json_obj(j, "s"));
	assert_string_equal(json_str(NULL, "s"), "");
	json_decref(j);
}

static void
setters_write_compact_json_in_order(void **state)
{
	json_t *o = json_object();
	struct buf b;
	char *text;

	(void)state;
	json_put_str(o, "z", "a\"b");
	json_put_str(o, "none", NULL);
	json_put_int(o, "i", 0);
	json_put_bool(o, "b", true);
	json_put_time(o, "at", 1795269748);
	json_put_time(o, "never", 0);
	text = json_text(o);
	assert_string_equal(text,
	    "{\"z\":\"a\\\"b\",\"none\":null,\"i\":0,\"b\":true,"
	    "\"at\":\"2026-11-21T14:02:28Z\",\"never\":null}");
	buf_init(&b, 10);
	assert_int_equal(json_add(&b, o), ERR_TOO_BIG);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	buf_init(&b, 1000);
	assert_int_equal(json_add(&b, o), ERR_OK);
	assert_true(slice_eq(buf_slice(&b), slice_str(text)));
	buf_clear(&b);
	free(text);
	json_decref(o);
}

static void
bytes_that_are_not_utf8_are_replaced(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} cases[] = {{SLICE("a\xff"
			    "b"),
			 "a\xef\xbf\xbd"
			 "b"},
	    {SLICE("a\0b"), "a\xef\xbf\xbd"
			    "b"},
	    {SLICE("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd"},
	    {SLICE("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {SLICE("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd"},
	    {SLICE("\xe2\x82\xac"), "\xe2\x82\xac"},
	    {SLICE("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80"}, {SLICE(""), ""}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json_t *o = json_object();

		json_put_slice(o, "k", cases[i].in);
		assert_string_equal(json_str(o, "k"), cases[i].out);
		json_decref(o);
	}
}

static void
a_fault_travels_there_and_back(void **state)
{
	struct fault f = {0}, back = {0};
	json_t *j;

	(void)state;
	fault_set(&f, FAULT_D12_ELSEWHERE, "x points to y");
	fault_action(&f, "change it");
	j = json_fault(&f);
	json_to_fault(j, &back);
	json_decref(j);
	assert_int_equal(back.code, FAULT_D12_ELSEWHERE);
	assert_string_equal(back.text, "x points to y");
	assert_string_equal(back.action, "change it");
	fault_clear(&f);
	j = json_fault(&f);
	assert_true(json_is_null(j));
	json_to_fault(j, &back);
	assert_false(fault_is_set(&back));
	json_decref(j);
}

static void
a_problem_document_is_a_fault(void **state)
{
	struct fault f = {0};
	json_t *j = doc("{\"type\":\"about:blank\",\"title\":\"T\",\"detail\":"
			"\"D\",\"code\":\"N15\",\"action\":\"A\"}");

	(void)state;
	json_to_fault(j, &f);
	assert_int_equal(f.code, FAULT_N15_NO_SUCH_DOMAIN);
	assert_string_equal(f.text, "D");
	assert_string_equal(f.action, "A");
	json_decref(j);
	j = doc("{\"code\":\"Z99\",\"title\":\"of tomorrow\"}");
	json_to_fault(j, &f);
	assert_int_equal(f.code, FAULT_S25_INTERNAL);
	assert_string_equal(f.text, "of tomorrow");
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
	    cmocka_unit_test(nesting_ends_at_32),
	    cmocka_unit_test(a_missing_or_wrong_member_is_named),
	    cmocka_unit_test(members_of_the_right_type_are_given),
	    cmocka_unit_test(setters_write_compact_json_in_order),
	    cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
	    cmocka_unit_test(a_fault_travels_there_and_back),
	    cmocka_unit_test(a_problem_document_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
