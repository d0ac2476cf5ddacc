#include <stdlib.h>
#include <time.h>

#include "admin-tui/words.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
spans_are_short(void **state)
{
	static const struct {
		int64_t seconds;
		const char *expected;
	} cases[] = {{-5, "0 s"}, {41, "41 s"}, {720, "12 min"},
	    {7800, "2 h 10 min"}, {90000, "1 day 1 h"}, {864000, "10 days"}};
	char out[WORDS_SIZE];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
		    words_span(cases[i].seconds, out), cases[i].expected);
}

static void
what_is_to_come_is_told_in_whole_units(void **state)
{
	static const struct {
		int64_t left;
		const char *expected;
	} cases[] = {{0, "expired"}, {-1, "expired"}, {59, "in 0 min"},
	    {3599, "in 59 min"}, {108000, "in 30 h"}, {172800, "in 2 days"}};
	char out[WORDS_SIZE];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
		    words_until(1000 + cases[i].left, 1000, out),
		    cases[i].expected);
	assert_string_equal(words_until(0, 1000, out), "-");
}

static void
a_time_says_as_much_as_is_needed(void **state)
{
	char out[WORDS_SIZE];
	int64_t now = 1795183351; /* 2026-11-20T14:02:31Z */
	(void)state;
	assert_string_equal(words_when(now - 60, now, out), "14:01:31");
	assert_string_equal(words_when(now - 86400, now, out), "Nov 19 14:02");
	assert_string_equal(
	    words_when(now - 365 * 86400, now, out), "2025-11-20");
	assert_string_equal(words_day(now - 86400, now, out), "Nov 19");
	assert_string_equal(words_day(now - 60, now, out), "14:01:31");
	assert_string_equal(
	    words_day(now - 365 * 86400, now, out), "2025-11-20");
	assert_string_equal(words_when(0, now, out), "-");
	assert_string_equal(words_date(0, out), "-");
	assert_string_equal(words_clock(now, out), "14:02:31");
	words_when(INT64_MAX, now, out); /* no calendar has it: no crash */
	words_when(INT64_MIN, now, out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spans_are_short),
	    cmocka_unit_test(what_is_to_come_is_told_in_whole_units),
	    cmocka_unit_test(a_time_says_as_much_as_is_needed),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
