#include <stdio.h>

#include "base/mem.h"
#include "router/edge/recent.h"
#include "router/edge/taps.h"
#include "tests/unit/test.h"

#define SMALL ((size_t)32 * 1024)

/* Request number n, with a path of some length. */
static void
add(struct recent *r, int n, size_t path, struct recent_request *kept)
{
	static char paths[ACCESS_LOG_PATH_MAX];
	struct access_line line = {.at_ms = 1000 + n,
	    .app = SLICE("shop"),
	    .host = SLICE("www.example.com"),
	    .connect_ms = -1,
	    .queue_ms = -1,
	    .service_ms = -1,
	    .status = 200 + n % 2 * 300,
	    .code = n % 2 ? CODE_H12 : CODE_NONE};
	struct recent_why why = {.certificate_id = n,
	    .sni = SLICE("sni.example.com"),
	    .rule = "force_https",
	    .tries = {{SLICE("10.0.0.5:3000"), CODE_H21, 7},
		{SLICE("10.0.0.6:3000"), CODE_NONE, 20}},
	    .n_tries = 2};
	struct access_text text;
	char id[32];

	memset(paths, 'x', sizeof(paths));
	line.path = slice_of(paths, path);
	(void)snprintf(id, sizeof(id), "request-%d", n);
	line.request_id = slice_str(id);
	access_line_make(&text, &line);
	recent_add(r, &line, &text, &why, kept);
}

static void
assert_slice(struct slice s, const char *expected)
{
	assert_int_equal(s.n, strlen(expected));
	assert_memory_equal(s.p, expected, s.n);
}

static void
assert_is_request(const struct recent_request *q, int n)
{
	char id[32];

	(void)snprintf(id, sizeof(id), "request-%d", n);
	assert_slice(q->id, id);
	assert_slice(q->app, "shop");
	assert_slice(q->host, "www.example.com");
	assert_int_equal(q->at_ms, 1000 + n);
	assert_int_equal(q->status, 200 + n % 2 * 300);
	assert_int_equal(q->code, n % 2 ? CODE_H12 : CODE_NONE);
	assert_int_equal(q->line.p[q->line.n - 1], '\n');
	assert_int_equal(q->why.certificate_id, n);
	assert_slice(q->why.sni, "sni.example.com");
	assert_string_equal(q->why.rule, "force_https");
	assert_int_equal(q->why.n_tries, 2);
	assert_slice(q->why.tries[0].backend, "10.0.0.5:3000");
	assert_int_equal(q->why.tries[0].code, CODE_H21);
	assert_int_equal(q->why.tries[0].ms, 7);
	assert_slice(q->why.tries[1].backend, "10.0.0.6:3000");
	assert_int_equal(q->why.tries[1].ms, 20);
}

static void
a_request_is_kept_with_what_was_decided_for_it(void **state)
{
	struct recent *r = recent_new(SMALL);
	struct recent_request q;

	(void)state;
	assert_false(recent_at(r, 0, &q));
	add(r, 1, 10, &q);
	assert_is_request(&q, 1);
	assert_true(recent_at(r, 0, &q));
	assert_is_request(&q, 1);
	assert_false(recent_at(r, 1, &q));
	recent_free(r);
}

/* Sizes from small to the largest: every way to come around the end. */
static void
the_oldest_make_room_for_the_newest(void **state)
{
	struct recent *r = recent_new(SMALL);
	struct recent_request q;

	(void)state;
	for (int n = 0; n < 5000; n++) {
		int seen = 0;

		add(r, n, (size_t)(n * 7919) % 2000, &q);
		assert_is_request(&q, n);
		while (recent_at(r, (size_t)seen, &q))
			assert_is_request(&q, n - seen++);
		assert_in_range(seen, n < 12 ? n + 1 : 12, 200);
	}
	recent_free(r);
}

static void
no_more_are_kept_than_can_be_found(void **state)
{
	struct recent *r = recent_new((size_t)8 * 1024 * 1024);
	struct recent_request q;
	int seen = 0;

	(void)state;
	for (int n = 0; n < 10000; n++)
		add(r, n, 1, &q);
	while (recent_at(r, (size_t)seen, &q))
		assert_is_request(&q, 9999 - seen++);
	assert_int_equal(seen, 4096);
	recent_free(r);
}

/* --- taps ------------------------------------------------------------------
 */

