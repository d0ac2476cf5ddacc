#include "router/edge/pace.h"
#include "tests/unit/test.h"

#define WINDOW 55

static void
a_trickle_is_too_slow_when_the_window_is_full(void **state)
{
	struct pace p = {0};
	int now = 1000;
	uint64_t total = 0;

	(void)state;
	for (; now < 1000 + WINDOW; now += 5)
		assert_true(pace_holds(&p, now, total++, true, WINDOW));
	assert_false(pace_holds(&p, now, total, true, WINDOW));
}

static void
a_slow_line_is_fast_enough(void **state)
{
	struct pace p = {0};
	int now = 1000;
	uint64_t total = 0;

	(void)state;
	for (int i = 0; i < 1000; i++, now += 10, total += 2500)
		assert_true(pace_holds(&p, now, total, true, WINDOW));
}

static void
a_stall_that_ends_in_a_burst_is_borne(void **state)
{
	struct pace p = {0};

	(void)state;
	assert_true(pace_holds(&p, 1000, 0, true, WINDOW));
	assert_true(pace_holds(&p, 1050, 1, true, WINDOW));
	assert_true(pace_holds(&p, 1100, 1 + 16384, true, WINDOW));
}

static void
what_was_fast_before_does_not_excuse_a_trickle(void **state)
{
	struct pace p = {0};
	uint64_t total = 1 << 30;

	(void)state;
	assert_true(pace_holds(&p, 1, 0, true, WINDOW));
	assert_true(pace_holds(&p, 60, total, true, WINDOW));
	assert_true(pace_holds(&p, 110, total + 1, true, WINDOW));
	assert_false(pace_holds(&p, 116, total + 2, true, WINDOW));
}

static void
only_time_that_is_the_peers_counts(void **state)
{
	struct pace p = {0};

	(void)state;
	for (int i = 1; i < 50; i++) {
		/* one second of each hundred */
		assert_true(pace_holds(&p, i * 100., 0, true, WINDOW));
		assert_true(pace_holds(&p, i * 100. + 1, 0, false, WINDOW));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_trickle_is_too_slow_when_the_window_is_full),
	    cmocka_unit_test(a_slow_line_is_fast_enough),
	    cmocka_unit_test(a_stall_that_ends_in_a_burst_is_borne),
	    cmocka_unit_test(what_was_fast_before_does_not_excuse_a_trickle),
	    cmocka_unit_test(only_time_that_is_the_peers_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
