#include "tests/unit/play.h"

static void
no_challenge_that_we_know_needs_a_person(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, NEW_ORDER,
	    {"/authz/1", 200,
		AUTHZ("pending", "{\"type\":\"dns-01\",\"token\":\"t\"}"), NULL,
		NULL});
	play_assert_failed(&run, "A27", PROBLEM_PERSON);
}

static void
a_failed_challenge_ends_the_order_with_the_cas_words(void **state)
{
	static const struct {
		const char *authorization, *code;
	} cases[] = {
	    {AUTHZ("invalid",
		 CHALLENGE("invalid", ",\"error\":" PROBLEM("connection"))),
		"A17"},
	    {AUTHZ("invalid",
		 CHALLENGE("invalid", ",\"error\":" PROBLEM("unauthorized"))),
		"A18"},
	    {AUTHZ(
		 "invalid", CHALLENGE("invalid", ",\"error\":" PROBLEM("dns"))),
		"A19"},
	    /* a CA that leaves it pending for another try */
	    {AUTHZ("pending",
		 CHALLENGE("pending", ",\"error\":" PROBLEM("connection"))),
		"A17"},
	    /* one that lists only another challenge's error */
	    {AUTHZ("invalid",
		 "{\"type\":\"tls-alpn-01\",\"error\":" PROBLEM("tls") "}"),
		"A17"},
	    {AUTHZ("expired", ""), "A22"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct turn last = {
		    "/authz/1", 200, cases[i].authorization, NULL, NULL};
		struct run run;

		play_start(&run, NULL);
		PLAY(&run, CHALLENGED);
		play_turns(&run, &last, 1);
		assert_true(run.order->problem.is_validation);
		assert_non_null(strstr(run.order->problem.fault.text, HOST));
		if (strcmp(cases[i].code, "A22") != 0)
			assert_non_null(strstr(
			    run.order->problem.fault.text, "the CA's words"));
		play_assert_failed(&run, cases[i].code, PROBLEM_BACK_OFF);
	}
}

static void
an_error_while_the_ca_still_tries_is_waited_out(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED,
	    {"/authz/1", 200,
		AUTHZ("pending",
		    CHALLENGE("processing", ",\"error\":" PROBLEM("dns"))),
		NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	play_end(&run);
}

static void
an_order_that_becomes_invalid_says_why(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"},
	    {"/finalize/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_OF("invalid", ",\"error\":" PROBLEM("caa")),
		NULL, NULL});
	play_assert_failed(&run, "A15", PROBLEM_PERSON);
	play_start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_OF("invalid", ""), CA "/order/1", NULL});
	play_assert_failed(&run, "A22", PROBLEM_BACK_OFF);
}

static void
a_refused_order_is_told_by_its_type(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, {"", 400, PROBLEM("rejectedIdentifier"), NULL, NULL});
	play_assert_failed(&run, "A16", PROBLEM_PERSON);
	play_start(&run, NULL);
	PLAY(&run, {"", 429, PROBLEM("rateLimited"), NULL, "3600"});
	assert_int_equal(run.order->problem.retry_at, NOW + 3600);
	play_assert_failed(&run, "A13", PROBLEM_WAIT);
}

static void
a_refused_csr_is_told_as_such(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"},
	    {"/finalize/1", 400, PROBLEM("malformed"), NULL, NULL});
	play_assert_failed(&run, "A23", PROBLEM_BACK_OFF);
}

static void
a_lost_answer_is_asked_for_again(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 0, "", NULL, NULL},
	    {"/authz/1", 502, "<html>", NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"},
	    {"/finalize/1", 503, "", NULL, "2"},
	    {"/finalize/1", 200, ORDER_VALID, NULL, NULL});
	assert_int_equal(run.waited_ms, 50 + 1000 + 4000 + 2000);
	play_end(&run);
}

