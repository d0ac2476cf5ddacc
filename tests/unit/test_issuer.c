/*
 * The issuer against a real CA: Debian's pebble.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/issuing.h"
#include "tests/unit/test.h"

static struct pebble pebble;
static struct pebble grumpy; /* refuses 30 % of good nonces */

static void
assert_result(const char *code, const char *words)
{
	char got[16], text[ISSUING_TEXT_SIZE];
	long number;

	issuing_result(got, text, &number);
	if (strcmp(got, code) != 0 || strstr(text, words) == NULL)
		fail_msg("%s: %s", got, text);
}

static void
a_certificate_is_issued_in_no_time(void **state)
{
	static const struct issuing_plan plan = {
	    .ca = &pebble, .names = {"www.shop.test"}, .n_names = 1};
	char code[16], text[ISSUING_TEXT_SIZE];
	long ms;

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
	issuing_result(code, text, &ms);
	print_message("from order to certificate: %ld ms\n", ms);
	assert_true(ms < 5000);
	assert_int_equal(issuing_count("SELECT count(*) FROM challenge"), 0);
	assert_int_equal(
	    issuing_count("SELECT count(*) FROM acme_order WHERE "
			  "state = 'valid' AND ended_at IS NOT NULL"),
	    1);
	assert_int_equal(
	    issuing_count("SELECT count(*) FROM attempt WHERE kind = 'order'"),
	    1);
	assert_int_equal(
	    issuing_count("SELECT count(*) FROM account WHERE url IS NOT NULL"),
	    1);
}

static void
one_certificate_may_have_several_names(void **state)
{
	static const struct issuing_plan plan = {.ca = &pebble,
	    .names = {"a.shop.test", "b.shop.test", "c.shop.test"},
	    .n_names = 3};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
}

static void
an_account_is_registered_once(void **state)
{
	struct issuing_plan plan = {
	    .ca = &pebble, .names = {"one.test"}, .n_names = 1};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
	plan.names[0] = "two.test";
	assert_int_equal(issuing_run(&plan), ISSUED);
	assert_int_equal(issuing_count("SELECT count(*) FROM account"), 1);
}

static void
refused_nonces_do_not_matter(void **state)
{
	static const struct issuing_plan plan = {
	    .ca = &grumpy, .names = {"www.shop.test"}, .n_names = 1};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
}

static void
a_wrong_answer_fails_with_the_cas_words(void **state)
{
	static const struct issuing_plan plan = {
	    .ca = &pebble, .names = {"wrong.test"}, .n_names = 1};

	(void)state;
	assert_int_equal(issuing_run(&plan), FAILED);
	assert_result("A18", "wrong.test");
	assert_int_equal(issuing_count("SELECT count(*) FROM challenge"), 0);
	assert_int_equal(issuing_count("SELECT count(*) FROM attempt WHERE "
				       "kind = 'failed_validation' AND "
				       "host = 'wrong.test'"),
	    1);
	assert_int_equal(
	    issuing_count("SELECT count(*) FROM acme_order WHERE "
			  "state = 'failed' AND fault_code = 'A18'"),
	    1);
}

static void
a_name_nobody_listens_at_fails_with_the_cas_words(void **state)
{
	static const struct issuing_plan plan = {
	    .ca = &pebble, .names = {"refused.test"}, .n_names = 1};

	(void)state;
	pebble_set_a(&pebble, "refused.test.", "127.0.0.2");
	assert_int_equal(issuing_run(&plan), FAILED);
	assert_result("A17", "refused");
}

static void
a_name_the_ca_does_not_serve_needs_a_person(void **state)
{
	static const struct issuing_plan plan = {
	    .ca = &pebble, .names = {"www.blocked.test"}, .n_names = 1};

	(void)state;
	assert_int_equal(issuing_run(&plan), NEEDS_PERSON);
	assert_result("A16", "blocked.test");
}

