#include <stdlib.h>

#include "acme/order.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define HOST "www.test"
#define CA   "https://ca.test"
#define NOW  INT64_C(1700000000)
#define TYPE "urn:ietf:params:acme:error:"

/* Answers as a CA gives them. */
#define ORDER_OF(status, more)                                                 \
	"{\"status\":\"" status "\",\"identifiers\":[{\"type\":\"dns\","       \
	"\"value\":\"" HOST "\"}],\"authorizations\":[\"" CA "/authz/1\"],"    \
	"\"finalize\":\"" CA "/finalize/1\"" more "}"
#define ORDER_PENDING    ORDER_OF("pending", "")
#define ORDER_IS_READY   ORDER_OF("ready", "")
#define ORDER_IN_PROCESS ORDER_OF("processing", "")
#define ORDER_VALID      ORDER_OF("valid", ",\"certificate\":\"" CA "/cert/1\"")
#define CHALLENGE(status, more)                                                \
	"{\"type\":\"http-01\",\"url\":\"" CA "/chall/1\",\"token\":"          \
	"\"tok_en-1\",\"status\":\"" status "\"" more "}"
#define AUTHZ_OF(name, status, challenges)                                     \
	"{\"identifier\":{\"type\":\"dns\",\"value\":\"" name                  \
	"\"},\"status\":\"" status "\",\"challenges\":[" challenges "]}"
#define AUTHZ(status, challenges) AUTHZ_OF(HOST, status, challenges)
#define AUTHZ_PENDING             AUTHZ("pending", CHALLENGE("pending", ""))
#define AUTHZ_PROCESSING          AUTHZ("pending", CHALLENGE("processing", ""))
#define AUTHZ_VALID               AUTHZ("valid", CHALLENGE("valid", ""))
#define PROBLEM(type)                                                          \
	"{\"type\":\"" TYPE type "\",\"detail\":\"the CA's words\"}"

/* One turn: what the order wants, and what comes of it.  `expects` is the end
 * of the URL ("" is newOrder), or a step in capitals. */
struct turn {
	const char *expects;
	int status;
	const char *body;
	const char *location, *retry_after; /* NULL: absent */
};

struct run {
	struct order *order;
	int64_t mono_ms;
	int64_t waited_ms;
	size_t turn;
};

static void
start(struct run *run, const char *url)
{
	static const char *const names[] = {HOST};

	*run = (struct run){.mono_ms = 1000};
	run->order = order_new(names, 1, "", url, run->mono_ms);
}

static void
answer(struct run *run, const struct turn *turn)
{
	struct fault f = {0};
	struct acme_response r = {
	    .status = turn->status,
	    .body = slice_str(turn->body),
	    .location = turn->location == NULL ? "" : turn->location,
	    .retry_after = turn->retry_after == NULL ? "" : turn->retry_after,
	    .fault = &f,
	    .now = NOW,
	    .mono_ms = run->mono_ms,
	};

	fault_set(&f, FAULT_A11_CA_UNREACHABLE, "Connection refused");
	order_answer(run->order, &r);
}

static const char *
step_name(const struct order_action *a)
{
	switch (a->step) {
	case ORDER_PUBLISH:
		return "PUBLISH";
	case ORDER_MAKE_CSR:
		return "CSR";
	case ORDER_TAKE:
		return "TAKE";
	case ORDER_GIVE_UP:
		return "GIVE_UP";
	case ORDER_REQUEST:
	case ORDER_WAIT:
		break;
	}
	return a->url == NULL ? "" : a->url;
}

/* What is wanted next; waits are sat out. */
static void
next(struct run *run, struct order_action *out)
{
	order_next(run->order, run->mono_ms, out);
	while (out->step == ORDER_WAIT) {
		run->mono_ms += out->wait_ms;
		run->waited_ms += out->wait_ms;
		order_next(run->order, run->mono_ms, out);
	}
}

static void
play(struct run *run, const struct turn *turns, size_t n)
{
	struct order_action a;

	for (size_t i = 0; i < n; i++, run->turn++) {
		next(run, &a);
		if (!slice_ends_with(slice_str(step_name(&a)),
			slice_str(turns[i].expects)) ||
		    (turns[i].expects[0] == '\0' && a.url != NULL))
			fail_msg("turn %zu: wants \"%s\", not \"%s\" (%s)",
			    run->turn, step_name(&a), turns[i].expects,
			    run->order->problem.fault.text);
		if (a.step == ORDER_REQUEST)
			answer(run, &turns[i]);
		else if (a.step == ORDER_PUBLISH)
			order_published(run->order);
		else if (a.step == ORDER_MAKE_CSR)
			order_take_csr(run->order, SLICE("csr"));
	}
}

static void
end(struct run *run)
{
	order_free(run->order);
}

