#include "base/mem.h"
#include "router/edge/balance.h"
#include "router/edge/quarantine.h"
#include "tests/unit/test.h"

#define ROUNDS 4000

static struct random random_state;

static void
draw(enum balance how, struct balance_item *items, size_t n, unsigned counts[])
{
	int64_t credits[8] = {0};

	for (size_t i = 0; i < n; i++) {
		counts[i] = 0;
		items[i].credit = &credits[i];
	}
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = balance_pick(how, items, n, &random_state);

		assert_in_range(at, 0, n - 1);
		counts[at]++;
	}
}

static void
nothing_is_picked_of_nothing(void **state)
{
	struct balance_item out[] = {
	    {.weight = 1, .is_excluded = true}, {.weight = 0}};

	(void)state;
	for (int how = BALANCE_RANDOM2; how <= BALANCE_ROUNDROBIN; how++) {
		assert_int_equal(
		    balance_pick((enum balance)how, NULL, 0, &random_state),
		    BALANCE_NONE);
		assert_int_equal(
		    balance_pick((enum balance)how, out, 2, &random_state),
		    BALANCE_NONE);
	}
}

static void
the_excluded_get_nothing(void **state)
{
	struct balance_item items[] = {
	    {.weight = 5, .active = 0, .is_excluded = true},
	    {.weight = 1, .active = 90}, {.weight = 0, .active = 0},
	    {.weight = 1, .active = 90}};
	unsigned counts[4];

	(void)state;
	for (int how = BALANCE_RANDOM2; how <= BALANCE_ROUNDROBIN; how++) {
		draw((enum balance)how, items, 4, counts);
		assert_int_equal(counts[0], 0);
		assert_int_equal(counts[2], 0);
		assert_in_range(counts[1], ROUNDS / 3, ROUNDS * 2 / 3);
	}
}

static void
random2_gives_the_busiest_of_all_nothing(void **state)
{
	struct balance_item items[] = {{.weight = 1, .active = 2},
	    {.weight = 1, .active = 9}, {.weight = 1, .active = 5}};
	unsigned counts[3];

	(void)state;
	draw(BALANCE_RANDOM2, items, 3, counts);
	assert_int_equal(counts[1], 0);
	assert_in_range(counts[0], ROUNDS / 2, ROUNDS * 5 / 6);
}

static void
random2_of_equals_follows_the_weights(void **state)
{
	struct balance_item items[] = {{.weight = 1, .active = 0},
	    {.weight = 1, .active = 0}, {.weight = 2, .active = 0}};
	unsigned counts[3];

	(void)state;
	draw(BALANCE_RANDOM2, items, 3, counts);
	assert_in_range(counts[2], ROUNDS * 4 / 10, ROUNDS * 6 / 10);
	assert_in_range(counts[0], ROUNDS * 15 / 100, ROUNDS * 35 / 100);
}

static void
least_counts_activity_by_weight(void **state)
{
	struct balance_item items[] = {{.weight = 1, .active = 3},
	    {.weight = 4, .active = 8}, {.weight = 1, .active = 4}};
	unsigned counts[3];

	(void)state;
	draw(BALANCE_LEAST, items, 3, counts);
	assert_int_equal(counts[1], ROUNDS);
}

static void
roundrobin_takes_turns_by_weight(void **state)
{
	struct balance_item items[] = {{.weight = 1, .active = 0},
	    {.weight = 3, .active = 50},
	    {.weight = 1, .active = 0, .is_excluded = true}};
	unsigned counts[3];

	(void)state;
	draw(BALANCE_ROUNDROBIN, items, 3, counts);
	assert_int_equal(counts[0], ROUNDS / 4);
	assert_int_equal(counts[1], ROUNDS * 3 / 4);
}

static void
roundrobin_spreads_the_turns_of_the_heavy(void **state)
{
	struct balance_item items[] = {
	    {.weight = 300}, {.weight = 100}, {.weight = 100}};
	int64_t credits[3] = {0};
	size_t in_a_row = 0, longest = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		items[i].credit = &credits[i];
	for (int i = 0; i < 50; i++) {
		size_t at =
		    balance_pick(BALANCE_ROUNDROBIN, items, 3, &random_state);

		in_a_row = at == 0 ? in_a_row + 1 : 0;
		if (in_a_row > longest)
			longest = in_a_row;
	}
	assert_int_equal(longest, 2);
}

static void
a_new_backend_gets_a_growing_share(void **state)
{
	unsigned last = 0;

	(void)state;
	assert_int_equal(balance_share(0, 10000), BALANCE_COLD);
	for (int64_t age = 0; age <= 10000; age += 500) {
		unsigned share = balance_share(age, 10000);

		assert_true(share > last);
		last = share;
	}
	assert_int_equal(last, BALANCE_FULL);
	assert_int_equal(balance_share(0, 0), BALANCE_FULL);
	assert_int_equal(balance_share(INT64_MAX, 10000), BALANCE_FULL);
	assert_int_equal(balance_share(-5, 10000), BALANCE_FULL);
}

