#include <stdlib.h>

#include "acme/problem.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NOW  1700000000 /* 2023-11-14T22:13:20Z */
#define TYPE "urn:ietf:params:acme:error:"

static void
read_answer(
    int status, const char *body, const char *retry_after, struct problem *out)
{
	struct acme_response r = {
	    .status = status,
	    .body = slice_str(body),
	    .location = "",
	    .retry_after = retry_after,
	    .now = NOW,
	};

	problem_read(&r, out);
}

struct kind {
	const char *type;
	const char *code;
	enum problem_class class;
};

static void
every_type_of_an_answer_has_its_code_and_class(void **state)
{
	static const struct kind kinds[] = {
	    {"accountDoesNotExist", "A20", PROBLEM_ACCOUNT},
	    {"badCSR", "A23", PROBLEM_BACK_OFF},
	    {"badNonce", "A25", PROBLEM_NONCE},
	    {"badPublicKey", "A20", PROBLEM_PERSON},
	    {"caa", "A15", PROBLEM_PERSON},
	    {"externalAccountRequired", "A21", PROBLEM_PERSON},
	    {"malformed", "A22", PROBLEM_BACK_OFF},
	    {"orderNotReady", "A22", PROBLEM_STATE},
	    {"rateLimited", "A13", PROBLEM_WAIT},
	    {"rejectedIdentifier", "A16", PROBLEM_PERSON},
	    {"serverInternal", "A25", PROBLEM_BACK_OFF},
	    {"unauthorized", "A20", PROBLEM_PERSON},
	    {"userActionRequired", "A29", PROBLEM_PERSON},
	    {"neverHeardOf", "A22", PROBLEM_BACK_OFF},
	};
	struct problem p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		char *body = xasprintf("{\"type\":\"" TYPE
				       "%s\",\"detail\":\"in CA's words\"}",
		    kinds[i].type);

		read_answer(400, body, "", &p);
		if (p.class != kinds[i].class ||
		    strcmp(fault_code_name(p.fault.code), kinds[i].code) != 0)
			fail_msg("%s: %s, class %d", kinds[i].type,
			    fault_code_name(p.fault.code), (int)p.class);
		assert_non_null(strstr(p.fault.text, "in CA's words"));
		free(body);
	}
}

static void
every_type_of_a_challenge_has_its_code(void **state)
{
	static const struct kind kinds[] = {
	    {"connection", "A17", PROBLEM_BACK_OFF},
	    {"tls", "A17", PROBLEM_BACK_OFF},
	    {"dns", "A19", PROBLEM_BACK_OFF},
	    {"unauthorized", "A18", PROBLEM_BACK_OFF},
	    {"incorrectResponse", "A18", PROBLEM_BACK_OFF},
	    {"caa", "A15", PROBLEM_PERSON},
	    {"rateLimited", "A13", PROBLEM_BACK_OFF},
	};
	struct problem p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		json_t *error = json_pack("{s:s+, s:s}", "type", TYPE,
		    kinds[i].type, "detail", "refused");

		problem_of_error(error, "www.test", &p);
		assert_string_equal(
		    fault_code_name(p.fault.code), kinds[i].code);
		assert_int_equal(p.class, kinds[i].class);
		assert_non_null(strstr(p.fault.text, "www.test: refused"));
		json_decref(error);
	}
}

static void
the_documents_words_are_kept(void **state)
{
	static const char body[] =
	    "{\"type\":\"" TYPE "caa\",\"detail\":\"no \\u00fc\"}";
	struct problem p;
	json_t *said;
	char *detail;

	(void)state;
	read_answer(403, body, "", &p);
	assert_string_equal(
	    p.said, "{\"type\":\"" TYPE "caa\",\"detail\":\"no \xc3\xbc\"}");
	detail = xcalloc(1, 4000);
	memset(detail, 'x', 3999);
	said = json_pack("{s:s, s:s}", "type", TYPE "dns", "detail", detail);
	problem_of_error(said, "www.test", &p);
	json_decref(said);
	assert_int_equal(json_parse(slice_str(p.said), &said, NULL), ERR_OK);
	assert_string_equal(json_str(said, "type"), TYPE "dns");
	assert_int_equal(strlen(json_str(said, "detail")), 900);
	json_decref(said);
	free(detail);
	problem_set(&p, FAULT_A22_ORDER_INVALID, "ours");
	assert_string_equal(p.said, "");
}

