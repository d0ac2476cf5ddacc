#include "acme/ari.h"
#include "acme/renewal.h"
#include "acme/schedule.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1700000000)
#define DAY INT64_C(86400)

#define WINDOW                                                                 \
	"{\"suggestedWindow\":{\"start\":\"2023-11-20T00:00:00Z\","            \
	"\"end\":\"2023-11-21T00:00:00.500Z\"}"

static struct acme_response
response(int status, const char *body, const char *retry_after)
{
	return (struct acme_response){.status = status,
	    .body = slice_str(body),
	    .location = "",
	    .retry_after = retry_after,
	    .now = NOW};
}

static void
the_id_is_that_of_the_rfc(void **state)
{
	struct certificate c = {0};
	char id[ARI_ID_SIZE];

	(void)state;
	memcpy(c.issuer_key_id.p,
	    "\x69\x88\x5B\x6B\x87\x46\x40\x41\xE1\xB3\x7B\x84\x7B\xA0\xAE\x2C"
	    "\xDE\x01\xC8\xD4",
	    20);
	c.issuer_key_id.n = 20;
	memcpy(c.serial_bytes.p, "\x00\x87\x65\x43\x21", 5);
	c.serial_bytes.n = 5;
	assert_int_equal(ari_id(&c, id), ERR_OK);
	assert_string_equal(id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
	c.issuer_key_id.n = 0;
	assert_int_equal(ari_id(&c, id), ERR_NOT_FOUND);
}

static void
a_window_is_read(void **state)
{
	struct acme_response r = response(
	    200, WINDOW ",\"explanationURL\":\"https://ca.test/why\"}", "7200");
	struct ari_window w;
	struct fault f = {0};
	int64_t poll_at;

	(void)state;
	assert_int_equal(ari_read(&r, 2, &w, &poll_at, &f), ERR_OK);
	assert_int_equal(w.start_at, 1700438400);
	assert_int_equal(w.end_at, 1700438400 + DAY);
	assert_string_equal(w.explanation, "https://ca.test/why");
	assert_int_equal(poll_at, NOW + 7200);
}

static void
the_next_question_is_a_minute_to_a_day_away(void **state)
{
	static const struct {
		const char *retry_after;
		int64_t pause;
	} cases[] = {
	    {"1", 60},
	    {"60", 60},
	    {"21600", 21600},
	    {"864000", DAY},
	    {"", 21600},
	    {"soon", 21600},
	    {"99999999999999999999", DAY},
	    {"Wed, 15 Nov 2023 00:13:20 GMT", 7200},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct acme_response r =
		    response(200, WINDOW "}", cases[i].retry_after);
		struct ari_window w;
		struct fault f = {0};
		int64_t poll_at;

		assert_int_equal(ari_read(&r, 0, &w, &poll_at, &f), ERR_OK);
		assert_int_equal(poll_at - NOW, cases[i].pause);
	}
}

static void
what_may_pass_is_asked_again_soon_and_what_lasts_later(void **state)
{
	static const struct {
		int status, failures;
		int64_t pause;
	} cases[] = {
	    {500, 0, 60},
	    {503, 1, 600},
	    {0, 2, 6000},
	    {429, 3, 21600},
	    {404, 0, 21600},
	    {400, 0, 21600},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct acme_response r = response(cases[i].status, "", "");
		struct fault none = {0}, f = {0};
		struct ari_window w;
		int64_t poll_at;

		fault_set(&none, FAULT_A11_CA_UNREACHABLE, "refused");
		r.fault = &none;
		assert_int_equal(
		    ari_read(&r, cases[i].failures, &w, &poll_at, &f),
		    ERR_PEER);
		assert_true(fault_is_set(&f));
		assert_int_equal(poll_at - NOW, cases[i].pause);
	}
}

#define BETWEEN(start, end)                                                    \
	"{\"suggestedWindow\":{\"start\":\"" start "\",\"end\":\"" end "\"}}"

static void
no_window_is_a_fault_that_lasts(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "<html>",
	    "[]",
	    "{}",
	    "{\"suggestedWindow\":[]}",
	    "{\"suggestedWindow\":{\"start\":\"2023-11-20T00:00:00Z\"}}",
	    BETWEEN("2023-11-20T00:00:00Z", "2023-11-20T00:00:00Z"),
	    BETWEEN("2023-11-20T00:00:00Z", "2023-11-19T00:00:00Z"),
	    "{\"suggestedWindow\":{\"start\":1,\"end\":2}}",
	    "{\"suggestedWindow\":{\"start\":\"soon\",\"end\":\"later\"}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct acme_response r = response(200, bodies[i], "60");
		struct ari_window w;
		struct fault f = {0};
		int64_t poll_at;

		assert_int_equal(ari_read(&r, 0, &w, &poll_at, &f), ERR_SYNTAX);
		assert_string_equal(fault_code_name(f.code), "A12");
		assert_int_equal(poll_at - NOW, 21600);
	}
}

