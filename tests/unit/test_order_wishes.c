/*
 * What may be wished of an order beside names: a profile, a certificate that it
 * replaces, a chain that ends somewhere.
 */
#include <stdlib.h>

#include "tests/unit/pki.h"
#include "tests/unit/play.h"

#define REPLACED "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"

static bool
payload_has(struct run *run, const char *words)
{
	struct order_action a;
	char *text;
	bool has;

	play_next(run, &a);
	text = xstrdup_slice(a.payload);
	has = strstr(text, words) != NULL;
	free(text);
	return has;
}

static void
what_is_replaced_is_told(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	assert_false(payload_has(&run, "replaces"));
	order_ask(run.order, REPLACED, NULL);
	assert_true(payload_has(&run, "\"replaces\":\"" REPLACED "\""));
	play_end(&run);
}

static void
a_failed_check_of_it_costs_one_more_try_without(void **state)
{
	static const struct turn refusals[] = {
	    {"", 409, PROBLEM("alreadyReplaced"), NULL, NULL},
	    {"", 400, PROBLEM("malformed"), NULL, NULL},
	    {"", 403, PROBLEM("unauthorized"), NULL, NULL},
	    {"", 404, PROBLEM("malformed"), NULL, NULL},
	    {"", 409, "", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct run run;

		play_start(&run, NULL);
		order_ask(run.order, REPLACED, NULL);
		play_turns(&run, &refusals[i], 1);
		assert_false(payload_has(&run, "replaces"));
		PLAY(&run, NEW_ORDER,
		    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL},
		    {.expects = "CSR"});
		play_end(&run);
	}
}

static void
it_is_tried_without_only_once(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	order_ask(run.order, REPLACED, NULL);
	PLAY(&run, {"", 400, PROBLEM("malformed"), NULL, NULL},
	    {"", 400, PROBLEM("malformed"), NULL, NULL});
	play_assert_failed(&run, "A22", PROBLEM_BACK_OFF);
}

static void
other_refusals_are_not_about_it(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	order_ask(run.order, REPLACED, NULL);
	PLAY(&run, {"", 400, PROBLEM("rejectedIdentifier"), NULL, NULL});
	play_assert_failed(&run, "A16", PROBLEM_PERSON);
	play_start(&run, NULL);
	order_ask(run.order, REPLACED, NULL);
	PLAY(&run, {"", 429, PROBLEM("rateLimited"), NULL, "60"});
	play_assert_failed(&run, "A13", PROBLEM_WAIT);
}

static void
a_refused_profile_ends_the_order_of_a_new_name(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	order_set_profile(run.order, "retired");
	assert_true(payload_has(&run, "\"profile\":\"retired\""));
	PLAY(&run, {"", 400, PROBLEM("invalidProfile"), NULL, NULL});
	play_assert_failed(&run, "A31", PROBLEM_PERSON);
}

static void
a_renewal_goes_on_without_a_refused_profile(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	order_set_profile(run.order, "retired");
	run.order->is_renewal = true;
	PLAY(&run, {"", 400, PROBLEM("invalidProfile"), NULL, NULL});
	assert_false(payload_has(&run, "profile"));
	PLAY(&run, NEW_ORDER);
	play_end(&run);
}

/* --- chains -------------------------------------------------------------- */

/* One intermediate under two roots. */
struct chains {
	struct pki *roots[2], *middles[2], *leaf;
	char *pem[2];
};

static void
chains_make(struct chains *c)
{
	c->roots[0] = pki_root("Root One");
	c->roots[1] = pki_root("Root Two");
	c->middles[0] = pki_ca("Middle", c->roots[0]);
	c->middles[1] = pki_ca("Middle", c->roots[1]);
	c->leaf = pki_leaf(HOST, c->middles[0]);
	for (int i = 0; i < 2; i++)
		c->pem[i] = xasprintf("%s%s", c->leaf->pem, c->middles[i]->pem);
}

static void
chains_clear(struct chains *c)
{
	for (int i = 0; i < 2; i++) {
		free(c->pem[i]);
		pki_free(c->middles[i]);
		pki_free(c->roots[i]);
	}
	pki_free(c->leaf);
}

static void
start_download(struct run *run, const char *preferred)
{
	play_start(run, NULL);
	order_ask(run->order, NULL, preferred);
	PLAY(run, {"", 201, ORDER_VALID, CA "/order/1", NULL});
}

