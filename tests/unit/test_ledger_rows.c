#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/issuer.h"
#include "acme/ledger_rows.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* A fresh store, and Let's Encrypt's limits for a CA of ours. */
struct scene {
	char dir[64];
	struct db *db;
	struct ledger_ca ca;
};

static const char *const www[] = {"www.shop.test"};
static const struct ledger_order new_www = {www, 1, false, false};
static const struct ledger_order renewed_www = {www, 1, true, false};
static const struct ledger_order ari_www = {www, 1, true, true};

static int
set_up(void **state)
{
	struct scene *sc = xcalloc(1, sizeof(*sc));
	char path[128];
	struct fault f = {0};

	(void)snprintf(sc->dir, sizeof(sc->dir), "/tmp/towpath-ledger-XXXXXX");
	assert_non_null(mkdtemp(sc->dir));
	(void)snprintf(path, sizeof(path), "%s/towpath.db", sc->dir);
	assert_int_equal(db_open(path, DB_WRITE, &sc->db, &f), ERR_OK);
	assert_int_equal(db_migrate(sc->db, &f), ERR_OK);
	sc->ca.directory = "https://ca.test/dir";
	sc->ca.limits = ledger_limits("letsencrypt", "");
	*state = sc;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *sc = *state;
	char command[128];

	db_close(sc->db);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", sc->dir);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
	free(sc);
	return 0;
}

/* An order that took its share; taken: the CA took it too. */
static int64_t
order(struct scene *sc, const struct ledger_order *o, bool taken)
{
	const struct order_wish wish = {.names = o->names,
	    .n_names = o->n_names,
	    .is_renewal = o->is_renewal};
	const struct order_progress progress = {
	    .directory = sc->ca.directory,
	    .state = "open",
	    .url = "https://ca.test/order/1",
	};
	int64_t id;

	assert_int_equal(
	    rows_add_order(sc->db, &wish, sc->ca.directory, &id), ERR_OK);
	assert_int_equal(ledger_charge(sc->db, id, &sc->ca, o), ERR_OK);
	if (taken)
		assert_int_equal(
		    rows_save_order(sc->db, id, &progress), ERR_OK);
	return id;
}

static void
issue(struct scene *sc, const struct ledger_order *o)
{
	int64_t id = order(sc, o, true);

	assert_int_equal(issuer_close_order(sc->db, id), ERR_OK);
}

static void
end_badly(struct scene *sc, const struct ledger_order *o, bool taken,
    const char *failed_host)
{
	const struct fault f = {.code = FAULT_A22_ORDER_INVALID};
	int64_t id = order(sc, o, taken);

	assert_int_equal(rows_end_order(sc->db, id, &f, failed_host), ERR_OK);
}

static struct ledger_verdict
ask(struct scene *sc, const struct ledger_order *o)
{
	struct ledger_verdict v;

	assert_int_equal(ledger_ask(sc->db, &sc->ca, o, false, &v), ERR_OK);
	return v;
}

static int64_t
used(struct scene *sc, enum ledger_rule rule, const char *subject)
{
	return ledger_entry_of(sc->db, &sc->ca, rule, subject).used;
}

static void
an_issued_certificate_counts_in_every_bucket(void **state)
{
	struct scene *sc = *state;

	issue(sc, &new_www);
	assert_int_equal(used(sc, LEDGER_ORDERS, ""), 1);
	assert_int_equal(used(sc, LEDGER_DOMAIN, "shop.test"), 1);
	assert_int_equal(used(sc, LEDGER_NAMES, "www.shop.test"), 1);
}

static void
renewals_count_only_for_their_names_and_those_by_ari_not_at_all(void **state)
{
	struct scene *sc = *state;

	issue(sc, &renewed_www);
	issue(sc, &ari_www);
	assert_int_equal(used(sc, LEDGER_ORDERS, ""), 0);
	assert_int_equal(used(sc, LEDGER_DOMAIN, "shop.test"), 0);
	assert_int_equal(used(sc, LEDGER_NAMES, "www.shop.test"), 1);
}

static void
the_sixth_certificate_for_the_same_names_is_refused_with_its_time(void **state)
{
	struct scene *sc = *state;
	struct ledger_verdict v;
	struct fault f;

	for (int i = 0; i < 5; i++) {
		assert_true(ask(sc, &new_www).passes);
		issue(sc, i == 0 ? &new_www : &renewed_www);
	}
	v = ask(sc, &renewed_www);
	assert_false(v.passes);
	assert_int_equal(v.rule, LEDGER_NAMES);
	assert_int_equal(v.used, 5);
	/* one comes back in 33.6 hours */
	assert_in_range(v.passes_at - clock_now(), 120000, 121000);
	assert_true(ask(sc, &ari_www).passes);
	ledger_say(&v, &f);
	assert_int_equal(f.code, FAULT_A30_NO_BUDGET);
	assert_non_null(strstr(f.text, "5 of the 5 certificates for exactly "
				       "these names www.shop.test"));
	assert_non_null(strstr(f.text, "in 7 days"));
}