static void
one_backend_gets_all(void **state)
{
	struct balance_item one[] = {{.weight = 7, .active = 100}};
	unsigned counts[1];

	(void)state;
	for (int how = BALANCE_RANDOM2; how <= BALANCE_ROUNDROBIN; how++) {
		draw((enum balance)how, one, 1, counts);
		assert_int_equal(counts[0], ROUNDS);
	}
}

/* --- quarantine ----------------------------------------------------------- */

static void
a_failing_backend_rests_longer_each_time(void **state)
{
	static const int64_t pauses[] = {
	    1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct quarantine q = {0};
	int64_t now = 50;

	(void)state;
	assert_true(quarantine_allows(&q, now));
	for (size_t i = 0; i < COUNT_OF(pauses); i++) {
		quarantine_sent(&q);
		quarantine_failed(&q, now);
		assert_false(quarantine_allows(&q, now + pauses[i] - 1));
		now += pauses[i];
		assert_true(quarantine_allows(&q, now));
	}
}

static void
one_request_finds_out_for_all(void **state)
{
	struct quarantine q = {0};

	(void)state;
	quarantine_failed(&q, 0);
	assert_true(quarantine_allows(&q, 1000));
	quarantine_sent(&q);
	assert_false(quarantine_allows(&q, 1000));
	quarantine_worked(&q, 1000);
	assert_int_equal(q.back_ms, 1000);
	assert_true(quarantine_allows(&q, 1000));
	quarantine_sent(&q);
	assert_true(quarantine_allows(&q, 1000)); /* healthy: all may */
}

static void
failures_of_one_moment_count_once(void **state)
{
	struct quarantine q = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		quarantine_failed(&q, 10);
	assert_int_equal(q.failures, 1);
	assert_true(quarantine_allows(&q, 1010));
}

static void
bad_answers_count_when_nothing_good_comes_between(void **state)
{
	struct quarantine q = {0};

	(void)state;
	for (int i = 0; i < 10; i++) {
		quarantine_answered_badly(&q, i);
		quarantine_answered_badly(&q, i);
		quarantine_worked(&q, i);
	}
	assert_int_equal(q.back_ms, 0);
	quarantine_answered_badly(&q, 10);
	quarantine_answered_badly(&q, 10);
	assert_true(quarantine_allows(&q, 10));
	quarantine_answered_badly(&q, 10);
	assert_false(quarantine_allows(&q, 1009));
	assert_true(q.answers);
	assert_true(quarantine_allows(&q, 1010));
}

static void
one_bad_answer_is_enough_for_who_is_on_trial(void **state)
{
	struct quarantine q = {0};

	(void)state;
	quarantine_failed(&q, 0);
	quarantine_sent(&q);
	quarantine_answered_badly(&q, 1000);
	assert_false(quarantine_allows(&q, 2999));
	assert_true(quarantine_allows(&q, 3000));
}

static void
a_probe_that_told_nothing_lets_the_next_try(void **state)
{
	struct quarantine q = {0};

	(void)state;
	quarantine_failed(&q, 0);
	quarantine_sent(&q);
	quarantine_undecided(&q);
	assert_true(quarantine_allows(&q, 1000));
}

/* --- random ----------------------------------------------------------------
 */

static void
uuids_are_version_4_and_differ(void **state)
{
	char a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];

	(void)state;
	random_uuid(&random_state, a);
	random_uuid(&random_state, b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_picked_of_nothing),
	    cmocka_unit_test(the_excluded_get_nothing),
	    cmocka_unit_test(random2_gives_the_busiest_of_all_nothing),
	    cmocka_unit_test(random2_of_equals_follows_the_weights),
	    cmocka_unit_test(least_counts_activity_by_weight),
	    cmocka_unit_test(roundrobin_takes_turns_by_weight),
	    cmocka_unit_test(roundrobin_spreads_the_turns_of_the_heavy),
	    cmocka_unit_test(a_new_backend_gets_a_growing_share),
	    cmocka_unit_test(one_backend_gets_all),
	    cmocka_unit_test(a_failing_backend_rests_longer_each_time),
	    cmocka_unit_test(one_request_finds_out_for_all),
	    cmocka_unit_test(failures_of_one_moment_count_once),
	    cmocka_unit_test(bad_answers_count_when_nothing_good_comes_between),
	    cmocka_unit_test(one_bad_answer_is_enough_for_who_is_on_trial),
	    cmocka_unit_test(a_probe_that_told_nothing_lets_the_next_try),
	    cmocka_unit_test(uuids_are_version_4_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