static void
a_ca_that_is_away_ends_the_order(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, {"", 0, "", NULL, NULL}); /* nothing is lost yet: at once */
	play_assert_failed(&run, "A11", PROBLEM_BACK_OFF);
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 0, "", NULL, NULL},
	    {"/authz/1", 0, "", NULL, NULL}, {"/authz/1", 0, "", NULL, NULL},
	    {"/authz/1", 0, "", NULL, NULL});
	play_assert_failed(&run, "A11", PROBLEM_BACK_OFF);
}

static void
a_challenge_posted_twice_is_no_failure(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_PENDING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL},
	    {.expects = "PUBLISH"},
	    {"/chall/1", 400, PROBLEM("malformed"), NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	play_end(&run);
}

static void
an_order_the_ca_forgot_is_made_again_once(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, CA "/order/0");
	PLAY(&run, {"/order/0", 404, "", NULL, NULL}, NEW_ORDER);
	assert_string_equal(run.order->url, CA "/order/1");
	play_end(&run);
}

static void
an_order_that_is_not_ready_is_asked_about(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"},
	    {"/finalize/1", 403, PROBLEM("orderNotReady"), NULL, NULL},
	    {"/order/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL});
	play_end(&run);
}

static void
an_order_that_is_never_ready_ends(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL});
	for (int i = 0; i < 5; i++)
		PLAY(&run, {.expects = "CSR"},
		    {"/finalize/1", 403, PROBLEM("orderNotReady"), NULL, NULL},
		    {"/order/1", 200, ORDER_IS_READY, NULL, NULL});
	PLAY(&run, {.expects = "CSR"},
	    {"/finalize/1", 403, PROBLEM("orderNotReady"), NULL, NULL});
	play_assert_failed(&run, "A23", PROBLEM_STATE);
}

static void
answers_without_sense_end_the_order(void **state)
{
	static const struct turn cases[] = {
	    {"", 201, "not json", CA "/order/1", NULL},
	    {"", 201, ORDER_PENDING, NULL, NULL},
	    {"", 201, ORDER_PENDING, "ftp://ca.test/order/1", NULL},
	    {"", 201, "{}", CA "/order/1", NULL},
	    {"", 201, "[]", CA "/order/1", NULL},
	    {"", 201, ORDER_OF("odd", ""), CA "/order/1", NULL},
	    {"", 201, ORDER_OF("valid", ""), CA "/order/1", NULL},
	    {"", 201,
		"{\"status\":\"pending\",\"authorizations\":[],"
		"\"finalize\":\"" CA "/f\"}",
		CA "/order/1", NULL},
	    {"", 201,
		"{\"status\":\"pending\",\"authorizations\":[7],"
		"\"finalize\":\"" CA "/f\"}",
		CA "/order/1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct run run;

		play_start(&run, NULL);
		play_turns(&run, &cases[i], 1);
		play_assert_failed(&run, "A12", PROBLEM_BACK_OFF);
	}
}

static void
an_authorization_for_another_name_is_refused(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, NEW_ORDER,
	    {"/authz/1", 200,
		AUTHZ_OF("evil.test", "pending", CHALLENGE("pending", "")),
		NULL, NULL});
	play_assert_failed(&run, "A12", PROBLEM_BACK_OFF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_challenge_that_we_know_needs_a_person),
	    cmocka_unit_test(
		a_failed_challenge_ends_the_order_with_the_cas_words),
	    cmocka_unit_test(an_error_while_the_ca_still_tries_is_waited_out),
	    cmocka_unit_test(an_order_that_becomes_invalid_says_why),
	    cmocka_unit_test(a_refused_order_is_told_by_its_type),
	    cmocka_unit_test(a_refused_csr_is_told_as_such),
	    cmocka_unit_test(a_lost_answer_is_asked_for_again),
	    cmocka_unit_test(a_ca_that_is_away_ends_the_order),
	    cmocka_unit_test(a_challenge_posted_twice_is_no_failure),
	    cmocka_unit_test(an_order_the_ca_forgot_is_made_again_once),
	    cmocka_unit_test(an_order_that_is_not_ready_is_asked_about),
	    cmocka_unit_test(an_order_that_is_never_ready_ends),
	    cmocka_unit_test(answers_without_sense_end_the_order),
	    cmocka_unit_test(an_authorization_for_another_name_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