static void
a_subproblem_tells_more_than_its_parent(void **state)
{
	static const char body[] =
	    "{\"type\":\"" TYPE "compound\",\"detail\":\"some\","
	    "\"subproblems\":[{\"type\":\"" TYPE "caa\","
	    "\"detail\":\"forbidden\","
	    "\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"}}]}";
	struct problem p;

	(void)state;
	read_answer(403, body, "", &p);
	assert_int_equal(p.fault.code, FAULT_A15_CAA);
	assert_non_null(strstr(p.fault.text, "a.test: forbidden"));
}

static void
a_rate_limit_waits_as_long_as_it_was_told(void **state)
{
	static const struct {
		const char *detail, *retry_after;
		int64_t retry_at;
	} cases[] = {
	    {"too many", "120", NOW + 120},
	    {"too many", "Tue, 14 Nov 2023 22:23:20 GMT", NOW + 600},
	    {"too many certificates already issued, retry after 2023-11-14 "
	     "22:18:20 UTC: see https://ca.test/",
		"", NOW + 300},
	    {"too many", "", NOW + 3600},
	    {"too many", "99999999999999999999", NOW + 7 * 86400},
	    {"too many", "0", NOW + 1},
	    {"too many", "Thu, 01 Jan 1970 00:00:00 GMT", NOW + 1},
	};
	struct problem p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *body = xasprintf("{\"type\":\"" TYPE
				       "rateLimited\",\"detail\":\"%s\"}",
		    cases[i].detail);

		read_answer(429, body, cases[i].retry_after, &p);
		assert_int_equal(p.fault.code, FAULT_A13_RATE_LIMITED);
		assert_int_equal(p.class, PROBLEM_WAIT);
		assert_int_equal(p.retry_at, cases[i].retry_at);
		assert_false(p.is_account_wide);
		free(body);
	}
}

static void
a_limit_of_the_whole_account_is_told_apart(void **state)
{
	struct problem p;

	(void)state;
	read_answer(429,
	    "{\"type\":\"" TYPE "rateLimited\",\"detail\":\"too many new "
	    "orders (300) from this account in the last 3h0m0s\"}",
	    "36", &p);
	assert_true(p.is_account_wide);
}

static void
a_paused_name_needs_a_person_and_gives_the_link(void **state)
{
	struct problem p;

	(void)state;
	read_answer(429,
	    "{\"type\":\"" TYPE "rateLimited\",\"detail\":\"Your account is "
	    "temporarily prevented from requesting certificates for a.test and "
	    "possibly others. Please visit: "
	    "https://ca.test/unpause?jwt=abc.def\"}",
	    "", &p);
	assert_int_equal(p.fault.code, FAULT_A14_PAUSED);
	assert_int_equal(p.class, PROBLEM_PERSON);
	assert_int_equal(p.retry_at, 0);
	assert_string_equal(p.fault.action,
	    "Open https://ca.test/unpause?jwt=abc.def, then "
	    "`towpath certs renew HOST`");
}

static void
a_limit_that_no_time_lifts_needs_a_person(void **state)
{
	struct problem p;

	(void)state;
	read_answer(429,
	    "{\"type\":\"" TYPE "rateLimited\",\"detail\":\"Quota is used "
	    "up (see https://ca.test/quota?id=7).\"}",
	    "", &p);
	assert_int_equal(p.fault.code, FAULT_A14_PAUSED);
	assert_non_null(
	    strstr(p.fault.action, "Open https://ca.test/quota?id=7, then"));
	read_answer(429,
	    "{\"type\":\"" TYPE "rateLimited\",\"detail\":\"too many, retry "
	    "after 2030-01-01 00:00:00 UTC: see https://ca.test/limits\"}",
	    "", &p);
	assert_int_equal(p.fault.code, FAULT_A13_RATE_LIMITED);
}

