#include "base/mem.h"
#include "router/control/metric_text.h"
#include "tests/unit/test.h"

static void
assert_text(struct buf *b, const char *expected)
{
	assert_int_equal(b->len, strlen(expected));
	assert_memory_equal(buf_slice(b).p, expected, b->len);
	buf_clear(b);
}

static void
a_family_has_help_and_type_before_its_samples(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	metric_family(&b, "towpath_domains", METRIC_GAUGE, "Domains.");
	metric_sample(&b, "towpath_domains", 7, "status", "In use", NULL);
	metric_sample(&b, "towpath_domains", UINT64_MAX, "status", "Creating",
	    "why", "x", NULL);
	metric_sample(&b, "towpath_up", 0, NULL);
	assert_text(&b, "# HELP towpath_domains Domains.\n"
			"# TYPE towpath_domains gauge\n"
			"towpath_domains{status=\"In use\"} 7\n"
			"towpath_domains{status=\"Creating\",why=\"x\"} "
			"18446744073709551615\n"
			"towpath_up 0\n");
}

static void
what_would_end_a_label_is_escaped(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	metric_sample(&b, "m", 1, "a", "x\"} 9\n\\y", NULL);
	assert_text(&b, "m{a=\"x\\\"} 9\\n\\\\y\"} 1\n");
}

static void
a_histogram_adds_up_from_bucket_to_bucket(void **state)
{
	static const uint64_t bounds[] = {2500, 1000000, 30000000};
	static const uint64_t counts[] = {3, 0, 2, 1};
	const struct metric_seconds h = {bounds, counts, 3, 62000005};
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	metric_histogram(&b, "s", "app", "shop", &h);
	assert_text(&b, "s_bucket{app=\"shop\",le=\"0.0025\"} 3\n"
			"s_bucket{app=\"shop\",le=\"1.0\"} 3\n"
			"s_bucket{app=\"shop\",le=\"30.0\"} 5\n"
			"s_bucket{app=\"shop\",le=\"+Inf\"} 6\n"
			"s_sum{app=\"shop\"} 62.000005\n"
			"s_count{app=\"shop\"} 6\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_family_has_help_and_type_before_its_samples),
	    cmocka_unit_test(what_would_end_a_label_is_escaped),
	    cmocka_unit_test(a_histogram_adds_up_from_bucket_to_bucket),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
