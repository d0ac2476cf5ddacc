#include <string.h>

#include "base/mem.h"
#include "router/control/api.h"
#include "tests/unit/test.h"

static enum err
find(const char *method, const char *path, struct api_call *call,
    char allow[API_ALLOW_SIZE], struct fault *f)
{
	*call = (struct api_call){0};
	fault_clear(f);
	return api_route_find(
	    call, slice_str(method), slice_str(path), allow, f);
}

static void
each_route_is_found_by_its_own_pattern_and_no_other(void **state)
{
	const struct api_route *r;

	(void)state;
	for (size_t i = 0; (r = api_route_at(i)) != NULL; i++) {
		char allow[API_ALLOW_SIZE];
		struct api_call call;
		struct fault f;

		/* a pattern matches itself: {app} is a segment like others */
		assert_int_equal(
		    find(r->method, r->pattern, &call, allow, &f), ERR_OK);
		assert_ptr_equal(call.route, r);
		assert_non_null(r->handler);
		assert_true(
		    (strcmp(r->method, "GET") == 0) == (r->kind == API_READS) ||
		    r->kind == API_CHANGES || r->kind == API_OWN);
	}
}

static void
parameters_are_decoded(void **state)
{
	char allow[API_ALLOW_SIZE];
	struct api_call call;
	struct fault f;

	(void)state;
	assert_int_equal(
	    find("GET", "/v1/domains/%2A.example.com/certificates/3/download",
		&call, allow, &f),
	    ERR_OK);
	assert_string_equal(call.params[0], "*.example.com");
	assert_string_equal(call.params[1], "3");
	assert_int_equal(
	    find("GET", "/v1/domains/%zz", &call, allow, &f), ERR_SYNTAX);
	assert_string_equal(fault_code_name(f.code), "P11");
}

static void
unknown_paths_are_p12_and_other_methods_p13_with_what_is_allowed(void **state)
{
	static const struct {
		const char *method, *path, *code, *allow;
	} cases[] = {
	    {"GET", "/v1/nothing", "P12", ""},
	    {"GET", "/", "P12", ""},
	    {"GET", "/v1/apps/", "P12", ""},
	    {"DELETE", "/v1/apps", "P13", "GET, POST"},
	    {"get", "/v1/apps", "P13", "GET, POST"},
	    {"PUT", "/v1/apps/shop", "P13", "GET, PATCH, DELETE"},
	    {"GET", "/v1/import", "P13", "POST"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char allow[API_ALLOW_SIZE];
		struct api_call call;
		struct fault f;

		assert_int_equal(
		    find(cases[i].method, cases[i].path, &call, allow, &f),
		    ERR_NOT_FOUND);
		assert_string_equal(fault_code_name(f.code), cases[i].code);
		assert_string_equal(allow, cases[i].allow);
	}
}

static void
head_is_answered_like_get(void **state)
{
	char allow[API_ALLOW_SIZE];
	struct api_call call;
	struct fault f;

	(void)state;
	assert_int_equal(find("HEAD", "/v1/status", &call, allow, &f), ERR_OK);
	assert_int_equal(
	    find("HEAD", "/v1/import", &call, allow, &f), ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		each_route_is_found_by_its_own_pattern_and_no_other),
	    cmocka_unit_test(parameters_are_decoded),
	    cmocka_unit_test(
		unknown_paths_are_p12_and_other_methods_p13_with_what_is_allowed),
	    cmocka_unit_test(head_is_answered_like_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
