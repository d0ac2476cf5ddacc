#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "certs/lifetime.h"
#include "tests/unit/test.h"

#define DAY  INT64_C(86400)
#define HOUR INT64_C(3600)
#define BORN INT64_C(1000000000)

/* All marks of a lifetime, as days and hours before its end. */
static void
write_marks(int64_t life, char *out, size_t size)
{
	int64_t end = BORN + life, at = BORN;
	size_t used = 0;

	out[0] = '\0';
	while ((at = lifetime_mark_after(BORN, end, at)) != 0) {
		int64_t hours = (end - at) / HOUR;

		used += (size_t)snprintf(out + used, size - used,
		    "%s%lldd%lldh", used == 0 ? "" : " ",
		    (long long)(hours / 24), (long long)(hours % 24));
	}
}

static void
marks_follow_the_lifetime(void **state)
{
	static const struct {
		int64_t life;
		const char *marks;
	} cases[] = {
	    {365 * DAY, "121d16h 60d20h 30d10h 7d0h 3d0h 1d0h"},
	    {90 * DAY, "30d0h 15d0h 7d12h 3d0h 1d0h"},
	    {47 * DAY, "15d16h 7d20h 3d22h 1d0h"},
	    {30 * DAY, "10d0h 7d0h 5d0h 3d0h 1d0h"},
	    {6 * DAY, "2d0h 0d12h"},
	    {HOUR * 12, "0d4h 0d1h"},
	    {0, ""},
	    {-DAY, ""},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[200];

		write_marks(cases[i].life, text, sizeof(text));
		assert_string_equal(text, cases[i].marks);
	}
}

static void
the_mark_before_is_the_last_that_was_passed(void **state)
{
	int64_t end = BORN + 90 * DAY;

	(void)state;
	assert_int_equal(
	    lifetime_mark_before(BORN, end, end - 30 * DAY - 1), 0);
	assert_int_equal(
	    lifetime_mark_before(BORN, end, end - 30 * DAY), end - 30 * DAY);
	assert_int_equal(
	    lifetime_mark_before(BORN, end, end - 2 * DAY), end - 3 * DAY);
	assert_int_equal(
	    lifetime_mark_before(BORN, end, end + 100 * DAY), end - DAY);
	assert_int_equal(lifetime_mark_after(BORN, end, end - DAY), 0);
}

static void
what_is_left_is_said_in_whole_days(void **state)
{
	char text[LIFETIME_TEXT_SIZE];

	(void)state;
	assert_string_equal(
	    lifetime_text(BORN + 9 * DAY + 5, BORN, text), "in 9 days");
	assert_string_equal(lifetime_text(BORN + DAY, BORN, text), "in 1 day");
	assert_string_equal(
	    lifetime_text(BORN + DAY - 1, BORN, text), "in less than a day");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(marks_follow_the_lifetime),
	    cmocka_unit_test(the_mark_before_is_the_last_that_was_passed),
	    cmocka_unit_test(what_is_left_is_said_in_whole_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