#define PLAY(run, ...)                                                         \
	do {                                                                   \
		static const struct turn turns_[] = {__VA_ARGS__};             \
		play(run, turns_, COUNT_OF(turns_));                           \
	} while (0)

static void
assert_failed(struct run *run, const char *code, enum problem_class class)
{
	const struct problem *p = &run->order->problem;

	PLAY(run, {.expects = "GIVE_UP"});
	assert_string_equal(fault_code_name(p->fault.code), code);
	assert_int_equal(p->class, class);
	end(run);
}

/* The common beginning: up to the posted challenge. */
#define NEW_ORDER                                                              \
	{                                                                      \
		"", 201, ORDER_PENDING, CA "/order/1", NULL                    \
	}
#define CHALLENGED                                                             \
	NEW_ORDER, {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL},               \
	    {.expects = "PUBLISH"},                                            \
	{                                                                      \
		"/chall/1", 200, CHALLENGE("pending", ""), NULL, NULL          \
	}

static void
an_order_goes_its_way_to_the_certificate(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"},
	    {"/finalize/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL},
	    {"/cert/1", 200, "PEM", NULL, NULL}, {.expects = "TAKE"});
	assert_true(slice_eq(buf_slice(&run.order->certificate), SLICE("PEM")));
	/* 50 and 100 for the authorization, 50 and 100 for the order */
	assert_int_equal(run.waited_ms, 300);
	end(&run);
}

static void
requests_say_what_the_protocol_wants(void **state)
{
	struct order_action a;
	struct run run;

	(void)state;
	start(&run, NULL);
	next(&run, &a);
	assert_true(slice_eq(a.payload,
	    SLICE("{\"identifiers\":[{\"type\":\"dns\",\"value\":\"" HOST
		  "\"}]}")));
	PLAY(&run, NEW_ORDER);
	next(&run, &a);
	assert_int_equal(a.payload.n, 0); /* POST-as-GET */
	PLAY(&run, {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL},
	    {.expects = "PUBLISH"});
	assert_string_equal(run.order->challenge.token, "tok_en-1");
	next(&run, &a);
	assert_true(slice_eq(a.payload, SLICE("{}")));
	PLAY(&run, {"/chall/1", 200, "", NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	next(&run, &a);
	assert_true(slice_eq(a.payload, SLICE("{\"csr\":\"Y3Ny\"}")));
	end(&run);
}

static void
a_profile_is_asked_for(void **state)
{
	static const char *const names[] = {"a.test", "b.test"};
	struct order *o = order_new(names, 2, "shortlived", NULL, 0);
	struct order_action a;

	(void)state;
	order_next(o, 0, &a);
	assert_true(slice_eq(
	    a.payload, SLICE("{\"identifiers\":["
			     "{\"type\":\"dns\",\"value\":\"a.test\"},"
			     "{\"type\":\"dns\",\"value\":\"b.test\"}],"
			     "\"profile\":\"shortlived\"}")));
	order_free(o);
}

static void
an_order_born_ready_needs_no_challenge(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"}, {"/finalize/1", 200, ORDER_VALID, NULL, NULL},
	    {"/cert/1", 200, "PEM", NULL, NULL}, {.expects = "TAKE"});
	assert_int_equal(run.waited_ms, 0);
	end(&run);
}

static void
a_valid_authorization_is_not_challenged_again(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, NEW_ORDER, {"/authz/1", 200, AUTHZ_VALID, NULL, NULL},
	    {.expects = "CSR"});
	end(&run);
}

static void
several_names_are_validated_side_by_side(void **state)
{
	static const char *const names[] = {"a.test", "b.test", "c.test"};
	struct run run = {.mono_ms = 1};

	(void)state;
	run.order = order_new(names, 3, "", NULL, 1);
	PLAY(&run,
	    {"", 201,
		"{\"status\":\"pending\",\"finalize\":\"" CA "/f\","
		"\"authorizations\":[\"" CA "/1\",\"" CA "/2\",\"" CA "/3\"]}",
		CA "/o", NULL},
	    {"/1", 200, AUTHZ_OF("a.test", "pending", CHALLENGE("pending", "")),
		NULL, NULL},
	    {.expects = "PUBLISH"}, {"/chall/1", 200, "{}", NULL, NULL},
	    {"/2", 200, AUTHZ_OF("b.test", "valid", ""), NULL, NULL},
	    {"/3", 200, AUTHZ_OF("c.test", "pending", CHALLENGE("pending", "")),
		NULL, NULL},
	    {.expects = "PUBLISH"}, {"/chall/1", 200, "{}", NULL, NULL},
	    {"/1", 200, AUTHZ_OF("a.test", "valid", ""), NULL, NULL},
	    {"/3", 200, AUTHZ_OF("c.test", "valid", ""), NULL, NULL},
	    {.expects = "CSR"});
	end(&run);
}

