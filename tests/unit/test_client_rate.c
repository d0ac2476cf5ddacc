#include <unistd.h>

#include "router/edge/client_rate.h"
#include "tests/unit/test.h"

static const struct rate once = {.every_us = INT64_C(3600) * 1000000};
static struct limits *limits;

static bool
may(const char *app, const char *client)
{
	return client_rate_wait(
		   limits, slice_str(app), slice_str(client), &once) == 0;
}

static int
set_up(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(limits_create(1, &fd), ERR_OK);
	assert_int_equal(limits_map(fd, &limits), ERR_OK);
	close(fd);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	limits_unmap(limits);
	return 0;
}

static void
each_client_and_app_counts_for_itself(void **state)
{
	(void)state;
	assert_true(may("shop", "192.0.2.1"));
	assert_false(may("shop", "192.0.2.1"));
	assert_true(may("shop", "192.0.2.2"));
	assert_true(may("blog", "192.0.2.1"));
	assert_false(may("shop", "::ffff:192.0.2.1"));
}

static void
an_ipv6_client_is_its_network(void **state)
{
	(void)state;
	assert_true(may("shop", "2001:db8::1"));
	assert_false(may("shop", "2001:db8::2"));
	assert_false(may("shop", "2001:db8:0:0:ffff::"));
	assert_true(may("shop", "2001:db8:0:1::1"));
}

static void
what_is_no_address_stands_for_itself(void **state)
{
	(void)state;
	assert_true(may("shop", "unknown"));
	assert_false(may("shop", "unknown"));
	assert_true(may("shop", ""));
}

static void
who_must_wait_is_told_whole_seconds(void **state)
{
	const struct rate none = {0};

	(void)state;
	assert_true(may("shop", "192.0.2.1"));
	assert_in_range(
	    client_rate_wait(limits, SLICE("shop"), SLICE("192.0.2.1"), &once),
	    3590, 3600);
	assert_int_equal(
	    client_rate_wait(limits, SLICE("shop"), SLICE("192.0.2.1"), &none),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		each_client_and_app_counts_for_itself, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_ipv6_client_is_its_network, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_is_no_address_stands_for_itself, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		who_must_wait_is_told_whole_seconds, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