static void
a_ca_that_is_away_is_tried_again_soon(void **state)
{
	static struct pebble nobody;
	static const struct issuing_plan plan = {
	    .ca = &nobody, .names = {"www.shop.test"}, .n_names = 1};
	char code[16], text[ISSUING_TEXT_SIZE];
	long seconds;

	(void)state;
	snprintf(nobody.directory, sizeof(nobody.directory),
	    "https://127.0.0.1:%d/dir", pebble_free_port());
	assert_int_equal(issuing_run(&plan), FAILED);
	issuing_result(code, text, &seconds);
	assert_string_equal(code, "A11");
	assert_in_range(seconds, 50, 60);
}

static void
orders_that_cannot_be_are_refused_at_once(void **state)
{
	struct issuing_plan plan = {.ca = &pebble,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .no_terms = true};

	(void)state;
	assert_int_equal(issuing_run(&plan), REFUSED);
	assert_result("A10", "");
	plan.no_terms = false;
	plan.names[0] = "*.shop.test";
	assert_int_equal(issuing_run(&plan), REFUSED);
	assert_result("A27", "*.shop.test");
}

static void
a_certificate_is_offered_until_it_is_taken(void **state)
{
	static const struct issuing_plan plan = {.ca = &pebble,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .refusals = 1};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
}

static void
a_certificate_that_will_never_do_ends_the_order(void **state)
{
	static const struct issuing_plan plan = {.ca = &pebble,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .is_unfit = true};

	(void)state;
	assert_int_equal(issuing_run(&plan), FAILED);
	assert_result("A24", "no good here");
	assert_int_equal(issuing_count("SELECT count(*) FROM acme_order WHERE "
				       "ended_at IS NULL"),
	    0);
	assert_int_equal(issuing_count("SELECT count(*) FROM challenge"), 0);
}

static void
what_is_too_much_at_once_waits_in_line(void **state)
{
	static const struct issuing_plan plan = {.ca = &pebble,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .n_more = 20};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
	assert_int_equal(issuing_count("SELECT count(*) FROM acme_order "
				       "WHERE state = 'valid'"),
	    21);
}

static void
who_needs_it_soonest_is_ordered_for_first(void **state)
{
	static const struct issuing_plan plan = {.ca = &pebble,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .n_more = 6,
	    .by_urgency = true};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
	assert_int_equal(
	    issuing_count(
		"SELECT group_concat(host, ' ') = 'n2.more.test n5.more.test "
		"www.shop.test n1.more.test n4.more.test n3.more.test "
		"n0.more.test' FROM (SELECT host FROM attempt "
		"WHERE kind = 'order' ORDER BY id)"),
	    1);
}

static void
a_cancelled_order_leaves_nothing_open(void **state)
{
	static const struct issuing_plan plan = {.ca = &pebble,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .cancel = true};
	static const struct issuing_plan resume = {.ca = &pebble};

	(void)state;
	assert_int_equal(issuing_run(&plan), ISSUED);
	assert_int_equal(issuing_run(&resume), NOTHING);
	assert_int_equal(issuing_count("SELECT count(*) FROM acme_order WHERE "
				       "state = 'cancelled'"),
	    1);
}

