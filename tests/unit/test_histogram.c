#include "base/histogram.h"
#include "tests/unit/test.h"

#define SECOND UINT64_C(1000000)

static void
every_duration_lies_in_its_bucket(void **state)
{
	unsigned last = 0;

	(void)state;
	for (uint64_t us = 0; us < 1060 * SECOND; us += us / 64 + 1) {
		unsigned i = histogram_bucket(us);

		assert_in_range(i, last, HISTOGRAM_BUCKETS - 1);
		assert_true(us < histogram_end(i));
		assert_true(i == 0 || us >= histogram_end(i - 1));
		last = i;
	}
	assert_int_equal(last, HISTOGRAM_BUCKETS - 1);
}

static void
a_bucket_is_no_wider_than_an_eighth_of_what_it_holds(void **state)
{
	(void)state;
	for (unsigned i = HISTOGRAM_STEPS; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t begin = histogram_end(i - 1), end = histogram_end(i);

		assert_true((end - begin) * HISTOGRAM_STEPS <= begin);
	}
}

static void
what_is_too_long_counts_into_the_last_bucket(void **state)
{
	(void)state;
	assert_int_equal(
	    histogram_bucket(100000 * SECOND), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void
quantiles_are_right_within_an_eighth(void **state)
{
	static const double shares[] = {0.01, 0.5, 0.95, 0.99};
	struct histogram h = {0};

	(void)state;
	for (uint64_t i = 1; i <= 10000; i++)
		histogram_add(&h, i * 100);
	assert_int_equal(histogram_count(&h), 10000);
	for (size_t i = 0; i < 4; i++) {
		double exact = shares[i] * (double)SECOND;
		double told = (double)histogram_quantile(&h, shares[i]);

		assert_true(told > exact * 0.875 && told < exact * 1.125);
	}
}

static void
an_empty_one_has_no_quantile_and_one_value_is_all_of_them(void **state)
{
	struct histogram h = {0};

	(void)state;
	assert_int_equal(histogram_quantile(&h, 0.99), 0);
	histogram_add(&h, 0);
	assert_int_equal(histogram_quantile(&h, 0.), 8);
	assert_int_equal(histogram_quantile(&h, 1.), 8);
}

static void
what_goes_over_the_wire_is_added(void **state)
{
	struct histogram a = {0}, b = {0};
	struct buf out;
	struct wire w;

	(void)state;
	histogram_add(&a, 70);
	histogram_add(&a, 70);
	histogram_add(&a, 500 * SECOND);
	histogram_add(&b, 70);
	buf_init(&out, 4096);
	histogram_put(&out, &a);
	w = wire_open(buf_slice(&out));
	histogram_read(&w, &b);
	assert_int_equal(wire_end(&w), ERR_OK);
	assert_int_equal(b.counts[histogram_bucket(70)], 3);
	assert_int_equal(histogram_count(&b), 4);
	buf_clear(&out);
}

static void
a_bucket_that_is_none_is_refused(void **state)
{
	struct histogram h = {0};
	struct buf out;
	struct wire w;

	(void)state;
	buf_init(&out, 64);
	wire_put_u32(&out, 1);
	wire_put_u32(&out, HISTOGRAM_BUCKETS);
	wire_put_u32(&out, 7);
	w = wire_open(buf_slice(&out));
	histogram_read(&w, &h);
	assert_int_equal(wire_end(&w), ERR_SYNTAX);
	assert_int_equal(histogram_count(&h), 0);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_duration_lies_in_its_bucket),
	    cmocka_unit_test(
		a_bucket_is_no_wider_than_an_eighth_of_what_it_holds),
	    cmocka_unit_test(what_is_too_long_counts_into_the_last_bucket),
	    cmocka_unit_test(quantiles_are_right_within_an_eighth),
	    cmocka_unit_test(
		an_empty_one_has_no_quantile_and_one_value_is_all_of_them),
	    cmocka_unit_test(what_goes_over_the_wire_is_added),
	    cmocka_unit_test(a_bucket_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
