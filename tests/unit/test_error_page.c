#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "router/edge/error_page.h"
#include "tests/unit/test.h"

#define ID "0b6f4a1e-1111-4222-8333-944455556666"

static void
json_is_given_to_who_prefers_it(void **state)
{
	static const struct {
		const char *accept;
		bool json;
	} cases[] = {
	    {"", false},
	    {"*/*", false},
	    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		false},
	    {"application/json", true},
	    {"application/json, text/plain, */*", false},
	    {"application/json, */*;q=0.5", true},
	    {"application/problem+json", true},
	    {"text/html;q=0.3, application/json;q=0.7", true},
	    {"text/html;q=0.7, application/json;q=0.3", false},
	    {"application/*", true},
	    {"APPLICATION/JSON; Q=0.9", true},
	    {"application/json;q=0", false},
	    {"application/json;q=0, text/html;q=0", false},
	    {"application/json;version=1;q=1", true},
	    {";;;,,,;q=", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (accept_prefers_json(slice_str(cases[i].accept)) !=
		    cases[i].json)
			fail_msg("Accept: %s", cases[i].accept);
}

static void
html_names_status_code_and_request(void **state)
{
	struct error_page page;
	struct arena a;
	char *text;

	(void)state;
	arena_init(&a, 64 * 1024);
	page = error_page(&a, CODE_H12, 503, SLICE("text/html"), SLICE(ID));
	assert_true(
	    slice_eq(page.content_type, SLICE("text/html; charset=utf-8")));
	text = xstrdup_slice(page.body);
	assert_non_null(strstr(text, "503 Service Unavailable"));
	assert_non_null(strstr(text, "H12"));
	assert_non_null(strstr(text, ID));
	assert_non_null(strstr(text, "</html>"));
	free(text);
	arena_clear(&a);
}

static void
json_is_a_problem_document(void **state)
{
	struct error_page page;
	struct arena a;
	json_t *doc;

	(void)state;
	arena_init(&a, 64 * 1024);
	for (int code = CODE_H10; code < CODES; code++) {
		int status = code_row((enum code)code)->status;

		page = error_page(&a, (enum code)code, status,
		    SLICE("application/json"), SLICE(ID));
		assert_true(slice_eq(
		    page.content_type, SLICE("application/problem+json")));
		assert_int_equal(json_parse(page.body, &doc, NULL), ERR_OK);
		assert_string_equal(
		    json_str(doc, "code"), code_row((enum code)code)->name);
		assert_int_equal(json_int(doc, "status"), status);
		assert_string_equal(json_str(doc, "request_id"), ID);
		assert_true(strlen(json_str(doc, "detail")) > 0);
		json_decref(doc);
	}
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_is_given_to_who_prefers_it),
	    cmocka_unit_test(html_names_status_code_and_request),
	    cmocka_unit_test(json_is_a_problem_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
