#include <stdlib.h>

#include "base/mem.h"
#include "router/control/log_lines.h"
#include "tests/unit/test.h"

/* One worker's answer: lines with these times. */
static void
answer(struct buf *b, const char *worker, const int64_t *times, uint32_t n)
{
	buf_init(b, 4096);
	wire_put_u64(b, n);
	wire_put_u32(b, n);
	for (uint32_t i = 0; i < n; i++) {
		wire_put_i64(b, times[i]);
		wire_put_str(b, worker);
	}
}

static void
lines_of_all_workers_are_in_the_order_of_time(void **state)
{
	static const int64_t a[] = {10, 20, 20, 50}, c[] = {5, 20, 60};
	static const char expected[] = "baaabab";
	struct log_lines l;
	struct buf b;

	(void)state;
	log_lines_init(&l);
	answer(&b, "a", a, 4);
	assert_int_equal(log_lines_read(&l, buf_slice(&b)), ERR_OK);
	buf_clear(&b);
	answer(&b, "b", c, 3);
	assert_int_equal(log_lines_read(&l, buf_slice(&b)), ERR_OK);
	buf_clear(&b);
	log_lines_sort(&l);
	assert_int_equal(l.n, 7);
	assert_int_equal(l.missed, 7);
	/* b5 a10 a20 a20 b20 a50 b60: equals in the order they came */
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(log_lines_at(&l, i).p[0], expected[i]);
	log_lines_clear(&l);
}

static void
an_answer_that_is_cut_is_refused(void **state)
{
	static const int64_t a[] = {10, 20};
	struct log_lines l;
	struct buf b;

	(void)state;
	answer(&b, "line", a, 2);
	for (size_t n = 0; n < b.len; n++) {
		log_lines_init(&l);
		assert_int_equal(
		    log_lines_read(&l, slice_of(buf_slice(&b).p, n)),
		    ERR_SYNTAX);
		log_lines_clear(&l);
	}
	buf_clear(&b);
}

static void
a_line_becomes_an_object_of_its_fields(void **state)
{
	json_t *o = log_line_json(SLICE(
	    "2026-11-21T14:02:28.114Z at=error code=H18 "
	    "desc=\"Server Request Interrupted\" method=GET path=\"/a\\\"b\" "
	    "host=www.example.com app=shop connect=1ms service=18ms "
	    "status=503 bytes=1024 http=1.1"));

	(void)state;
	assert_string_equal(json_str(o, "at"), "2026-11-21T14:02:28.114Z");
	assert_string_equal(json_str(o, "level"), "error");
	assert_string_equal(json_str(o, "code"), "H18");
	assert_string_equal(json_str(o, "desc"), "Server Request Interrupted");
	assert_string_equal(json_str(o, "path"), "/a\"b");
	assert_int_equal(json_int(o, "connect_ms"), 1);
	assert_int_equal(json_int(o, "service_ms"), 18);
	assert_int_equal(json_int(o, "status"), 503);
	assert_int_equal(json_int(o, "bytes"), 1024);
	assert_string_equal(json_str(o, "http"), "1.1");
	assert_non_null(json_object_get(o, "line"));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_of_all_workers_are_in_the_order_of_time),
	    cmocka_unit_test(an_answer_that_is_cut_is_refused),
	    cmocka_unit_test(a_line_becomes_an_object_of_its_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
