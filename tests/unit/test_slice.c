#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "tests/unit/test.h"

static void
letters_are_compared_without_case_and_only_letters(void **state)
{
	(void)state;
	assert_true(slice_eq_nocase(SLICE("Host"), SLICE("hOST")));
	assert_false(slice_eq_nocase(SLICE("a["), SLICE("a{")));
	assert_false(slice_eq_nocase(SLICE("a"), SLICE("ab")));
	assert_true(slice_eq_nocase(SLICE(""), slice_of(NULL, 0)));
	assert_true(slice_eq(SLICE("a\0b"), SLICE("a\0b")));
	assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
}

static void
starts_and_ends_are_recognised(void **state)
{
	(void)state;
	assert_true(slice_starts_with(SLICE("abc"), SLICE("ab")));
	assert_true(slice_starts_with(SLICE("abc"), SLICE("")));
	assert_false(slice_starts_with(SLICE("a"), SLICE("ab")));
	assert_true(slice_ends_with(SLICE("abc"), SLICE("bc")));
	assert_true(slice_ends_with(SLICE("abc"), SLICE("abc")));
	assert_false(slice_ends_with(SLICE("c"), SLICE("bc")));
}

static void
trimming_takes_blanks_from_both_ends_only(void **state)
{
	(void)state;
	assert_true(slice_eq(slice_trim(SLICE(" \ta b\r\n")), SLICE("a b")));
	assert_int_equal(slice_trim(SLICE(" \t ")).n, 0);
	assert_int_equal(slice_trim(slice_of(NULL, 0)).n, 0);
}

static void
nothing_is_found_or_taken_past_the_end(void **state)
{
	(void)state;
	assert_int_equal(slice_find(SLICE("abc"), 'c'), 2);
	assert_int_equal(slice_find(SLICE("abc"), 'x'), 3);
	assert_int_equal(slice_find(slice_of(NULL, 0), 'x'), 0);
	assert_true(slice_eq(slice_from(SLICE("abc"), 1), SLICE("bc")));
	assert_int_equal(slice_from(SLICE("abc"), 9).n, 0);
	assert_null(slice_from(slice_of(NULL, 0), 1).p);
}

static void
cutting_gives_empty_parts_too(void **state)
{
	static const char *const parts[] = {"a", "", "b", ""};
	struct slice s = SLICE("a,,b,"), part;
	size_t n = 0;

	(void)state;
	while (slice_cut(&s, ',', &part)) {
		assert_true(n < COUNT_OF(parts));
		assert_true(slice_eq(part, slice_str(parts[n])));
		n++;
	}
	assert_int_equal(n, COUNT_OF(parts));
	s = SLICE("");
	assert_true(slice_cut(&s, ',', &part));
	assert_int_equal(part.n, 0);
	assert_false(slice_cut(&s, ',', &part));
}

static void
words_are_never_empty(void **state)
{
	struct slice s = SLICE("  a \t bc "), word;

	(void)state;
	assert_true(slice_word(&s, &word));
	assert_true(slice_eq(word, SLICE("a")));
	assert_true(slice_word(&s, &word));
	assert_true(slice_eq(word, SLICE("bc")));
	assert_false(slice_word(&s, &word));
}

static void
numbers_are_digits_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		enum err e;
		uint64_t value;
	} cases[] = {{"0", ERR_OK, 0}, {"007", ERR_OK, 7},
	    {"18446744073709551615", ERR_OK, UINT64_MAX},
	    {"18446744073709551616", ERR_TOO_BIG, 0},
	    {"99999999999999999999", ERR_TOO_BIG, 0}, {"", ERR_SYNTAX, 0},
	    {"+1", ERR_SYNTAX, 0}, {"-1", ERR_SYNTAX, 0}, {" 1", ERR_SYNTAX, 0},
	    {"1 ", ERR_SYNTAX, 0}, {"0x1", ERR_SYNTAX, 0},
	    {"1e3", ERR_SYNTAX, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint64_t v = 0;

		assert_int_equal(
		    slice_to_u64(slice_str(cases[i].text), &v), cases[i].e);
		assert_true(v == cases[i].value);
	}
}

static void
a_string_has_room_for_its_nul_and_none_inside(void **state)
{
	char out[4] = "zzz";

	(void)state;
	assert_int_equal(slice_to_str(SLICE("abc"), out, sizeof(out)), ERR_OK);
	assert_string_equal(out, "abc");
	assert_int_equal(
	    slice_to_str(SLICE("abcd"), out, sizeof(out)), ERR_TOO_BIG);
	assert_string_equal(out, "");
	assert_int_equal(
	    slice_to_str(SLICE("a\0b"), out, sizeof(out)), ERR_SYNTAX);
	assert_string_equal(out, "");
	assert_int_equal(
	    slice_to_str(slice_of(NULL, 0), out, sizeof(out)), ERR_OK);
}

static void
every_error_has_a_name(void **state)
{
	(void)state;
	for (int e = ERR_OK; e <= ERR_IO; e++)
		assert_string_not_equal(err_name((enum err)e), "unknown");
	assert_string_equal(err_name((enum err)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		letters_are_compared_without_case_and_only_letters),
	    cmocka_unit_test(starts_and_ends_are_recognised),
	    cmocka_unit_test(trimming_takes_blanks_from_both_ends_only),
	    cmocka_unit_test(nothing_is_found_or_taken_past_the_end),
	    cmocka_unit_test(cutting_gives_empty_parts_too),
	    cmocka_unit_test(words_are_never_empty),
	    cmocka_unit_test(numbers_are_digits_and_nothing_else),
	    cmocka_unit_test(a_string_has_room_for_its_nul_and_none_inside),
	    cmocka_unit_test(every_error_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
