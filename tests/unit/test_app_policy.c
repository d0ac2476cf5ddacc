#include "base/mem.h"
#include "router/edge/app_policy.h"
#include "tests/unit/test.h"

static void
the_apps_own_list_takes_the_place_of_the_default_one(void **state)
{
	struct app_policy s;

	(void)state;
	app_policy_init(&s);
	app_policy_set(&s, SLICE("deny"), SLICE("192.0.2.0/24, 10.0.0.1"));
	app_policy_set(&s, SLICE("deny"), SLICE("2001:db8::/32"));
	app_policy_set(&s, SLICE("response_headers"), SLICE("-Server"));
	assert_int_equal(s.deny.n, 3);
	app_policy_read(
	    &s, SLICE("{\"deny\":[\"198.51.100.7\"],\"response_headers\":"
		      "[\"X-A: b\",\"+X-C: d\"],\"max_headers\":4096}"));
	assert_int_equal(s.deny.n, 1);
	assert_int_equal(s.max_headers, 4096);
	assert_int_equal(s.response_headers.n, 2);
	assert_int_equal(s.response_headers.items[1].op, HEADER_RULE_ADD);
	assert_true(slice_eq(s.response_headers.items[1].value, SLICE("d")));
	app_policy_read(&s, SLICE("{\"deny\":[]}"));
	assert_int_equal(s.deny.n, 0);
	app_policy_clear(&s);
}

static void
deny_wins_over_allow_and_an_empty_allow_is_everybody(void **state)
{
	static const struct {
		const char *allow, *deny, *address;
		bool expected;
	} cases[] = {
	    {"", "", "192.0.2.1", true},
	    {"", "", "unknown", true},
	    {"", "192.0.2.0/24", "192.0.2.1", false},
	    {"", "192.0.2.0/24", "192.0.3.1", true},
	    {"", "192.0.2.0/24", "2001:db8::1", true},
	    {"", "192.0.2.0/24", "::ffff:192.0.2.1", false},
	    {"192.0.2.0/24", "", "192.0.2.1", true},
	    {"192.0.2.0/24", "", "198.51.100.1", false},
	    {"192.0.2.0/24", "192.0.2.1", "192.0.2.1", false},
	    {"2001:db8::/32", "", "2001:db8::9", true},
	    {"2001:db8::/32", "", "unknown", false},
	    {"", "192.0.2.1", "unknown", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct app_policy s;

		app_policy_init(&s);
		app_policy_set(&s, SLICE("allow"), slice_str(cases[i].allow));
		app_policy_set(&s, SLICE("deny"), slice_str(cases[i].deny));
		assert_int_equal(
		    app_policy_admits(&s, slice_str(cases[i].address)),
		    cases[i].expected);
		app_policy_clear(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_apps_own_list_takes_the_place_of_the_default_one),
	    cmocka_unit_test(
		deny_wins_over_allow_and_an_empty_allow_is_everybody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