static void
download(struct run *run, const char *expects, int status, const char *pem)
{
	struct acme_response r = {
	    .status = status,
	    .body = slice_str(pem),
	    .location = "",
	    .retry_after = "",
	    .links = {"<" CA "/dir>;rel=\"index\"",
		"<" CA "/cert/1/1>;rel=\"alternate\"",
		"<" CA "/cert/1/2>;rel=\"alternate\""},
	    .n_links = 3,
	};
	struct order_action a;

	play_next(run, &a);
	assert_int_equal(a.step, ORDER_REQUEST);
	assert_true(slice_ends_with(slice_str(a.url), slice_str(expects)));
	assert_int_equal(a.payload.n, 0);
	order_answer(run->order, &r);
}

static void
assert_taken(struct run *run, const char *pem)
{
	PLAY(run, {.expects = "TAKE"});
	assert_true(
	    slice_eq(buf_slice(&run->order->certificate), slice_str(pem)));
	play_end(run);
}

static void
the_default_chain_is_taken_when_none_is_preferred(void **state)
{
	struct chains c;
	struct run run;

	(void)state;
	chains_make(&c);
	start_download(&run, "");
	download(&run, "/cert/1", 200, c.pem[0]);
	assert_taken(&run, c.pem[0]);
	start_download(&run, "Root One"); /* and when it is the default */
	download(&run, "/cert/1", 200, c.pem[0]);
	assert_taken(&run, c.pem[0]);
	chains_clear(&c);
}

static void
the_preferred_chain_is_looked_for_among_the_others(void **state)
{
	struct chains c;
	struct run run;

	(void)state;
	chains_make(&c);
	start_download(&run, "Root Two");
	download(&run, "/cert/1", 200, c.pem[0]);
	download(&run, "/cert/1/1", 404, "");
	download(&run, "/cert/1/2", 200, c.pem[1]);
	assert_taken(&run, c.pem[1]);
	chains_clear(&c);
}

static void
the_default_chain_is_taken_when_no_other_is_the_preferred(void **state)
{
	struct chains c;
	struct run run;

	(void)state;
	chains_make(&c);
	start_download(&run, "Root Three");
	download(&run, "/cert/1", 200, c.pem[0]);
	download(&run, "/cert/1/1", 200, c.pem[1]);
	download(&run, "/cert/1/2", 200, "nonsense");
	assert_taken(&run, c.pem[0]);
	chains_clear(&c);
}

/* --- patience ------------------------------------------------------------ */

static void
a_long_word_of_the_ca_is_waited_out(void **state)
{
	struct run run;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED, {"/authz/1", 200, AUTHZ_PROCESSING, NULL, "590"},
	    {"/authz/1", 503, "", NULL, "300"},
	    {"/authz/1", 200, AUTHZ_VALID, NULL, NULL}, {.expects = "CSR"},
	    {"/finalize/1", 200, ORDER_IN_PROCESS, NULL, "9999"},
	    {"/order/1", 200, ORDER_VALID, NULL, NULL});
	assert_in_range(run.waited_ms, 1490000, 1500000);
	play_end(&run);
}

static void
words_without_end_are_not_waited_out(void **state)
{
	struct turn poll = {"/authz/1", 200, AUTHZ_PROCESSING, NULL, "600"};
	struct order_action a;
	struct run run;
	int polls = 0;

	(void)state;
	play_start(&run, NULL);
	PLAY(&run, CHALLENGED);
	play_next(&run, &a);
	for (; a.step == ORDER_REQUEST && polls < 100; polls++) {
		play_answer(&run, &poll);
		play_next(&run, &a);
	}
	assert_in_range(polls, 6, 8);
	play_assert_failed(&run, "A22", PROBLEM_BACK_OFF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_replaced_is_told),
	    cmocka_unit_test(a_failed_check_of_it_costs_one_more_try_without),
	    cmocka_unit_test(it_is_tried_without_only_once),
	    cmocka_unit_test(other_refusals_are_not_about_it),
	    cmocka_unit_test(a_refused_profile_ends_the_order_of_a_new_name),
	    cmocka_unit_test(a_renewal_goes_on_without_a_refused_profile),
	    cmocka_unit_test(the_default_chain_is_taken_when_none_is_preferred),
	    cmocka_unit_test(
		the_preferred_chain_is_looked_for_among_the_others),
	    cmocka_unit_test(
		the_default_chain_is_taken_when_no_other_is_the_preferred),
	    cmocka_unit_test(a_long_word_of_the_ca_is_waited_out),
	    cmocka_unit_test(words_without_end_are_not_waited_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