static void
unknown_challenges_and_members_are_passed_over(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, NEW_ORDER,
	    {"/authz/1", 200,
		AUTHZ("pending",
		    "{\"type\":\"dns-persist-01\",\"status\":\"pending\","
		    "\"issuer-domain-names\":[\"ca.test\"]},17,"
		    "{\"type\":\"http-01\",\"token\":\"../x\",\"url\":\"" CA
		    "/bad\"}," CHALLENGE("pending", ",\"new\":{\"a\":[1]}")),
		NULL, NULL},
	    {.expects = "PUBLISH"}, {"/chall/1", 200, "{}", NULL, NULL});
	end(&run);
}

static void
no_challenge_that_we_know_needs_a_person(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, NEW_ORDER,
	    {"/authz/1", 200,
		AUTHZ("pending", "{\"type\":\"dns-01\",\"token\":\"t\"}"), NULL,
		NULL});
	assert_failed(&run, "A27", PROBLEM_PERSON);
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

		start(&run, NULL);
		PLAY(&run, CHALLENGED);
		play(&run, &last, 1);
		assert_true(run.order->problem.is_validation);
		assert_non_null(strstr(run.order->problem.fault.text, HOST));
		if (strcmp(cases[i].code, "A22") != 0)
			assert_non_null(strstr(
			    run.order->problem.fault.text, "the CA's words"));
		assert_failed(&run, cases[i].code, PROBLEM_BACK_OFF);
	}
}

static void
an_error_while_the_ca_still_tries_is_waited_out(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, CHALLENGED,
	    {"/authz/1", 200,
		AUTHZ("pending",
		    CHALLENGE("processing", ",\"error\":" PROBLEM("dns"))),
		NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	end(&run);
}

static void
an_order_that_becomes_invalid_says_why(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"},
	    {"/finalize/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_OF("invalid", ",\"error\":" PROBLEM("caa")),
		NULL, NULL});
	assert_failed(&run, "A15", PROBLEM_PERSON);
	start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_OF("invalid", ""), CA "/order/1", NULL});
	assert_failed(&run, "A22", PROBLEM_BACK_OFF);
}

static void
a_refused_order_is_told_by_its_type(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 400, PROBLEM("rejectedIdentifier"), NULL, NULL});
	assert_failed(&run, "A16", PROBLEM_PERSON);
	start(&run, NULL);
	PLAY(&run, {"", 429, PROBLEM("rateLimited"), NULL, "3600"});
	assert_int_equal(run.order->problem.retry_at, NOW + 3600);
	assert_failed(&run, "A13", PROBLEM_WAIT);
}

static void
a_refused_csr_is_told_as_such(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"},
	    {"/finalize/1", 400, PROBLEM("malformed"), NULL, NULL});
	assert_failed(&run, "A23", PROBLEM_BACK_OFF);
}

static void
polls_start_fast_and_slow_down(void **state)
{
	static const int64_t pauses[] = {
	    50, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
	struct turn poll = {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL};
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, CHALLENGED);
	for (size_t i = 0; i < COUNT_OF(pauses); i++) {
		run.waited_ms = 0;
		play(&run, &poll, 1);
		assert_int_equal(run.waited_ms, pauses[i]);
	}
	poll.retry_after = "17";
	play(&run, &poll, 1);
	run.waited_ms = 0;
	play(&run, &poll, 1);
	assert_int_equal(run.waited_ms, 17000);
	end(&run);
}

static void
an_order_that_never_ends_is_given_up(void **state)
{
	struct turn poll = {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL};
	struct order_action a;
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, CHALLENGED);
	for (int i = 0; i < 1000; i++) {
		next(&run, &a);
		if (a.step == ORDER_GIVE_UP)
			break;
		answer(&run, &poll);
	}
	assert_true(run.mono_ms <= 1000 + ORDER_TIME_MAX_MS + 5000);
	assert_failed(&run, "A22", PROBLEM_BACK_OFF);
}

static void
a_lost_answer_is_asked_for_again(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 0, "", NULL, NULL},
	    {"/authz/1", 502, "<html>", NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"},
	    {"/finalize/1", 503, "", NULL, "2"},
	    {"/finalize/1", 200, ORDER_VALID, NULL, NULL});
	assert_int_equal(run.waited_ms, 50 + 1000 + 4000 + 2000);
	end(&run);
}

static void
a_ca_that_is_away_ends_the_order(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 0, "", NULL, NULL}); /* nothing is lost yet: at once */
	assert_failed(&run, "A11", PROBLEM_BACK_OFF);
	start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 0, "", NULL, NULL},
	    {"/authz/1", 0, "", NULL, NULL}, {"/authz/1", 0, "", NULL, NULL},
	    {"/authz/1", 0, "", NULL, NULL});
	assert_failed(&run, "A11", PROBLEM_BACK_OFF);
}

