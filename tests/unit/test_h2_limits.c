#include "base/shared.h"
#include "router/edge/h2_limits.h"
#include "tests/unit/test.h"

#define T0 5000

static void
a_page_full_of_pictures_may_be_cancelled(void **state)
{
	struct h2_limits l;

	(void)state;
	h2_limits_init(&l, T0);
	for (int i = 0; i < H2_STREAMS_MAX; i++)
		assert_true(h2_limits_reset(&l, T0));
}

static void
resets_without_end_are_abuse(void **state)
{
	struct h2_limits l;
	int n = 0;

	(void)state;
	h2_limits_init(&l, T0);
	while (n < 100000 && h2_limits_reset(&l, T0 + n / 100))
		n++;
	assert_in_range(n, 100, 1000);
}

static void
resets_now_and_then_are_none(void **state)
{
	struct h2_limits l;

	(void)state;
	h2_limits_init(&l, T0);
	for (int64_t i = 0; i < 10000; i++)
		assert_true(h2_limits_reset(&l, T0 + i * 100));
}

static void
time_that_stands_still_or_goes_back_gives_nothing(void **state)
{
	struct h2_limits l;

	(void)state;
	h2_limits_init(&l, T0);
	while (h2_limits_noise(&l, T0))
		;
	assert_false(h2_limits_noise(&l, T0 - 1000));
	assert_false(h2_limits_noise(&l, T0));
	assert_true(h2_limits_noise(&l, T0 + 1000));
}

static void
a_long_rest_fills_the_bucket_and_no_more(void **state)
{
	struct h2_limits l;
	int n = 0;

	(void)state;
	h2_limits_init(&l, T0);
	while (h2_limits_noise(&l, T0))
		;
	while (n < 100000 && h2_limits_noise(&l, INT64_MAX / 2))
		n++;
	assert_in_range(n, 1000, 5000);
}

static void
a_download_pays_for_its_windows(void **state)
{
	struct h2_limits l;

	(void)state;
	h2_limits_init(&l, T0);
	for (int i = 0; i < 100000; i++) {
		h2_limits_sent(&l, 16384, false);
		assert_true(h2_limits_noise(&l, T0));
		assert_true(h2_limits_noise(&l, T0));
	}
}

static void
small_events_pay_for_their_windows(void **state)
{
	struct h2_limits l;

	(void)state;
	h2_limits_init(&l, T0);
	for (int i = 0; i < 100000; i++) {
		h2_limits_sent(&l, 20, true);
		assert_true(h2_limits_noise(&l, T0));
	}
}

static void
a_window_opened_byte_by_byte_is_abuse(void **state)
{
	struct h2_limits l;
	int n = 0;

	(void)state;
	h2_limits_init(&l, T0);
	while (n < 100000 && h2_limits_noise(&l, T0)) {
		h2_limits_sent(&l, 1, false);
		n++;
	}
	assert_in_range(n, 1000, 5000);
}

static void
every_abuse_has_its_counter(void **state)
{
	(void)state;
	assert_int_equal(H2_ABUSE_PROTOCOL, STATS_HTTP2_ABUSES);
	assert_string_equal(stats_http2_abuses[H2_ABUSE_RESETS - 1], "resets");
	assert_string_equal(stats_http2_abuses[H2_ABUSE_QUEUE - 1], "queue");
	assert_string_equal(
	    stats_http2_abuses[H2_ABUSE_PROTOCOL - 1], "protocol");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_page_full_of_pictures_may_be_cancelled),
	    cmocka_unit_test(resets_without_end_are_abuse),
	    cmocka_unit_test(resets_now_and_then_are_none),
	    cmocka_unit_test(time_that_stands_still_or_goes_back_gives_nothing),
	    cmocka_unit_test(a_long_rest_fills_the_bucket_and_no_more),
	    cmocka_unit_test(a_download_pays_for_its_windows),
	    cmocka_unit_test(small_events_pay_for_their_windows),
	    cmocka_unit_test(a_window_opened_byte_by_byte_is_abuse),
	    cmocka_unit_test(every_abuse_has_its_counter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
