#include "base/traffic.h"
#include "tests/unit/test.h"

#define MS     1000
#define MINUTE 60000

static const struct traffic_sample good = {
    .now_ms = 10 * MINUTE,
    .status = 200,
    .us = 20 * MS,
    .bytes_in = 10,
    .bytes_out = 1000,
};

static void
a_request_counts_by_class_code_bytes_and_time(void **state)
{
	struct traffic t = {0};
	struct traffic_sample bad = good;

	(void)state;
	bad.status = 503;
	bad.code = 3;
	bad.is_error = true;
	bad.us = 40000 * MS;
	traffic_add(&t, &good);
	traffic_add(&t, &bad);
	assert_int_equal(traffic_requests(&t.totals), 2);
	assert_int_equal(t.totals.classes[2], 1);
	assert_int_equal(t.totals.classes[5], 1);
	assert_int_equal(t.totals.codes[3], 1);
	assert_int_equal(t.totals.errors, 1);
	assert_int_equal(t.totals.bytes_in, 20);
	assert_int_equal(t.totals.bytes_out, 2000);
	assert_int_equal(t.totals.timed[4], 1); /* up to 25 ms */
	assert_int_equal(t.totals.timed[TRAFFIC_BOUNDS], 1);
	assert_int_equal(t.totals.timed_us, 40020 * MS);
}

static void
a_bound_belongs_to_its_bucket(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRAFFIC_BOUNDS; i++) {
		struct traffic t = {0};
		struct traffic_sample s = good;

		s.us = traffic_bounds[i];
		traffic_add(&t, &s);
		s.us++;
		traffic_add(&t, &s);
		assert_int_equal(t.totals.timed[i], 1);
		assert_int_equal(t.totals.timed[i + 1], 1);
	}
}

static void
a_tunnel_is_a_request_without_a_duration(void **state)
{
	struct traffic t = {0};
	struct traffic_sample s = good;

	(void)state;
	s.status = 101;
	s.is_tunnel = true;
	traffic_add(&t, &s);
	assert_int_equal(t.totals.classes[1], 1);
	assert_int_equal(t.totals.timed_us, 0);
	assert_true(traffic_quantile(&t.recent, 0.5) == 0);
}

static void
a_status_that_is_none_counts_as_none(void **state)
{
	static const int odd[] = {0, -1, 99, 600, 100000};
	struct traffic t = {0};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct traffic_sample s = good;

		s.status = odd[i];
		traffic_add(&t, &s);
	}
	assert_int_equal(t.totals.classes[0], 5);
}

/* Twenty a second for two minutes, every fourth a failure. */
static void
keep_busy(struct traffic *t, int64_t from_ms)
{
	for (int64_t i = 0; i < 2 * MINUTE; i += 50) {
		struct traffic_sample s = good;

		s.now_ms = from_ms + i;
		s.status = i % 200 == 0 ? 500 : 200;
		traffic_add(t, &s);
	}
}

static void
the_rate_is_that_of_the_last_minute(void **state)
{
	int64_t end = 12 * MINUTE - 50;
	struct traffic t = {0};
	struct traffic_rate r;

	(void)state;
	keep_busy(&t, 10 * MINUTE);
	r = traffic_rate(&t.recent, end);
	assert_true(r.requests > 19.9 && r.requests < 20.1);
	assert_true(r.failures > 4.9 && r.failures < 5.1);
	/* half a minute later nothing new has come */
	r = traffic_rate(&t.recent, end + MINUTE / 2);
	assert_true(r.requests > 9 && r.requests < 11);
	r = traffic_rate(&t.recent, end + 2 * MINUTE);
	assert_true(r.requests == 0 && r.failures == 0);
}

static void
latencies_are_forgotten_after_two_minutes(void **state)
{
	struct traffic t = {0};
	double told;

	(void)state;
	traffic_add(&t, &good);
	told = traffic_quantile(&t.recent, 0.95);
	assert_true(told > 0.0175 && told < 0.0225);
	traffic_recent_move(&t.recent, good.now_ms + MINUTE);
	assert_true(traffic_quantile(&t.recent, 0.95) == told);
	traffic_recent_move(&t.recent, good.now_ms + 2 * MINUTE);
	assert_true(traffic_quantile(&t.recent, 0.95) == 0);
}

