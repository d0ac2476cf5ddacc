#include "base/mem.h"
#include "router/edge/origin.h"
#include "tests/unit/test.h"

static void
an_origin_named_by_host_is_told_its_own_name(void **state)
{
	static const struct {
		const char *backend, *authority;
	} cases[] = {
	    {"https://origin.example:443", "origin.example"},
	    {"https://origin.example", "origin.example"},
	    {"https://origin.example:8443", "origin.example:8443"},
	    {"https://origin.example:80", "origin.example:80"},
	    {"origin.example:80", "origin.example"},
	    {"h2c://origin.example:3000", "origin.example:3000"},
	    {"app.internal:443", "app.internal:443"},
	    {"https://192.0.2.1:443", ""},
	    {"192.0.2.1:80", ""},
	    {"[2001:db8::1]:8080", ""},
	    {"h2c://[2001:db8::1]:8080", ""},
	    {"unix:/run/app.sock", ""},
	    {"h2c://unix:/run/app.sock", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char out[ORIGIN_AUTHORITY_SIZE];

		origin_authority(slice_str(cases[i].backend), out);
		assert_string_equal(out, cases[i].authority);
	}
}

static void
only_a_marked_key_is_an_origins(void **state)
{
	(void)state;
	assert_true(origin_is("~12"));
	assert_false(origin_is("shop"));
	assert_false(origin_is(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_origin_named_by_host_is_told_its_own_name),
	    cmocka_unit_test(only_a_marked_key_is_an_origins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