static void
what_the_ca_does_not_count_is_given_back(void **state)
{
	struct scene *sc = *state;

	end_badly(sc, &new_www, false, NULL);
	assert_int_equal(used(sc, LEDGER_ORDERS, ""), 0);
	end_badly(sc, &new_www, true, NULL);
	assert_int_equal(used(sc, LEDGER_ORDERS, ""), 1);
	assert_int_equal(used(sc, LEDGER_DOMAIN, "shop.test"), 0);
	assert_int_equal(used(sc, LEDGER_NAMES, "www.shop.test"), 0);
	assert_int_equal(used(sc, LEDGER_FAILURES, "www.shop.test"), 0);
}

static void
five_failed_validations_stop_a_name_and_a_success_ends_the_streak(void **state)
{
	static const char *const other[] = {"other.test"};
	static const struct ledger_order new_other = {other, 1, false, false};
	struct scene *sc = *state;

	for (int i = 0; i < 5; i++)
		end_badly(sc, &new_www, true, "www.shop.test");
	assert_int_equal(ask(sc, &new_www).rule, LEDGER_FAILURES);
	assert_false(ask(sc, &new_www).passes);
	assert_in_range(ask(sc, &new_www).passes_at - clock_now(), 600, 721);
	assert_true(ask(sc, &new_other).passes);
	assert_int_equal(used(sc, LEDGER_STREAK, "www.shop.test"), 5);
	issue(sc, &ari_www);
	assert_int_equal(used(sc, LEDGER_STREAK, "www.shop.test"), 0);
}

static void
an_order_that_goes_to_another_ca_is_charged_there(void **state)
{
	struct scene *sc = *state;
	const struct ledger_ca other = {
	    "https://other.test/dir", ledger_limits("letsencrypt-staging", "")};
	int64_t id = order(sc, &new_www, false);

	assert_int_equal(ledger_charge(sc->db, id, &other, &new_www), ERR_OK);
	assert_int_equal(used(sc, LEDGER_ORDERS, ""), 0);
	assert_int_equal(used(sc, LEDGER_DOMAIN, "shop.test"), 0);
	assert_int_equal(
	    ledger_entry_of(sc->db, &other, LEDGER_ORDERS, "").used, 1);
	assert_int_equal(issuer_close_order(sc->db, id), ERR_OK);
	assert_int_equal(
	    ledger_entry_of(sc->db, &other, LEDGER_ORDERS, "").used, 1);
}

static void
new_names_leave_a_fifth_of_the_orders_to_renewals(void **state)
{
	static const char *const names[] = {"a.test", "b.test"};
	const struct ledger_order fresh = {names, 1, false, false};
	const struct ledger_order changed = {names + 1, 1, true, false};
	struct scene *sc = *state;
	struct ledger_verdict v;
	char name[32];
	const char *one[] = {name};

	assert_int_equal(db_begin(sc->db), ERR_OK);
	for (int i = 0; i < 240; i++) {
		struct ledger_order o = {one, 1, false, false};
		const struct order_wish wish = {.names = one, .n_names = 1};
		int64_t id;

		(void)snprintf(name, sizeof(name), "n%d.test", i);
		assert_int_equal(
		    rows_add_order(sc->db, &wish, sc->ca.directory, &id),
		    ERR_OK);
		assert_int_equal(
		    ledger_charge(sc->db, id, &sc->ca, &o), ERR_OK);
	}
	assert_int_equal(db_commit(sc->db), ERR_OK);
	assert_int_equal(ledger_ask(sc->db, &sc->ca, &fresh, true, &v), ERR_OK);
	assert_false(v.passes);
	assert_int_equal(v.rule, LEDGER_ORDERS);
	assert_int_equal(
	    ledger_ask(sc->db, &sc->ca, &fresh, false, &v), ERR_OK);
	assert_true(v.passes);
	assert_int_equal(
	    ledger_ask(sc->db, &sc->ca, &changed, true, &v), ERR_OK);
	assert_true(v.passes);
}

static void
what_the_ca_says_is_believed_where_nothing_else_is_known(void **state)
{
	static const char *const other[] = {"other.test"};
	static const struct ledger_order new_other = {other, 1, false, false};
	struct scene *sc = *state;
	struct fault f;
	struct ledger_verdict v;

	sc->ca.limits = ledger_limits("none", "");
	assert_int_equal(ledger_heard(sc->db, &sc->ca, "too much of it",
			     "www.shop.test", clock_now() + 3600),
	    ERR_OK);
	v = ask(sc, &new_www);
	assert_false(v.passes);
	assert_in_range(v.passes_at - clock_now(), 3590, 3601);
	ledger_say(&v, &f);
	assert_non_null(strstr(f.text, "no order for www.shop.test before"));
	assert_true(ask(sc, &new_other).passes);
	assert_int_equal(ledger_heard(sc->db, &sc->ca, "too many new orders",
			     "www.shop.test", clock_now() + 3600),
	    ERR_OK);
	assert_false(ask(sc, &new_other).passes);
}