static void
slots_of_hours_ago_are_not_taken_for_new(void **state)
{
	struct traffic t = {0};

	(void)state;
	traffic_add(&t, &good);
	/* the same place in the ring, an hour later */
	traffic_recent_move(&t.recent, good.now_ms + 60 * MINUTE);
	assert_true(
	    traffic_rate(&t.recent, good.now_ms + 60 * MINUTE).requests == 0);
}

static void
a_worker_that_began_anew_adds_all_it_has(void **state)
{
	struct traffic_totals sum = {0}, then = {0}, now = {0};

	(void)state;
	now.classes[2] = 100;
	traffic_totals_grow(&sum, &then, &now);
	then = now;
	now.classes[2] = 130;
	traffic_totals_grow(&sum, &then, &now);
	then = now;
	now.classes[2] = 5; /* it crashed, and has served 5 since */
	traffic_totals_grow(&sum, &then, &now);
	assert_int_equal(sum.classes[2], 135);
}

static void
the_rest_never_becomes_less(void **state)
{
	struct traffic_totals rest = {0}, all = {0}, part = {0};

	(void)state;
	all.classes[2] = 100;
	part.classes[2] = 60;
	traffic_totals_rest(&rest, &all, &part);
	assert_int_equal(rest.classes[2], 40);
	part.classes[2] = 110; /* read a moment later than all */
	traffic_totals_rest(&rest, &all, &part);
	assert_int_equal(rest.classes[2], 40);
	all.classes[2] = 200;
	traffic_totals_rest(&rest, &all, &part);
	assert_int_equal(rest.classes[2], 90);
}

static void
two_workers_add_up_over_the_wire(void **state)
{
	struct traffic a = {0}, sum = {0};
	int64_t now = 12 * MINUTE - 50;
	struct buf b;

	(void)state;
	keep_busy(&a, 10 * MINUTE);
	for (int i = 0; i < 2; i++) {
		struct wire w;

		buf_init(&b, 65536);
		traffic_put_totals(&b, &a.totals);
		traffic_put_recent(&b, &a.recent);
		w = wire_open(buf_slice(&b));
		traffic_read_totals(&w, &sum.totals);
		traffic_read_recent(&w, &sum.recent, now);
		assert_int_equal(wire_end(&w), ERR_OK);
		buf_clear(&b);
	}
	assert_int_equal(traffic_requests(&sum.totals), 4800);
	assert_true(traffic_rate(&sum.recent, now).requests > 39.8);
	assert_true(traffic_quantile(&sum.recent, 0.5) ==
		    traffic_quantile(&a.recent, 0.5));
}

static void
a_slot_of_the_future_is_refused(void **state)
{
	struct traffic_recent r = {.slot = INT64_MAX}, into = {0};
	struct buf b;
	struct wire w;

	(void)state;
	buf_init(&b, 4096);
	traffic_put_recent(&b, &r);
	w = wire_open(buf_slice(&b));
	traffic_read_recent(&w, &into, 10 * MINUTE);
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_counts_by_class_code_bytes_and_time),
	    cmocka_unit_test(a_bound_belongs_to_its_bucket),
	    cmocka_unit_test(a_tunnel_is_a_request_without_a_duration),
	    cmocka_unit_test(a_status_that_is_none_counts_as_none),
	    cmocka_unit_test(the_rate_is_that_of_the_last_minute),
	    cmocka_unit_test(latencies_are_forgotten_after_two_minutes),
	    cmocka_unit_test(slots_of_hours_ago_are_not_taken_for_new),
	    cmocka_unit_test(a_worker_that_began_anew_adds_all_it_has),
	    cmocka_unit_test(the_rest_never_becomes_less),
	    cmocka_unit_test(two_workers_add_up_over_the_wire),
	    cmocka_unit_test(a_slot_of_the_future_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
