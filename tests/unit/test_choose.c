#include "base/mem.h"
#include "certs/choose.h"
#include "tests/unit/test.h"

#define NOW      1000
#define CUSTOM   CANDIDATE_CUSTOM
#define AUTO     CANDIDATE_AUTOMATIC
#define WILDCARD CANDIDATE_WILDCARD
#define PLATFORM CANDIDATE_PLATFORM

static const struct {
	const char *name;
	struct candidate given[4];
	size_t n;
	enum serving serving;
	bool outside;
	size_t index;
} cases[] = {
    {"nothing gives the placeholder", {{0}}, 0, SERVING_PLACEHOLDER, false, 0},
    {"a valid custom one goes before a newer automatic one",
	{{1, 0, 2000, CUSTOM, true}, {2, 500, 3000, AUTO, true}}, 2,
	SERVING_CUSTOM, false, 0},
    {"an expired custom one gives way to the automatic one",
	{{1, 0, 999, CUSTOM, true}, {2, 0, 3000, AUTO, true}}, 2,
	SERVING_AUTOMATIC, false, 1},
    {"in its last second the custom one still serves",
	{{1, 0, 1000, CUSTOM, true}, {2, 0, 3000, AUTO, true}}, 2,
	SERVING_CUSTOM, false, 0},
    {"a custom one of the future waits",
	{{1, 1001, 2000, CUSTOM, true}, {2, 0, 3000, AUTO, true}}, 2,
	SERVING_AUTOMATIC, false, 1},
    {"a custom one for another name is never chosen",
	{{1, 0, 2000, CUSTOM, false}, {2, 0, 3000, AUTO, true}}, 2,
	SERVING_AUTOMATIC, false, 1},
    {"of two valid automatic ones the one stored last",
	{{7, 0, 9000, AUTO, true}, {8, 0, 3000, AUTO, true}}, 2,
	SERVING_AUTOMATIC, false, 1},
    {"a renewal that is not yet valid leaves the older one",
	{{7, 0, 1500, AUTO, true}, {8, 1001, 3000, AUTO, true}}, 2,
	SERVING_AUTOMATIC, false, 0},
    {"a wildcard of the app counts as automatic",
	{{1, 0, 999, CUSTOM, true}, {2, 0, 1500, WILDCARD, true}}, 2,
	SERVING_AUTOMATIC, false, 1},
    {"the name's own goes before the wildcard",
	{{2, 0, 1500, WILDCARD, true}, {1, 0, 1500, AUTO, true}}, 2,
	SERVING_AUTOMATIC, false, 1},
    {"a valid one of the platform goes before an expired own",
	{{1, 0, 999, AUTO, true}, {2, 0, 1500, PLATFORM, true}}, 2,
	SERVING_PLATFORM, false, 1},
    {"when all have expired the one that ended last serves on",
	{{3, 0, 700, AUTO, true}, {1, 0, 900, CUSTOM, true},
	    {4, 0, 800, AUTO, true}},
	3, SERVING_CUSTOM, true, 1},
    {"an expired own one goes before an expired wildcard",
	{{1, 0, 999, WILDCARD, true}, {2, 0, 700, AUTO, true}}, 2,
	SERVING_AUTOMATIC, true, 1},
    {"an expired one of the platform is better than the placeholder",
	{{1, 0, 999, PLATFORM, true}}, 1, SERVING_PLATFORM, true, 0},
    {"what does not cover the name is worse than the placeholder",
	{{1, 0, 9000, CUSTOM, false}, {1, 0, 9000, WILDCARD, false}}, 2,
	SERVING_PLACEHOLDER, false, 2},
};

static void
the_order_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct choice c = choose(cases[i].given, cases[i].n, NOW);

		if (c.serving != cases[i].serving ||
		    c.index != cases[i].index ||
		    c.is_outside_validity != cases[i].outside)
			fail_msg("%s: serving %s index %zu outside %d",
			    cases[i].name, serving_text(c.serving), c.index,
			    c.is_outside_validity);
	}
}

static void
the_second_after_not_after_is_when_it_changes(void **state)
{
	const struct candidate c[] = {
	    {1, 0, 2000, CUSTOM, true}, {2, 0, 3000, AUTO, true}};

	(void)state;
	assert_int_equal(choose_changes_at(c, 2, NOW), 2001);
	assert_int_equal(choose(c, 2, 2000).serving, SERVING_CUSTOM);
	assert_int_equal(choose(c, 2, 2001).serving, SERVING_AUTOMATIC);
	assert_int_equal(choose_changes_at(c, 2, 2001), 3001);
	assert_int_equal(choose_changes_at(c, 2, 3001), 0);
}

static void
the_beginning_of_validity_is_a_change_too(void **state)
{
	const struct candidate c[] = {{1, 1500, INT64_MAX, CUSTOM, true}};

	(void)state;
	assert_int_equal(choose_changes_at(c, 1, NOW), 1500);
	assert_int_equal(choose_changes_at(c, 1, 1500), INT64_MAX);
}

static void
other_names_certificates_change_nothing(void **state)
{
	const struct candidate c[] = {{1, 1500, 2000, CUSTOM, false}};

	(void)state;
	assert_int_equal(choose_changes_at(c, 1, NOW), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_order_is_kept),
	    cmocka_unit_test(the_second_after_not_after_is_when_it_changes),
	    cmocka_unit_test(the_beginning_of_validity_is_a_change_too),
	    cmocka_unit_test(other_names_certificates_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