static void
a_person_may_order_a_name_five_times_a_day(void **state)
{
	struct scene *sc = *state;
	struct fault f = {0};
	int64_t at;

	for (int i = 0; i < LEDGER_BY_HAND_MAX; i++) {
		assert_int_equal(
		    ledger_ask_by_hand(sc->db, "www.shop.test", &at, &f),
		    ERR_OK);
		assert_int_equal(
		    ledger_add_by_hand(sc->db, "www.shop.test"), ERR_OK);
	}
	assert_int_equal(
	    ledger_ask_by_hand(sc->db, "www.shop.test", &at, &f), ERR_AGAIN);
	assert_int_equal(f.code, FAULT_A32_TOO_MANY_BY_HAND);
	assert_in_range(at - clock_now(), 86000, 86402);
	assert_int_equal(
	    ledger_ask_by_hand(sc->db, "other.test", &at, &f), ERR_OK);
}

static int64_t
rows_of(struct scene *sc, const char *sql)
{
	struct stmt *s = db_stmt(sc->db, sql);
	int64_t n;

	assert_int_equal(stmt_step(s), ERR_OK);
	n = stmt_get_int(s, 0);
	stmt_done(s);
	return n;
}

static void
rows_that_no_bucket_needs_are_removed(void **state)
{
	static const char old[] =
	    "INSERT INTO budget (directory, rule, subject, full_ms) "
	    "VALUES ('', 'orders', 'x', 1000)";
	static const char ancient[] =
	    "INSERT INTO attempt (directory, kind, host, made_at) "
	    "VALUES ('', 'order', 'x', 1000)";
	struct scene *sc = *state;
	bool more;

	issue(sc, &new_www);
	assert_int_equal(ledger_add_by_hand(sc->db, "x.test"), ERR_OK);
	assert_int_equal(stmt_run(db_stmt(sc->db, old)), ERR_OK);
	assert_int_equal(stmt_run(db_stmt(sc->db, ancient)), ERR_OK);
	assert_int_equal(ledger_prune(sc->db, &more), ERR_OK);
	assert_false(more);
	assert_int_equal(rows_of(sc, "SELECT count(*) FROM budget"), 3);
	assert_int_equal(rows_of(sc, "SELECT count(*) FROM attempt"), 1);
}

static void
old_orders_go_but_the_last_of_a_name_stays(void **state)
{
	static const char *const other[] = {"other.test"};
	const struct ledger_order new_other = {other, 1, false, false};
	struct scene *sc = *state;
	bool more = false;

	issue(sc, &new_other);
	issue(sc, &new_www);
	end_badly(sc, &renewed_www, true, NULL);
	(void)order(sc, &renewed_www, false); /* open */
	assert_int_equal(
	    rows_prune_orders(sc->db, clock_now() - 1000, &more), ERR_OK);
	assert_int_equal(rows_of(sc, "SELECT count(*) FROM acme_order"), 4);
	assert_int_equal(
	    rows_prune_orders(sc->db, clock_now() + 1000, &more), ERR_OK);
	assert_int_equal(rows_of(sc, "SELECT count(*) FROM acme_order"), 2);
	assert_false(more);
}

static void
count_shown(void *ctx, const struct ledger_entry *entry)
{
	int *n = ctx;

	(void)entry;
	++*n;
}

static void
the_busiest_registered_domains_are_shown(void **state)
{
	struct scene *sc = *state;
	int n = 0;

	issue(sc, &new_www);
	ledger_busiest(sc->db, &sc->ca, LEDGER_DOMAIN, 10, count_shown, &n);
	assert_int_equal(n, 1);
	n = 0;
	ledger_of_order(sc->db, &sc->ca, &new_www, count_shown, &n);
	assert_int_equal(n, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_issued_certificate_counts_in_every_bucket),
	    TEST(
		renewals_count_only_for_their_names_and_those_by_ari_not_at_all),
	    TEST(
		the_sixth_certificate_for_the_same_names_is_refused_with_its_time),
	    TEST(what_the_ca_does_not_count_is_given_back),
	    TEST(
		five_failed_validations_stop_a_name_and_a_success_ends_the_streak),
	    TEST(an_order_that_goes_to_another_ca_is_charged_there),
	    TEST(new_names_leave_a_fifth_of_the_orders_to_renewals),
	    TEST(what_the_ca_says_is_believed_where_nothing_else_is_known),
	    TEST(a_person_may_order_a_name_five_times_a_day),
	    TEST(rows_that_no_bucket_needs_are_removed),
	    TEST(old_orders_go_but_the_last_of_a_name_stays),
	    TEST(the_busiest_registered_domains_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
