#include <stdio.h>
#include <string.h>

#include "acme/ledger.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NOW  INT64_C(1800000000000)
#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static const char production[] =
    "https://acme-v02.api.letsencrypt.org/directory";

static const struct ledger_limits *
letsencrypt(void)
{
	return ledger_limits("letsencrypt", "");
}

static void
a_directory_tells_which_limits_hold(void **state)
{
	static const struct {
		const char *name, *directory, *expected;
	} cases[] = {
	    {"auto", production, "letsencrypt"},
	    {"auto", "https://acme-staging-v02.api.letsencrypt.org/directory",
		"letsencrypt-staging"},
	    {"auto", "https://127.0.0.1:14000/dir", "none"},
	    {"auto", "https://acme-v02.api.letsencrypt.org.evil.test/x",
		"none"},
	    {"none", production, "none"},
	    {"letsencrypt", "https://127.0.0.1:14000/dir", "letsencrypt"},
	    {"letsencrypt-staging", production, "letsencrypt-staging"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(
		    ledger_limits(cases[i].name, cases[i].directory)->name,
		    cases[i].expected);
}

/* Takes what there is at once: how many went. */
static int
drain(const struct ledger_limit *l, int64_t *full, int64_t keep, int64_t now)
{
	int n = 0;

	while (ledger_passes_at(l, *full, keep, now) <= now) {
		*full = ledger_spend(l, *full, now);
		n++;
	}
	return n;
}

static void
a_bucket_gives_its_burst_and_then_refills_continuously(void **state)
{
	const struct ledger_limit *l = &letsencrypt()->of[LEDGER_ORDERS];
	int64_t full = 0;

	(void)state;
	assert_int_equal(drain(l, &full, 0, NOW), 300);
	assert_int_equal(ledger_used(l, full, NOW), 300);
	assert_int_equal(ledger_passes_at(l, full, 0, NOW), NOW + 36000);
	assert_int_equal(drain(l, &full, 0, NOW + 35999), 0);
	assert_int_equal(drain(l, &full, 0, NOW + 36000), 1);
	assert_int_equal(drain(l, &full, 0, NOW + 36000 + HOUR), 100);
	assert_int_equal(drain(l, &full, 0, NOW + DAY), 300);
}

static void
any_window_holds_at_most_two_bursts(void **state)
{
	const struct ledger_limit *l = &letsencrypt()->of[LEDGER_NAMES];
	int64_t full = 0;
	int n = 0;

	(void)state;
	for (int64_t at = NOW; at < NOW + 7 * DAY; at += HOUR)
		n += drain(l, &full, 0, at);
	assert_in_range(n, 9, 10);
}

static void
what_is_kept_for_renewals_stays(void **state)
{
	const struct ledger_limit *l = &letsencrypt()->of[LEDGER_ORDERS];
	int64_t full = 0;

	(void)state;
	assert_int_equal(drain(l, &full, 300 / LEDGER_RESERVE, NOW), 240);
	assert_int_equal(drain(l, &full, 0, NOW), 60);
}

static void
what_is_given_back_can_be_taken_again(void **state)
{
	const struct ledger_limit *l = &letsencrypt()->of[LEDGER_DOMAIN];
	int64_t full = 0;

	(void)state;
	assert_int_equal(drain(l, &full, 0, NOW), 50);
	full = ledger_give_back(l, full);
	assert_int_equal(ledger_used(l, full, NOW), 49);
	assert_int_equal(drain(l, &full, 0, NOW), 1);
}

static void
a_clock_set_back_finds_an_empty_bucket_and_no_debt_of_years(void **state)
{
	const struct ledger_limit *l = &letsencrypt()->of[LEDGER_FAILURES];
	int64_t full = NOW;

	(void)state;
	assert_int_equal(ledger_used(l, full, NOW - 1000 * DAY), 5);
	assert_int_equal(ledger_passes_at(l, full, 0, NOW - 1000 * DAY),
	    NOW - 1000 * DAY + 720000);
}

static void
the_word_of_the_ca_holds_until_its_time(void **state)
{
	const struct ledger_limit *orders = &letsencrypt()->of[LEDGER_ORDERS];
	const struct ledger_limit *told = &letsencrypt()->of[LEDGER_TOLD];
	int64_t full = ledger_told(orders, 0, NOW + HOUR);

	(void)state;
	assert_int_equal(ledger_passes_at(orders, full, 0, NOW), NOW + HOUR);
	assert_int_equal(drain(orders, &full, 0, NOW + HOUR), 1);
	full = ledger_told(told, 0, NOW + HOUR);
	assert_int_equal(ledger_passes_at(told, full, 0, NOW), NOW + HOUR);
	assert_int_equal(
	    ledger_passes_at(told, full, 0, NOW + 2 * HOUR), NOW + 2 * HOUR);
}

/* "orders:+ domain:example.com+ failures:www.example.com ..." */
static int
note(void *ctx, enum ledger_rule rule, const char *subject, bool is_spent)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)snprintf(out + n, 1024 - n, "%s%s:%s%s", n == 0 ? "" : " ",
	    ledger_rule_text(rule), subject, is_spent ? "+" : "");
	return 0;
}