/* What a tap gives: how many lines, how many were missed. */
static uint32_t
fetch(struct taps *ts, uint32_t id, int64_t now_ms, uint64_t *missed)
{
	uint32_t n;
	struct buf b;
	struct wire w;

	buf_init(&b, 2 * TAP_BYTES_MAX);
	assert_int_equal(taps_fetch(ts, id, now_ms, &b), ERR_OK);
	w = wire_open(buf_slice(&b));
	*missed = wire_u64(&w);
	n = wire_u32(&w);
	for (uint32_t i = 0; i < n; i++) {
		struct slice line;

		assert_true(wire_i64(&w) >= 1000);
		line = wire_bytes(&w);
		assert_true(slice_starts_with(line, SLICE("1970-01-01T")));
		assert_true(slice_ends_with(line, SLICE("http=1.0")));
	}
	assert_int_equal(wire_end(&w), ERR_OK);
	buf_clear(&b);
	return n;
}

static void
a_tap_holds_what_its_filter_lets_through(void **state)
{
	static const struct log_filter all = {0}, errors = {.code = "H12"};
	struct recent *r = recent_new(SMALL);
	struct taps ts = {0};
	struct recent_request q;
	uint64_t missed;

	(void)state;
	assert_int_equal(taps_open(&ts, 1, &all, 0), ERR_OK);
	assert_int_equal(taps_open(&ts, 2, &errors, 0), ERR_OK);
	for (int n = 0; n < 9; n++) {
		add(r, n, 10, &q);
		taps_pour(&ts, &q, n);
	}
	assert_int_equal(fetch(&ts, 1, 10, &missed), 9);
	assert_int_equal(fetch(&ts, 2, 10, &missed), 4);
	assert_int_equal(fetch(&ts, 2, 10, &missed), 0);
	assert_int_equal(missed, 0);
	taps_close(&ts, 2);
	assert_int_equal(taps_fetch(&ts, 2, 10, NULL), ERR_NOT_FOUND);
	taps_clear(&ts);
	recent_free(r);
}

static void
what_finds_no_room_in_a_tap_is_counted(void **state)
{
	static const struct log_filter all = {0};
	struct recent *r = recent_new(SMALL);
	struct taps ts = {0};
	struct recent_request q;
	uint64_t missed;
	uint32_t got;

	(void)state;
	assert_int_equal(taps_open(&ts, 1, &all, 0), ERR_OK);
	for (int n = 0; n < 5000; n++) {
		add(r, n, 100, &q);
		taps_pour(&ts, &q, n);
	}
	got = fetch(&ts, 1, 5000, &missed);
	assert_in_range(got, 100, 4000);
	assert_int_equal(got + missed, 5000);
	add(r, 1, 100, &q);
	taps_pour(&ts, &q, 5001);
	assert_int_equal(fetch(&ts, 1, 5001, &missed), 1);
	assert_int_equal(missed, 0);
	taps_clear(&ts);
	recent_free(r);
}

static void
a_tap_that_nobody_fetches_is_closed(void **state)
{
	static const struct log_filter all = {0};
	struct recent *r = recent_new(SMALL);
	struct taps ts = {0};
	struct recent_request q;
	uint64_t missed;

	(void)state;
	assert_int_equal(taps_open(&ts, 1, &all, 0), ERR_OK);
	assert_int_equal(taps_open(&ts, 2, &all, 0), ERR_OK);
	assert_int_equal(fetch(&ts, 2, TAP_FORGOTTEN_MS, &missed), 0);
	add(r, 1, 10, &q);
	taps_pour(&ts, &q, TAP_FORGOTTEN_MS + 1);
	assert_int_equal(ts.n, 1);
	assert_int_equal(fetch(&ts, 2, TAP_FORGOTTEN_MS + 1, &missed), 1);
	taps_clear(&ts);
	recent_free(r);
}

static void
there_are_only_so_many_taps(void **state)
{
	static const struct log_filter all = {0};
	struct taps ts = {0};

	(void)state;
	for (uint32_t i = 0; i < TAPS_MAX; i++)
		assert_int_equal(taps_open(&ts, i, &all, 0), ERR_OK);
	assert_int_equal(taps_open(&ts, TAPS_MAX, &all, 0), ERR_TOO_BIG);
	assert_int_equal(taps_open(&ts, 3, &all, 0), ERR_OK); /* again */
	assert_int_equal(ts.n, TAPS_MAX);
	taps_clear(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_is_kept_with_what_was_decided_for_it),
	    cmocka_unit_test(the_oldest_make_room_for_the_newest),
	    cmocka_unit_test(no_more_are_kept_than_can_be_found),
	    cmocka_unit_test(a_tap_holds_what_its_filter_lets_through),
	    cmocka_unit_test(what_finds_no_room_in_a_tap_is_counted),
	    cmocka_unit_test(a_tap_that_nobody_fetches_is_closed),
	    cmocka_unit_test(there_are_only_so_many_taps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
