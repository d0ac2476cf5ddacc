#include "acme/schedule.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define HOUR INT64_C(3600)
#define DAY  INT64_C(86400)

static void
renewal_is_due_when_a_third_is_left(void **state)
{
	(void)state;
	assert_int_equal(schedule_renewal(0, 90 * DAY, 0), 60 * DAY);
	assert_int_equal(schedule_renewal(0, 45 * DAY, 0), 30 * DAY);
	assert_int_equal(
	    schedule_renewal(1000, 1000 + 90 * DAY, 0), 1000 + 60 * DAY);
}

static void
renewal_under_ten_days_is_due_at_half(void **state)
{
	(void)state;
	assert_int_equal(schedule_renewal(0, 160 * HOUR, 0), 80 * HOUR);
	assert_int_equal(schedule_renewal(0, 3600, 0), 1800);
	assert_int_equal(
	    schedule_renewal(0, 10 * DAY, 0), 10 * DAY - 10 * DAY / 3);
}

static void
jitter_makes_renewal_earlier_by_at_most_a_twentieth(void **state)
{
	int64_t plain = schedule_renewal(0, 100 * DAY, 0);

	(void)state;
	assert_int_equal(
	    schedule_renewal(0, 100 * DAY, 500), plain - 5 * DAY / 2);
	assert_true(schedule_renewal(0, 100 * DAY, 999) > plain - 5 * DAY);
}

static void
renewal_of_a_certificate_without_lifetime_is_due_at_its_end(void **state)
{
	(void)state;
	assert_int_equal(schedule_renewal(500, 400, 999), 400);
}

static void
jitter_is_constant_for_a_name_and_differs_between_names(void **state)
{
	int a = schedule_jitter("www.example.com");
	int b = schedule_jitter("shop.example.com");

	(void)state;
	assert_int_equal(a, schedule_jitter("www.example.com"));
	assert_int_not_equal(a, b);
	assert_in_range(a, 0, 999);
	assert_in_range(b, 0, 999);
}

static void
backoff_grows_tenfold_and_ends_at_a_day(void **state)
{
	static const struct {
		int failures;
		int64_t seconds;
	} cases[] = {
	    {0, 0}, {1, 60}, {2, 600}, {3, 6000}, {4, DAY}, {1000, DAY}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    schedule_backoff(cases[i].failures), cases[i].seconds);
}

static void
retries_press_when_a_certificate_is_about_to_end(void **state)
{
	static const struct {
		int failures;
		int64_t left, pause;
	} cases[] = {
	    {1, 80 * HOUR, 60},
	    {4, 30 * DAY, DAY},
	    {4, 80 * HOUR, 8 * HOUR},
	    {9, 10 * HOUR, HOUR},
	    {9, HOUR, HOUR / 4},
	    {9, 1, HOUR / 4},
	    {1, 1, 60},
	    {9, 0, DAY},
	    {9, -DAY, DAY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    schedule_retry(cases[i].failures, cases[i].left),
		    cases[i].pause);
}

static void
check_is_frequent_for_an_hour_then_grows_to_four(void **state)
{
	(void)state;
	assert_int_equal(schedule_check(60, 0, 0), 60);
	assert_int_equal(schedule_check(60, 0, HOUR), 60);
	assert_int_equal(schedule_check(60, 0, 2 * HOUR), 2400);
	assert_int_equal(schedule_check(60, 0, 30 * DAY), 4 * HOUR);
	/* never more often than asked for, nor confused by a clock set back */
	assert_int_equal(schedule_check(3600, 0, 2 * HOUR), 3600);
	assert_int_equal(schedule_check(60, 5000, 0), 60);
}

static void
expiring_counts_from_a_third_but_at_most_two_weeks(void **state)
{
	(void)state;
	assert_int_equal(schedule_expiring(0, 30 * DAY), 20 * DAY);
	assert_int_equal(schedule_expiring(0, 365 * DAY), 351 * DAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(renewal_is_due_when_a_third_is_left),
	    cmocka_unit_test(renewal_under_ten_days_is_due_at_half),
	    cmocka_unit_test(
		jitter_makes_renewal_earlier_by_at_most_a_twentieth),
	    cmocka_unit_test(
		renewal_of_a_certificate_without_lifetime_is_due_at_its_end),
	    cmocka_unit_test(
		jitter_is_constant_for_a_name_and_differs_between_names),
	    cmocka_unit_test(backoff_grows_tenfold_and_ends_at_a_day),
	    cmocka_unit_test(retries_press_when_a_certificate_is_about_to_end),
	    cmocka_unit_test(check_is_frequent_for_an_hour_then_grows_to_four),
	    cmocka_unit_test(
		expiring_counts_from_a_third_but_at_most_two_weeks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
