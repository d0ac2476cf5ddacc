#include "base/mem.h"
#include "router/control/health.h"
#include "router/control/health_check.h"
#include "tests/unit/test.h"

/* Results in order, '+' and '-'; gives the states after each, 'u' and 'd'. */
static void
run(unsigned threshold, const char *results, const char *states)
{
	const struct health_app app = {.threshold = threshold};
	struct health_check k = {.app = &app, .is_up = true};

	for (size_t i = 0; results[i] != '\0'; i++) {
		bool was_up = k.is_up;
		bool changed = health_check_count(&k, results[i] == '+');

		assert_int_equal(changed, k.is_up != was_up);
		assert_int_equal(k.is_up ? 'u' : 'd', states[i]);
	}
}

static void
so_many_in_a_row_and_it_is_down(void **state)
{
	(void)state;
	run(3, "+--+---+", "uuuuuudd");
	run(1, "-", "d");
	run(5, "----+-----", "uuuuuuuuud");
}

static void
two_good_ones_and_it_is_up(void **state)
{
	(void)state;
	assert_int_equal(HEALTH_RISE, 2);
	run(3, "---+-++-", "uudddduu");
	run(2, "--++--", "udduud");
}

static void
with_a_threshold_of_one_each_result_decides(void **state)
{
	(void)state;
	run(1, "-+-+", "dudu");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(so_many_in_a_row_and_it_is_down),
	    cmocka_unit_test(two_good_ones_and_it_is_up),
	    cmocka_unit_test(with_a_threshold_of_one_each_result_decides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
