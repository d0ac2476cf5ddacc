#include "tests/unit/play.h"

static void
an_order_goes_its_way_to_the_certificate(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"},
	    {"/finalize/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL},
	    {"/cert/1", 200, "PEM", NULL, NULL}, {.expects = "TAKE"});
	assert_true(slice_eq(buf_slice(&run.order->certificate), SLICE("PEM")));
	/* 50 and 100 for the authorization, 50 and 100 for the order */
	assert_int_equal(run.waited_ms, 300);
	play_end(&run);
}

static void
requests_say_what_the_protocol_wants(void **state)
{
	struct order_action a;
	struct run run;

	(void)state;
	play_start(&run, NULL);
	play_next(&run, &a);
	assert_true(slice_eq(a.payload,
	    SLICE("{\"identifiers\":[{\"type\":\"dns\",\"value\":\"" HOST
		  "\"}]}")));
	PLAY(&run, NEW_ORDER);
	play_next(&run, &a);
	assert_int_equal(a.payload.n, 0); /* POST-as-GET */
	PLAY(&run, {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL},
	    {.expects = "PUBLISH"});
	assert_string_equal(run.order->challenge.token, "tok_en-1");
	play_next(&run, &a);
	assert_true(slice_eq(a.payload, SLICE("{}")));
	PLAY(&run, {"/chall/1", 200, "", NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	play_next(&run, &a);
	assert_true(slice_eq(a.payload, SLICE("{\"csr\":\"Y3Ny\"}")));
	play_end(&run);
}

static void
a_profile_is_asked_for(void **state)
{
	static const char *const names[] = {"a.test", "b.test"};
	struct order *o =
	    order_new(names, 2, "shortlived", &play_choice, NULL, 0);
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
	play_start(&run, NULL);
	PLAY(&run, {"", 201, ORDER_IS_READY, CA "/order/1", NULL},
	    {.expects = "CSR"}, {"/finalize/1", 200, ORDER_VALID, NULL, NULL},
	    {"/cert/1", 200, "PEM", NULL, NULL}, {.expects = "TAKE"});
	assert_int_equal(run.waited_ms, 0);
	play_end(&run);
}

static void
a_valid_authorization_is_not_challenged_again(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, NEW_ORDER, {"/authz/1", 200, AUTHZ_VALID, NULL, NULL},
	    {.expects = "CSR"});
	play_end(&run);
}

static void
several_names_are_validated_side_by_side(void **state)
{
	static const char *const names[] = {"a.test", "b.test", "c.test"};
	struct run run = {.mono_ms = 1};

	(void)state;
	run.order = order_new(names, 3, "", &play_choice, NULL, 1);
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
	play_end(&run);
}

static void
unknown_challenges_and_members_are_passed_over(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, NEW_ORDER,
	    {"/authz/1", 200,
		AUTHZ("pending",
		    "{\"type\":\"dns-persist-01\",\"status\":\"pending\","
		    "\"issuer-domain-names\":[\"ca.test\"]},17,"
		    "{\"type\":\"http-01\",\"token\":\"../x\",\"url\":\"" CA
		    "/bad\"}," CHALLENGE("pending", ",\"new\":{\"a\":[1]}")),
		NULL, NULL},
	    {.expects = "PUBLISH"}, {"/chall/1", 200, "{}", NULL, NULL});
	play_end(&run);
}

static void
polls_start_fast_and_slow_down(void **state)
{
	static const int64_t pauses[] = {
	    50, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
	struct turn poll = {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL};
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED);
	for (size_t i = 0; i < COUNT_OF(pauses); i++) {
		run.waited_ms = 0;
		play_turns(&run, &poll, 1);
		assert_int_equal(run.waited_ms, pauses[i]);
	}
	poll.retry_after = "17";
	play_turns(&run, &poll, 1);
	run.waited_ms = 0;
	play_turns(&run, &poll, 1);
	assert_int_equal(run.waited_ms, 17000);
	play_end(&run);
}

static void
an_order_that_never_ends_is_given_up(void **state)
{
	struct turn poll = {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL};
	struct order_action a;
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED);
	for (int i = 0; i < 1000; i++) {
		play_next(&run, &a);
		if (a.step == ORDER_GIVE_UP)
			break;
		play_answer(&run, &poll);
	}
	assert_true(run.mono_ms <= 1000 + ORDER_TIME_MAX_MS + 5000);
	play_assert_failed(&run, "A22", PROBLEM_BACK_OFF);
}

static void
a_written_down_order_goes_on_where_it_stands(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_PENDING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_PROCESSING, NULL, NULL},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"});
	play_end(&run);
	play_start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_IS_READY, NULL, NULL},
	    {.expects = "CSR"});
	play_end(&run);
	play_start(&run, CA "/order/1");
	PLAY(&run, {"/order/1", 200, ORDER_IN_PROCESS, NULL, NULL},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL},
	    {"/cert/1", 200, "PEM", NULL, NULL}, {.expects = "TAKE"});
	play_end(&run);
}

static void
every_step_is_to_be_written_down(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	assert_false(run.order->is_changed);
	PLAY(&run, NEW_ORDER);
	assert_true(run.order->is_changed);
	assert_string_equal(order_state_text(run.order->state), "authorizing");
	run.order->is_changed = false;
	PLAY(&run, {"/authz/1", 200, AUTHZ_PENDING, NULL, NULL});
	assert_true(run.order->is_changed);
	play_end(&run);
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
	    cmocka_unit_test(polls_start_fast_and_slow_down),
	    cmocka_unit_test(an_order_that_never_ends_is_given_up),
	    cmocka_unit_test(a_written_down_order_goes_on_where_it_stands),
	    cmocka_unit_test(every_step_is_to_be_written_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