static void
what_was_killed_goes_on_where_it_stood(void **state)
{
	static const struct {
		const char *kill_at;
		bool after_send;
	} cases[] = {{"new", false}, {"new", true}, {"authorizing", false},
	    {"authorizing", true}, {"challenging", false},
	    {"challenging", true}, {"validating", false}, {"finalizing", false},
	    {"finalizing", true}, {"processing", false}, {"processing", true},
	    {"downloading", false}, {"downloading", true}};
	static const struct issuing_plan resume = {.ca = &pebble};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct issuing_plan plan = {.ca = &pebble,
		    .names = {"www.shop.test"},
		    .n_names = 1,
		    .kill_at = cases[i].kill_at,
		    .kill_after_send = cases[i].after_send};
		int outcome;

		issuing_fresh_store(state);
		outcome = issuing_run(&plan);
		if (outcome == ISSUED && cases[i].after_send)
			continue; /* it was faster than the knife */
		if (outcome != -SIGKILL)
			fail_msg("%s: %d", cases[i].kill_at, outcome);
		outcome = issuing_run(&resume);
		if (outcome != ISSUED)
			fail_msg(
			    "%s: resumed to %d", cases[i].kill_at, outcome);
		/* no second order, no second account */
		assert_int_equal(
		    issuing_count("SELECT count(*) FROM acme_order"), 1);
		assert_int_equal(
		    issuing_count(
			"SELECT count(*) FROM attempt WHERE kind = 'order'"),
		    1);
		assert_int_equal(
		    issuing_count("SELECT count(*) FROM account"), 1);
	}
}

static void
an_order_of_a_ca_that_lost_its_memory_is_made_again(void **state)
{
	static struct pebble other;
	struct issuing_plan plan = {.ca = &other,
	    .names = {"www.shop.test"},
	    .n_names = 1,
	    .kill_at = "validating"};
	static const struct issuing_plan resume = {.ca = &other};

	(void)state;
	other = pebble; /* same DNS, same certificates, another CA */
	pebble_start_ca(&other, issuing_http_port, 0);
	assert_int_equal(issuing_run(&plan), -SIGKILL);
	pebble_stop_child(&other.ca);
	pebble_start_ca_at(&other, other.port, issuing_http_port, 0);
	assert_int_equal(issuing_run(&resume), ISSUED);
	pebble_stop_child(&other.ca);
}

static int
start(void **state)
{
	(void)state;
	pebble_init(&pebble);
	issuing_start(pebble.dir);
	grumpy = pebble;
	pebble_start_ca(&pebble, issuing_http_port, 0);
	pebble_start_ca(&grumpy, issuing_http_port, 30);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	issuing_stop();
	pebble_stop_child(&grumpy.ca);
	pebble_clear(&pebble);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		a_certificate_is_issued_in_no_time, issuing_fresh_store),
	    cmocka_unit_test_setup(
		one_certificate_may_have_several_names, issuing_fresh_store),
	    cmocka_unit_test_setup(
		an_account_is_registered_once, issuing_fresh_store),
	    cmocka_unit_test_setup(
		refused_nonces_do_not_matter, issuing_fresh_store),
	    cmocka_unit_test_setup(
		a_wrong_answer_fails_with_the_cas_words, issuing_fresh_store),
	    cmocka_unit_test_setup(
		a_name_nobody_listens_at_fails_with_the_cas_words,
		issuing_fresh_store),
	    cmocka_unit_test_setup(a_name_the_ca_does_not_serve_needs_a_person,
		issuing_fresh_store),
	    cmocka_unit_test_setup(
		a_ca_that_is_away_is_tried_again_soon, issuing_fresh_store),
	    cmocka_unit_test_setup(
		orders_that_cannot_be_are_refused_at_once, issuing_fresh_store),
	    cmocka_unit_test_setup(a_certificate_is_offered_until_it_is_taken,
		issuing_fresh_store),
	    cmocka_unit_test_setup(
		a_certificate_that_will_never_do_ends_the_order,
		issuing_fresh_store),
	    cmocka_unit_test_setup(
		what_is_too_much_at_once_waits_in_line, issuing_fresh_store),
	    cmocka_unit_test_setup(
		who_needs_it_soonest_is_ordered_for_first, issuing_fresh_store),
	    cmocka_unit_test_setup(
		a_cancelled_order_leaves_nothing_open, issuing_fresh_store),
	    cmocka_unit_test_setup(
		what_was_killed_goes_on_where_it_stood, issuing_fresh_store),
	    cmocka_unit_test_setup(
		an_order_of_a_ca_that_lost_its_memory_is_made_again,
		issuing_fresh_store),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
