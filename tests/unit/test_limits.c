#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define SECOND INT64_C(1000000)

/* --- rate ------------------------------------------------------------------
 */

/* Ten a second, five at once. */
static const struct rate ten = {
    .every_us = SECOND / 10, .burst_us = 4 * SECOND / 10};

static struct rate_table *
new_table(void)
{
	return xcalloc(1, sizeof(struct rate_table));
}

static void
a_burst_is_taken_and_no_more(void **state)
{
	struct rate_table *t = new_table();
	int64_t wait = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(rate_take(t, 77, &ten, 1000, &wait));
	assert_false(rate_take(t, 77, &ten, 1000, &wait));
	assert_int_equal(wait, SECOND / 10);
	/* who is refused has used nothing */
	assert_false(rate_take(t, 77, &ten, 1000 + wait - 1, &wait));
	assert_int_equal(wait, 1);
	assert_true(rate_take(t, 77, &ten, 1000 + SECOND / 10, &wait));
	assert_false(rate_take(t, 77, &ten, 1000 + SECOND / 10, &wait));
	free(t);
}

static void
over_time_as_many_pass_as_the_rate_says(void **state)
{
	struct rate_table *t = new_table();
	int64_t wait = 0;
	int passed = 0;

	(void)state;
	for (int64_t now = 0; now < 100 * SECOND; now += SECOND / 50)
		passed += rate_take(t, 5, &ten, now, &wait);
	assert_in_range(passed, 1004, 1005);
	free(t);
}

static void
clients_of_one_bucket_are_told_apart(void **state)
{
	struct rate_table *t = new_table();
	int64_t wait = 0;

	(void)state;
	for (uint64_t client = 1; client <= RATE_WAYS; client++)
		for (int i = 0; i < 5; i++)
			assert_true(rate_take(t, client << 44, &ten, 9, &wait));
	for (uint64_t client = 1; client <= RATE_WAYS; client++)
		assert_false(rate_take(t, client << 44, &ten, 9, &wait));
	free(t);
}

static void
a_full_bucket_forgets_who_asked_least(void **state)
{
	struct rate_table *t = new_table();
	int64_t wait = 0;

	(void)state;
	for (uint64_t client = 1; client <= RATE_WAYS; client++)
		for (uint64_t i = 0; i < client; i++)
			assert_true(rate_take(t, client << 44, &ten, 9, &wait));
	/* the fifth takes the word of the first, the others keep theirs */
	assert_true(rate_take(t, UINT64_C(9) << 44, &ten, 9, &wait));
	assert_true(rate_take(t, UINT64_C(4) << 44, &ten, 9, &wait));
	assert_false(rate_take(t, UINT64_C(4) << 44, &ten, 9, &wait));
	free(t);
}

static void
what_is_left_of_long_ago_counts_nothing(void **state)
{
	const int64_t round = INT64_C(1) << 44;
	struct rate_table *t = new_table();
	int64_t wait = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(rate_take(t, 3, &ten, 50, &wait));
	assert_true(rate_take(t, 3, &ten, round / 2, &wait));
	/* across the end of the clock's round */
	for (int i = 0; i < 5; i++)
		assert_true(rate_take(t, 4, &ten, round - 10, &wait));
	assert_false(rate_take(t, 4, &ten, round + 10, &wait));
	free(t);
}

static void
processes_share_one_allowance(void **state)
{
	enum {
		CHILDREN = 4,
		ROUNDS = 2000,
		BURST = 1000
	};
	const struct rate r = {
	    .every_us = SECOND, .burst_us = (BURST - 1) * SECOND};
	struct limits *l;
	int fd, pipes[2], total = 0;
	int64_t wait = 0;

	(void)state;
	assert_int_equal(limits_create(CHILDREN, &fd), ERR_OK);
	assert_int_equal(limits_map(fd, &l), ERR_OK);
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < CHILDREN; i++) {
		int passed = 0;

		if (fork() != 0)
			continue;
		for (int k = 0; k < ROUNDS; k++)
			passed += limits_rate(l, 42, &r, 7, &wait);
		if (write(pipes[1], &passed, sizeof(passed)) < 0)
			_exit(1);
		_exit(0);
	}
	for (int i = 0; i < CHILDREN; i++) {
		int passed = 0;

		assert_int_equal(
		    read(pipes[0], &passed, sizeof(passed)), sizeof(passed));
		total += passed;
		(void)wait3(NULL, 0, NULL);
	}
	assert_int_equal(total, BURST);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	limits_unmap(l);
}

