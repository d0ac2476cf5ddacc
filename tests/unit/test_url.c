#include <string.h>

#include "base/mem.h"
#include "router/control/url.h"
#include "tests/unit/test.h"

static void
paths_match_segment_by_segment(void **state)
{
	static const struct {
		const char *path, *pattern;
		bool matches;
		const char *first;
	} cases[] = {
	    {"/v1/apps", "/v1/apps", true, NULL},
	    {"/v1/apps/", "/v1/apps", false, NULL},
	    {"/v1/app", "/v1/apps", false, NULL},
	    {"/v1", "/v1/apps", false, NULL},
	    {"/v1/apps/shop", "/v1/apps/{app}", true, "shop"},
	    {"/v1/apps/", "/v1/apps/{app}", false, NULL},
	    {"/v1/apps/shop/backends", "/v1/apps/{app}", false, NULL},
	    {"/v1/apps/shop/backends/7", "/v1/apps/{app}/backends/{id}", true,
		"shop"},
	    {"/v1//shop", "/v1/apps/{app}", false, NULL},
	    {"", "/v1/apps", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct slice params[URL_PARAMS_MAX];
		size_t n;

		assert_int_equal(url_match(slice_str(cases[i].path),
				     cases[i].pattern, params, &n),
		    cases[i].matches);
		if (cases[i].first != NULL)
			assert_true(
			    slice_eq(params[0], slice_str(cases[i].first)));
	}
}

static void
percent_encoding_is_undone_and_broken_ones_are_refused(void **state)
{
	static const struct {
		const char *in;
		enum err e;
		const char *out;
	} cases[] = {
	    {"www.example.com", ERR_OK, "www.example.com"},
	    {"%2A.example.com", ERR_OK, "*.example.com"},
	    {"a%2fb", ERR_OK, "a/b"},
	    {"%", ERR_SYNTAX, ""},
	    {"%4", ERR_SYNTAX, ""},
	    {"%4g", ERR_SYNTAX, ""},
	    {"a%00b", ERR_SYNTAX, ""},
	    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ERR_TOO_BIG, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char out[32];

		assert_int_equal(
		    url_decode(slice_str(cases[i].in), out, sizeof(out)),
		    cases[i].e);
		assert_string_equal(out, cases[i].out);
	}
}

static void
what_is_encoded_can_be_decoded(void **state)
{
	char out[64];
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	url_encode(&b, SLICE("*.b\xc3\xbc"
			     "cher/&?="));
	assert_true(
	    slice_eq(buf_slice(&b), SLICE("*.b%C3%BCcher%2F%26%3F%3D")));
	assert_int_equal(url_decode(buf_slice(&b), out, sizeof(out)), ERR_OK);
	assert_string_equal(out, "*.b\xc3\xbc"
				 "cher/&?=");
	buf_clear(&b);
}

static void
query_parameters_are_found_by_name(void **state)
{
	struct slice q = SLICE("status=In+use&limit=5&x&after=a%26b");
	char out[32];

	(void)state;
	assert_int_equal(url_query(q, "status", out, sizeof(out)), ERR_OK);
	assert_string_equal(out, "In use");
	assert_int_equal(url_query(q, "after", out, sizeof(out)), ERR_OK);
	assert_string_equal(out, "a&b");
	assert_int_equal(url_query(q, "x", out, sizeof(out)), ERR_OK);
	assert_string_equal(out, "");
	assert_int_equal(url_query(q, "lim", out, sizeof(out)), ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_match_segment_by_segment),
	    cmocka_unit_test(
		percent_encoding_is_undone_and_broken_ones_are_refused),
	    cmocka_unit_test(what_is_encoded_can_be_decoded),
	    cmocka_unit_test(query_parameters_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
