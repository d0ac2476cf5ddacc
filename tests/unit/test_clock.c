#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
times_are_written_as_rfc_3339(void **state)
{
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(
	    clock_format(1795269748, text), "2026-11-21T14:02:28Z");
	assert_string_equal(clock_format_ms(INT64_C(1795269748114), text),
	    "2026-11-21T14:02:28.114Z");
	assert_string_equal(clock_format_ms(INT64_C(1795269748004), text),
	    "2026-11-21T14:02:28.004Z");
	assert_string_equal(
	    clock_format(INT64_C(253402300799), text), "9999-12-31T23:59:59Z");
	assert_string_equal(clock_format(INT64_C(253402300800), text), "?");
	assert_string_equal(clock_format(-1, text), "?");
}

/* Every day until the year 2500, against the C library. */
static void
every_day_has_the_date_of_the_calendar(void **state)
{
	char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];

	(void)state;
	for (time_t at = 86399; at < 16725225600; at += 86400) {
		struct tm tm;

		gmtime_r(&at, &tm);
		(void)strftime(
		    expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(clock_format(at, text), expected);
	}
}

static void
times_are_read_with_any_zone_and_fraction(void **state)
{
	static const struct {
		const char *text;
		int64_t at;
	} cases[] = {{"1970-01-01T00:00:00Z", 0},
	    {"2026-11-21T14:02:28Z", 1795269748},
	    {"2026-11-21t14:02:28z", 1795269748},
	    {"2026-11-21 14:02:28.999999Z", 1795269748},
	    {"2026-11-21T15:02:28+01:00", 1795269748},
	    {"2026-11-21T08:32:28-05:30", 1795269748},
	    {"2024-02-29T00:00:00Z", 1709164800},
	    {"2016-12-31T23:59:60Z", 1483228800},
	    {"9999-12-31T23:59:59Z", INT64_C(253402300799)}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t at = -1;

		assert_int_equal(
		    clock_parse(slice_str(cases[i].text), &at), ERR_OK);
		assert_true(at == cases[i].at);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const cases[] = {"", "2026", "2026-11-21",
	    "2026-11-21T14:02:28", "2026-13-21T14:02:28Z",
	    "2026-00-21T14:02:28Z", "2026-11-31T14:02:28Z",
	    "2025-02-29T00:00:00Z", "2026-11-00T14:02:28Z",
	    "2026-11-21T24:02:28Z", "2026-11-21T14:60:28Z",
	    "2026-11-21T14:02:61Z", "2026-11-21T14:02:28.Z",
	    "2026-11-21T14:02:28+24:00", "2026-11-21T14:02:28+0100",
	    "2026-11-21T14:02:28Zx", "+026-11-21T14:02:28Z",
	    " 2026-11-21T14:02:28Z", "2026/11/21T14:02:28Z"};
	int64_t at;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (clock_parse(slice_str(cases[i]), &at) != ERR_SYNTAX)
			fail_msg("%s", cases[i]);
	assert_int_equal(
	    clock_parse(SLICE("2026-11-21T14:02:28\0"), &at), ERR_SYNTAX);
}

static void
move(const char *path, int64_t offset)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	for (int i = 0; i < 8; i++)
		assert_true(
		    fputc((int)((uint64_t)offset >> (8 * i)) & 0xff, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The clock is set once in a process, so these are one test in order. */
static void
a_test_moves_the_clock_and_only_a_test(void **state)
{
	char path[] = "/tmp/towpath-clock-XXXXXX";
	int fd = mkstemp(path);
	time_t t;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	move(path, 1000000);
	assert_int_equal(setenv("TOWPATH_CLOCK", path, 1), 0);
	assert_int_equal(unsetenv("TOWPATH_TEST"), 0);
	clock_init();
	assert_false(clock_is_test());
	assert_in_range(clock_now() - time(NULL) + 5, 0, 10);

	assert_int_equal(setenv("TOWPATH_TEST", "1", 1), 0);
	clock_init();
	assert_true(clock_is_test());
	assert_in_range(clock_now() - time(NULL) - 1000000 + 5, 0, 10);
	move(path, -5000);
	assert_in_range(clock_now() - time(NULL) + 5000 + 5, 0, 10);
	assert_in_range(clock_now_ms() / 1000 - time(NULL) + 5000 + 5, 0, 10);
	assert_true(clock_time_t(&t) == t);
	assert_int_equal(unlink(path), 0);
}

static void
no_time_before_the_floor_is_told(void **state)
{
	int64_t floor = clock_now() + 100000;

	(void)state;
	clock_set_floor(floor);
	clock_set_floor(floor - 10);
	assert_true(clock_now() == floor);
	assert_true(clock_now_ms() == floor * 1000);
}

static void
the_monotonic_clock_never_goes_back(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_ms();

		assert_true(now >= before);
		before = now;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_are_written_as_rfc_3339),
	    cmocka_unit_test(every_day_has_the_date_of_the_calendar),
	    cmocka_unit_test(times_are_read_with_any_zone_and_fraction),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(a_test_moves_the_clock_and_only_a_test),
	    cmocka_unit_test(no_time_before_the_floor_is_told),
	    cmocka_unit_test(the_monotonic_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