static void
rates_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int64_t every_us, burst_us; /* 0: refused */
	} cases[] = {
	    {"10/s", 100000, 900000},
	    {"600/m", 100000, 59900000},
	    {"1/h", 3600 * SECOND, 0},
	    {"10/s:1", 100000, 0},
	    {"10/s:3", 100000, 200000},
	    {"1000000/s", 1, 999999},
	};
	static const char *const bad[] = {"", "10", "/s", "10/", "10/d", "x/s",
	    "0/s", "10/s:", "10/s:0", "10/s:x", "1000001/s", "-1/s",
	    "1/h:1000000", "10/s 5", "10/s:5:5", " 10/s"};
	struct rate r;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    rate_parse(slice_str(cases[i].text), &r), ERR_OK);
		assert_int_equal(r.every_us, cases[i].every_us);
		assert_int_equal(r.burst_us, cases[i].burst_us);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(rate_parse(slice_str(bad[i]), &r), ERR_SYNTAX);
}

/* --- load ------------------------------------------------------------------
 */

static void
counts_of_all_workers_are_summed(void **state)
{
	struct limits *l;
	int fd;

	(void)state;
	assert_int_equal(limits_create(3, &fd), ERR_OK);
	assert_int_equal(limits_map(fd, &l), ERR_OK);
	close(fd);
	limits_count(l, 0, 99, 2);
	limits_count(l, 1, 99, 3);
	limits_count(l, 1, 98, 40);
	limits_count(l, 7, 99, 5); /* there is no such worker */
	assert_int_equal(limits_total(l, 99), 5);
	assert_int_equal(limits_of_others(l, 0, 99), 3);
	limits_count(l, 1, 99, -3);
	assert_int_equal(limits_total(l, 99), 2);
	limits_begin(l, 0); /* that worker was started again */
	assert_int_equal(limits_total(l, 99), 0);
	assert_int_equal(limits_total(l, 98), 40);
	limits_unmap(l);
}

static void
a_full_bucket_goes_uncounted(void **state)
{
	struct load_page *p = xcalloc(1, sizeof(*p));

	(void)state;
	for (uint64_t i = 1; i <= LOAD_WAYS + 1; i++)
		load_add(p, i << 24, (int)i);
	for (uint64_t i = 1; i <= LOAD_WAYS; i++)
		assert_int_equal(load_get(p, i << 24), i);
	assert_int_equal(load_get(p, (uint64_t)(LOAD_WAYS + 1) << 24), 0);
	load_add(p, UINT64_C(3) << 24, -3);
	load_add(p, UINT64_C(5) << 24, 1); /* stays where it was */
	load_add(p, UINT64_C(11) << 24, 1);
	assert_int_equal(load_get(p, UINT64_C(11) << 24), 1);
	assert_int_equal(load_get(p, UINT64_C(5) << 24), 6);
	load_add(p, UINT64_C(5) << 24, -9); /* never below 0 */
	assert_int_equal(load_get(p, UINT64_C(5) << 24), 6);
	load_add(p, UINT64_C(5) << 24, -6);
	assert_int_equal(load_get(p, UINT64_C(5) << 24), 0);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_burst_is_taken_and_no_more),
	    cmocka_unit_test(over_time_as_many_pass_as_the_rate_says),
	    cmocka_unit_test(clients_of_one_bucket_are_told_apart),
	    cmocka_unit_test(a_full_bucket_forgets_who_asked_least),
	    cmocka_unit_test(what_is_left_of_long_ago_counts_nothing),
	    cmocka_unit_test(processes_share_one_allowance),
	    cmocka_unit_test(rates_are_read_as_people_write_them),
	    cmocka_unit_test(counts_of_all_workers_are_summed),
	    cmocka_unit_test(a_full_bucket_goes_uncounted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