static void
the_link_of_a_paused_name_is_kept_whole(void **state)
{
	char detail[1400], want[1100];
	struct problem p;

	(void)state;
	memset(want, 'x', sizeof(want) - 1);
	want[sizeof(want) - 1] = '\0';
	memcpy(want, "https://ca.test/unpause?jwt=", 28);
	(void)snprintf(detail, sizeof(detail),
	    "{\"type\":\"" TYPE "rateLimited\",\"detail\":\"Please visit: "
	    "%s\"}",
	    want);
	read_answer(429, detail, "", &p);
	assert_non_null(strstr(p.fault.action, want));
	assert_non_null(strstr(p.fault.action, "certs renew"));
}

static void
what_is_no_problem_document_still_has_a_code(void **state)
{
	static const struct {
		const char *body, *retry_after, *code;
		int status;
		enum problem_class class;
	} cases[] = {
	    {"<html>busy</html>", "7", "A25", 503, PROBLEM_WAIT},
	    {"<html>busy</html>", "", "A25", 503, PROBLEM_BACK_OFF},
	    {"", "", "A25", 500, PROBLEM_BACK_OFF},
	    {"slow down", "30", "A13", 429, PROBLEM_WAIT},
	    {"not found", "", "A12", 404, PROBLEM_BACK_OFF},
	    {"{}", "", "A12", 400, PROBLEM_BACK_OFF},
	    {"[1,2]", "", "A12", 301, PROBLEM_BACK_OFF},
	};
	struct problem p;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		read_answer(
		    cases[i].status, cases[i].body, cases[i].retry_after, &p);
		assert_string_equal(
		    fault_code_name(p.fault.code), cases[i].code);
		assert_int_equal(p.class, cases[i].class);
	}
}

static void
no_answer_keeps_the_fault_of_the_network(void **state)
{
	struct fault f = {0};
	struct acme_response r = {.fault = &f, .retry_after = ""};
	struct problem p;

	(void)state;
	fault_set(&f, FAULT_A11_CA_UNREACHABLE, "Connection refused");
	problem_read(&r, &p);
	assert_int_equal(p.fault.code, FAULT_A11_CA_UNREACHABLE);
	assert_string_equal(p.fault.text, "Connection refused");
	assert_int_equal(p.class, PROBLEM_BACK_OFF);
}

static void
retry_after_that_makes_no_sense_is_absent(void **state)
{
	static const char *const cases[] = {
	    "", " ", "soon", "-5", "1.5", "Tue, 99 Nov"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(problem_retry_at(cases[i], NOW), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_of_an_answer_has_its_code_and_class),
	    cmocka_unit_test(every_type_of_a_challenge_has_its_code),
	    cmocka_unit_test(the_documents_words_are_kept),
	    cmocka_unit_test(a_subproblem_tells_more_than_its_parent),
	    cmocka_unit_test(a_rate_limit_waits_as_long_as_it_was_told),
	    cmocka_unit_test(a_limit_of_the_whole_account_is_told_apart),
	    cmocka_unit_test(a_paused_name_needs_a_person_and_gives_the_link),
	    cmocka_unit_test(a_limit_that_no_time_lifts_needs_a_person),
	    cmocka_unit_test(the_link_of_a_paused_name_is_kept_whole),
	    cmocka_unit_test(what_is_no_problem_document_still_has_a_code),
	    cmocka_unit_test(no_answer_keeps_the_fault_of_the_network),
	    cmocka_unit_test(retry_after_that_makes_no_sense_is_absent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
