#include "admin-tui/text.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define REPLACED "\xef\xbf\xbd"

static void
fits(struct slice in, int columns, enum text_cut cut, const char *expected)
{
	char out[256];
	assert_string_equal(
	    text_fit(in, columns, cut, out, sizeof(out)), expected);
}

static void
bytes_that_are_no_text_are_replaced(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} cases[] = {
	    {SLICE("a\xff"
		   "b"),
		"a" REPLACED "b"},
	    {SLICE("\x1b[31mred"), REPLACED "[31mred"},
	    {SLICE("a\0b"), "a" REPLACED "b"},
	    {SLICE("one\ntwo\ttab"), "one" REPLACED "two tab"},
	    {SLICE("\xc3"), REPLACED},              /* cut short */
	    {SLICE("\xc0\x80"), REPLACED REPLACED}, /* overlong */
	    {SLICE("\xed\xa0\x80"), REPLACED},      /* a surrogate */
	    {SLICE("a\xe2\x80\xae"
		   "b"),
		"a" REPLACED "b"},         /* turns the line round */
	    {SLICE("\xc2\x9b"), REPLACED}, /* CSI in one byte */
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		fits(cases[i].in, 80, TEXT_CUT_END, cases[i].out);
}

static void
width_counts_columns_and_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(text_width(SLICE("abc")), 3);
	assert_int_equal(text_width(SLICE("\xc3\xa9")), 1);
	assert_int_equal(text_width(SLICE("e\xcc\x81")), 1); /* combining */
	assert_int_equal(text_width(SLICE("\xe4\xbe\x8b")), 2);
	assert_int_equal(text_width(SLICE("\xe2\x9c\x93")), 1);
	assert_int_equal(text_width(SLICE("")), 0);
}

static void
what_has_no_room_is_cut_with_an_ellipsis(void **state)
{
	struct slice host = SLICE("very-long-name.shop.example.com");
	(void)state;
	fits(SLICE("abcdef"), 6, TEXT_CUT_END, "abcdef");
	fits(SLICE("abcdef"), 5, TEXT_CUT_END, "abcd\xe2\x80\xa6");
	fits(SLICE("abcdef"), 1, TEXT_CUT_END, "\xe2\x80\xa6");
	fits(SLICE("abcdef"), 0, TEXT_CUT_END, "");
	fits(SLICE("abcdef"), -3, TEXT_CUT_END, "");
	fits(host, 21, TEXT_CUT_MIDDLE, "very-long-\xe2\x80\xa6xample.com");
	/* half of a wide character does not fit */
	fits(
	    SLICE("\xe4\xbe\x8b\xe4\xbe\x8b"), 2, TEXT_CUT_END, "\xe2\x80\xa6");
}

static void
a_small_buffer_never_gets_half_a_character(void **state)
{
	char out[4];
	(void)state;
	text_fit(SLICE("ab\xc3\xa9"), 80, TEXT_CUT_END, out, sizeof(out));
	assert_string_equal(out, "ab");
}

static void
padding_fills_up_to_the_column(void **state)
{
	char out[32];
	(void)state;
	assert_string_equal(
	    text_pad(SLICE("\xc3\xa9"), 3, out, sizeof(out)), "\xc3\xa9  ");
	assert_string_equal(
	    text_pad(SLICE("abcd"), 3, out, sizeof(out)), "ab\xe2\x80\xa6");
}

static void
lines_are_broken_at_blanks(void **state)
{
	struct slice s = SLICE("one two threefourfive six"), line;
	static const char *const expected[] = {
	    "one two", "threefou", "rfive", "six"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		assert_true(text_wrap(&s, 8, &line));
		assert_true(slice_eq(line, slice_str(expected[i])));
	}
	assert_false(text_wrap(&s, 8, &line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_that_are_no_text_are_replaced),
	    cmocka_unit_test(width_counts_columns_and_not_bytes),
	    cmocka_unit_test(what_has_no_room_is_cut_with_an_ellipsis),
	    cmocka_unit_test(a_small_buffer_never_gets_half_a_character),
	    cmocka_unit_test(padding_fills_up_to_the_column),
	    cmocka_unit_test(lines_are_broken_at_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
