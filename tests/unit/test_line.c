#include "acme/line.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

static void
sites_about_to_break_come_first_then_names_without_then_the_rest(void **state)
{
	/* in the order in which they are to be served */
	static const int64_t line[] = {
	    NOW - DAY, NOW + 60, NOW + DAY, 0, NOW + 5 * DAY, NOW + 30 * DAY};

	(void)state;
	for (size_t a = 0; a < COUNT_OF(line); a++)
		for (size_t b = 0; b < COUNT_OF(line); b++)
			assert_int_equal(
			    line_precedes(line[a], line[b], NOW), a < b);
	assert_true(line_is_urgent(NOW + DAY, NOW));
	assert_false(line_is_urgent(0, NOW));
	assert_false(line_is_urgent(NOW + 30 * DAY, NOW));
}

static void
turns_follow_one_another(void **state)
{
	struct line_turns turns = {0};

	(void)state;
	assert_int_equal(line_turn(&turns, 5000, 100, 1000), 5000);
	assert_int_equal(line_turn(&turns, 5000, 100, 1000), 5100);
	assert_int_equal(line_turn(&turns, 5000, 100, 1000), 5200);
	/* all those are over */
	assert_int_equal(line_turn(&turns, 9000, 100, 8000), 9000);
}

static void
nobody_waits_for_ever(void **state)
{
	struct line_turns turns = {0};
	int64_t now = NOW * 1000, end = now + LINE_AHEAD_MAX_MS;

	(void)state;
	assert_int_equal(line_turn(&turns, end - 10, 100, now), end - 10);
	assert_int_equal(line_turn(&turns, end - 10, 100, now), end);
	assert_int_equal(line_turn(&turns, end - 10, 100, now), end);
	/* the clock was set back by a year */
	now -= 365 * DAY * 1000;
	assert_int_equal(line_turn(&turns, now + 10, 100, now), now + 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		sites_about_to_break_come_first_then_names_without_then_the_rest),
	    cmocka_unit_test(turns_follow_one_another),
	    cmocka_unit_test(nobody_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