static void
each_kind_of_order_passes_its_buckets(void **state)
{
	static const char *const two[] = {
	    "www.shop.co.uk", "*.shop.co.uk", "a.example.com"};
	static const struct {
		const char *limits;
		struct ledger_order order;
		const char *expected;
	} cases[] = {
	    {"letsencrypt", {two, 1, false, false},
		"told: told:www.shop.co.uk failures:www.shop.co.uk "
		"streak:www.shop.co.uk names:www.shop.co.uk+ "
		"domain:shop.co.uk+ orders:+"},
	    {"letsencrypt", {two, 3, false, false},
		"told: told:www.shop.co.uk failures:www.shop.co.uk "
		"streak:www.shop.co.uk told:shop.co.uk failures:shop.co.uk "
		"streak:shop.co.uk told:a.example.com failures:a.example.com "
		"streak:a.example.com "
		"names:*.shop.co.uk,a.example.com,www.shop.co.uk+ "
		"domain:shop.co.uk+ domain:example.com+ orders:+"},
	    {"letsencrypt", {two, 1, true, false},
		"told: told:www.shop.co.uk failures:www.shop.co.uk "
		"streak:www.shop.co.uk names:www.shop.co.uk+"},
	    {"letsencrypt", {two, 1, true, true}, "told: told:www.shop.co.uk"},
	    {"none", {two, 1, false, false}, "told: told:www.shop.co.uk"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char got[1024] = "";

		ledger_walk(ledger_limits(cases[i].limits, ""), &cases[i].order,
		    note, got);
		assert_string_equal(got, cases[i].expected);
	}
}

static void
the_words_of_a_refusal_name_the_bucket(void **state)
{
	static const struct {
		const char *limits, *detail, *subject;
		enum ledger_rule rule;
	} cases[] = {
	    {"letsencrypt",
		"too many new orders (300) from this account in the last "
		"3h0m0s, retry after 2026-11-21 18:15:00 UTC",
		"", LEDGER_ORDERS},
	    {"letsencrypt",
		"too many certificates (50) already issued for \"shop.co.uk\" "
		"in the last 168h0m0s, retry after ...",
		"shop.co.uk", LEDGER_DOMAIN},
	    {"letsencrypt",
		"too many certificates (5) already issued for this exact set "
		"of identifiers in the last 168h0m0s",
		"www.shop.co.uk", LEDGER_TOLD},
	    {"letsencrypt", "too many failed authorizations (5) for ...",
		"www.shop.co.uk", LEDGER_TOLD},
	    {"none", "too many new orders", "", LEDGER_TOLD},
	    {"none", "", "www.shop.co.uk", LEDGER_TOLD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *subject;

		assert_int_equal(
		    ledger_rule_in_words(ledger_limits(cases[i].limits, ""),
			cases[i].detail, "www.shop.co.uk", &subject),
		    cases[i].rule);
		assert_string_equal(subject, cases[i].subject);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_directory_tells_which_limits_hold),
	    cmocka_unit_test(
		a_bucket_gives_its_burst_and_then_refills_continuously),
	    cmocka_unit_test(any_window_holds_at_most_two_bursts),
	    cmocka_unit_test(what_is_kept_for_renewals_stays),
	    cmocka_unit_test(what_is_given_back_can_be_taken_again),
	    cmocka_unit_test(
		a_clock_set_back_finds_an_empty_bucket_and_no_debt_of_years),
	    cmocka_unit_test(the_word_of_the_ca_holds_until_its_time),
	    cmocka_unit_test(each_kind_of_order_passes_its_buckets),
	    cmocka_unit_test(the_words_of_a_refusal_name_the_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
