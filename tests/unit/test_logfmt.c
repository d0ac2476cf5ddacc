#include "base/logfmt.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* "key=value" of each field, escapes undone, between bars. */
static void
assert_read(const char *line, const char *expected)
{
	struct slice left = slice_str(line);
	struct logfmt_field f;
	struct buf b;

	buf_init(&b, 4096);
	while (logfmt_next(&left, &f)) {
		(void)buf_add(&b, f.key);
		(void)buf_add_char(&b, '=');
		logfmt_add_value(&b, &f);
		(void)buf_add_char(&b, '|');
	}
	assert_int_equal(b.len, strlen(expected));
	assert_memory_equal(buf_slice(&b).p, expected, b.len);
	buf_clear(&b);
}

static void
a_router_line_is_read_field_by_field(void **state)
{
	(void)state;
	assert_read("2026-11-21T14:02:28.114Z at=error code=H12 "
		    "desc=\"Request timeout\" path=\"/\" fwd=\"\" "
		    "connect=1ms",
	    "=2026-11-21T14:02:28.114Z|at=error|code=H12|"
	    "desc=Request timeout|path=/|fwd=|connect=1ms|");
}

static void
escapes_are_undone_between_quotes_only(void **state)
{
	(void)state;
	assert_read("path=\"/a\\\"b\\\\c\\n\\u0001\\u007f\" host=a\\b",
	    "path=/a\"b\\c\n\x01\x7f|host=a\\b|");
}

static void
a_path_cannot_pretend_to_be_another_field(void **state)
{
	(void)state;
	assert_read("path=\"/x\\\" code=H99 y=\\\"\" status=200",
	    "path=/x\" code=H99 y=\"|status=200|");
}

static void
what_is_cut_ends_the_line(void **state)
{
	static const char *const cases[] = {"a=1 path=\"/x", "a=1 path=\"/x\\",
	    "a=1 =", "a=1 \"x\"", "a=1 path=\"\\"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_read(cases[i], "a=1|");
	assert_read("", "");
	assert_read("   ", "");
	assert_read("a=", "a=|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_router_line_is_read_field_by_field),
	    cmocka_unit_test(escapes_are_undone_between_quotes_only),
	    cmocka_unit_test(a_path_cannot_pretend_to_be_another_field),
	    cmocka_unit_test(what_is_cut_ends_the_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