static void
an_instant_is_chosen_within_the_window(void **state)
{
	const struct ari_window w = {.start_at = 1000, .end_at = 1010};
	bool seen[10] = {false};

	(void)state;
	for (uint64_t random = 0; random < 1000; random += 7) {
		int64_t at = ari_choose(&w, random);

		assert_in_range(at, 1000, 1009);
		seen[at - 1000] = true;
	}
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		assert_true(seen[i]);
	assert_in_range(ari_choose(&w, UINT64_MAX), 1000, 1009);
}

static void
the_instant_is_kept_while_the_window_stands(void **state)
{
	struct acme_response r = response(200, WINDOW "}", "21600");
	struct renewal known = {.failures = 2};
	int64_t chosen;

	(void)state;
	assert_true(renewal_answered(&known, &r, 12345));
	assert_int_equal(known.failures, 0);
	assert_int_equal(known.answered_at, NOW);
	chosen = known.chosen_at;
	assert_in_range(chosen, 1700438400, 1700438400 + DAY - 1);
	assert_false(renewal_answered(&known, &r, 999));
	assert_int_equal(known.chosen_at, chosen);
	r = response(200,
	    "{\"suggestedWindow\":{\"start\":\"2023-11-01T00:00:00Z\","
	    "\"end\":\"2023-11-02T00:00:00Z\"}}",
	    "21600");
	assert_true(renewal_answered(&known, &r, 7));
	assert_true(known.chosen_at < NOW);
	r = response(500, "", "");
	chosen = known.chosen_at;
	assert_false(renewal_answered(&known, &r, 7));
	assert_int_equal(known.chosen_at, chosen);
	assert_int_equal(known.failures, 1);
	renewal_not_offered(&known, NOW);
	assert_int_equal(known.chosen_at, 0);
	assert_int_equal(known.poll_at, NOW + DAY);
}

static void
the_next_questions_of_many_are_spread(void **state)
{
	struct acme_response r = response(200, WINDOW "}", "21600");
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (uint64_t random = 0; random < 97; random++) {
		struct renewal known = {0};

		(void)renewal_answered(&known, &r, random);
		assert_in_range(known.poll_at - NOW, 21600, 21600 * 11 / 10);
		least = known.poll_at < least ? known.poll_at : least;
		most = known.poll_at > most ? known.poll_at : most;
	}
	assert_true(most - least > 21600 / 20);
}

static void
the_cas_wish_goes_before_our_own_plan(void **state)
{
	const int64_t end = NOW + 90 * DAY, ours = NOW + 60 * DAY;
	struct renewal r = {
	    .chosen_at = NOW + 70 * DAY, .answered_at = NOW + 50 * DAY};
	int64_t now = r.answered_at;

	(void)state;
	assert_int_equal(renewal_at(NULL, NOW, end, 0, now), ours);
	assert_int_equal(renewal_at(&r, NOW, end, 0, now), NOW + 70 * DAY);
	/* not heard for long: whichever is earlier */
	now += 10 * DAY;
	assert_int_equal(renewal_at(&r, NOW, end, 0, now), ours);
	r.chosen_at = NOW + 30 * DAY;
	assert_int_equal(renewal_at(&r, NOW, end, 0, now), NOW + 30 * DAY);
	r.chosen_at = 0;
	assert_int_equal(renewal_at(&r, NOW, end, 0, now), ours);
}

static void
no_wish_lets_a_certificate_expire_or_orders_without_end(void **state)
{
	const int64_t end = NOW + 90 * DAY;
	struct renewal r = {.chosen_at = end + DAY, .answered_at = NOW};

	(void)state;
	assert_int_equal(renewal_at(&r, NOW, end, 0, NOW), NOW + 81 * DAY);
	r.chosen_at = NOW - DAY;
	assert_int_equal(renewal_at(&r, NOW, end, 0, NOW), NOW + DAY);
	assert_int_equal(
	    renewal_at(&r, NOW, NOW + 6 * DAY, 0, NOW), NOW + 6 * DAY / 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_id_is_that_of_the_rfc),
	    cmocka_unit_test(a_window_is_read),
	    cmocka_unit_test(the_next_question_is_a_minute_to_a_day_away),
	    cmocka_unit_test(
		what_may_pass_is_asked_again_soon_and_what_lasts_later),
	    cmocka_unit_test(no_window_is_a_fault_that_lasts),
	    cmocka_unit_test(an_instant_is_chosen_within_the_window),
	    cmocka_unit_test(the_instant_is_kept_while_the_window_stands),
	    cmocka_unit_test(the_next_questions_of_many_are_spread),
	    cmocka_unit_test(the_cas_wish_goes_before_our_own_plan),
	    cmocka_unit_test(
		no_wish_lets_a_certificate_expire_or_orders_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