static void
a_written_down_order_goes_on_where_it_stands(void **state)
{
	struct run run;

	(void)state;
	start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_PENDING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	end(&run);
	start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_IS_READY, NULL, NULL},
	    {.expects = "CSR"});
	end(&run);
	start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL},
	    {"/cert/1", 200, "PEM", NULL, NULL}, {.expects = "TAKE"});
	end(&run);
}

static void
a_challenge_posted_twice_is_no_failure(void **state)
{
	struct run run;

	(void)state;
	start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_PENDING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL},
	    {.expects = "PUBLISH"},
	    {"/chall/1", 400, PROBLEM("malformed"), NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	end(&run);
}

static void
an_order_the_ca_forgot_is_made_again_once(void **state)
{
	struct run run;

	(void)state;
	start(&run, CA "/order/0");
	PLAY(&run, {"/order/0", 404, "", NULL, NULL}, NEW_ORDER);
	assert_string_equal(run.order->url, CA "/order/1");
	end(&run);
}

static void
an_order_that_is_not_ready_is_asked_about(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"},
	    {"/finalize/1", 403, PROBLEM("orderNotReady"), NULL, NULL},
	    {"/order/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL});
	end(&run);
}

static void
an_order_that_is_never_ready_ends(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL});
	for (int i = 0; i < 5; i++)
		PLAY(&run, {.expects = "CSR"},
		    {"/finalize/1", 403, PROBLEM("orderNotReady"), NULL, NULL},
		    {"/order/1", 200, ORDER_IS_READY, NULL, NULL});
	PLAY(&run, {.expects = "CSR"},
	    {"/finalize/1", 403, PROBLEM("orderNotReady"), NULL, NULL});
	assert_failed(&run, "A23", PROBLEM_STATE);
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

		start(&run, NULL);
		play(&run, &cases[i], 1);
		assert_failed(&run, "A12", PROBLEM_BACK_OFF);
	}
}

static void
an_authorization_for_another_name_is_refused(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	PLAY(&run, NEW_ORDER,
	    {"/authz/1", 200,
		AUTHZ_OF("evil.test", "pending", CHALLENGE("pending", "")),
		NULL, NULL});
	assert_failed(&run, "A12", PROBLEM_BACK_OFF);
}

static void
every_step_is_to_be_written_down(void **state)
{
	struct run run;

	(void)state;
	start(&run, NULL);
	assert_false(run.order->is_changed);
	PLAY(&run, NEW_ORDER);
	assert_true(run.order->is_changed);
	assert_string_equal(order_state_text(run.order->state), "authorizing");
	run.order->is_changed = false;
	PLAY(&run, {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL});
	assert_true(run.order->is_changed);
	end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_order_goes_its_way_to_the_certificate),
	    cmocka_unit_test(requests_say_what_the_protocol_wants),
	    cmocka_unit_test(a_profile_is_asked_for),
	    cmocka_unit_test(an_order_born_ready_needs_no_challenge),
	    cmocka_unit_test(a_valid_authorization_is_not_challenged_again),
	    cmocka_unit_test(several_names_are_validated_side_by_side),
	    cmocka_unit_test(unknown_challenges_and_members_are_passed_over),
	    cmocka_unit_test(no_challenge_that_we_know_needs_a_person),
	    cmocka_unit_test(
		a_failed_challenge_ends_the_order_with_the_cas_words),
	    cmocka_unit_test(an_error_while_the_ca_still_tries_is_waited_out),
	    cmocka_unit_test(an_order_that_becomes_invalid_says_why),
	    cmocka_unit_test(a_refused_order_is_told_by_its_type),
	    cmocka_unit_test(a_refused_csr_is_told_as_such),
	    cmocka_unit_test(polls_start_fast_and_slow_down),
	    cmocka_unit_test(an_order_that_never_ends_is_given_up),
	    cmocka_unit_test(a_lost_answer_is_asked_for_again),
	    cmocka_unit_test(a_ca_that_is_away_ends_the_order),
	    cmocka_unit_test(a_written_down_order_goes_on_where_it_stands),
	    cmocka_unit_test(a_challenge_posted_twice_is_no_failure),
	    cmocka_unit_test(an_order_the_ca_forgot_is_made_again_once),
	    cmocka_unit_test(an_order_that_is_not_ready_is_asked_about),
	    cmocka_unit_test(an_order_that_is_never_ready_ends),
	    cmocka_unit_test(answers_without_sense_end_the_order),
	    cmocka_unit_test(an_authorization_for_another_name_is_refused),
	    cmocka_unit_test(every_step_is_to_be_written_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
