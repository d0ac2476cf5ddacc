#include "acme/ledger_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/ledger_bucket.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#define TOLD_MAX_MS (INT64_C(8) * 86400 * 1000) /* acme/problem.h: a week */
#define NAMES_MAX   1000 /* of an order; more were never written */

/* --- would it pass? ------------------------------------------------------- */

struct question {
	struct db *db;
	const struct ledger_ca *ca;
	int64_t now_ms, passes_ms; /* the latest of all buckets so far */
	int64_t keep;              /* of the orders' bucket */
	struct ledger_verdict *verdict;
	enum err e;
};

static void
ask_bucket(struct question *q, enum ledger_rule rule, const char *subject)
{
	const struct ledger_limit *limit = &q->ca->limits->of[rule];
	struct ledger_verdict *v = q->verdict;
	int64_t keep = rule == LEDGER_ORDERS ? q->keep : 0, full_ms, at_ms;

	q->e = bucket_read(q->db, q->ca->directory, rule, subject, &full_ms);
	if (q->e != ERR_OK || full_ms == 0)
		return;
	if (rule == LEDGER_TOLD && full_ms > q->now_ms + TOLD_MAX_MS)
		return; /* the clock was set back since */
	at_ms = ledger_passes_at(limit, full_ms, keep, q->now_ms);
	if (at_ms <= q->passes_ms)
		return;
	q->passes_ms = at_ms;
	v->rule = rule;
	(void)snprintf(v->subject, sizeof(v->subject), "%s", subject);
	v->used = ledger_used(limit, full_ms, q->now_ms);
	v->burst = limit->burst;
	v->period_s = limit->period_s;
}

static int
on_ask(void *ctx, enum ledger_rule rule, const char *subject, bool is_spent)
{
	struct question *q = ctx;

	(void)is_spent;
	ask_bucket(q, rule, subject);
	return q->e != ERR_OK;
}

static struct question
begin(struct db *db, const struct ledger_ca *ca, struct ledger_verdict *out)
{
	int64_t now_ms = clock_now_ms();

	*out = (struct ledger_verdict){0};
	return (struct question){
	    .db = db,
	    .ca = ca,
	    .now_ms = now_ms,
	    .passes_ms = now_ms,
	    .verdict = out,
	};
}

static enum err
end(struct question *q)
{
	struct ledger_verdict *v = q->verdict;

	v->passes = q->passes_ms <= q->now_ms;
	v->passes_at = v->passes ? q->now_ms / 1000 : q->passes_ms / 1000 + 1;
	return q->e;
}

enum err
ledger_ask(struct db *db, const struct ledger_ca *ca,
    const struct ledger_order *order, bool keeps_reserve,
    struct ledger_verdict *out)
{
	struct question q = begin(db, ca, out);

	if (keeps_reserve && !order->is_renewal)
		q.keep = ca->limits->of[LEDGER_ORDERS].burst / LEDGER_RESERVE;
	(void)ledger_walk(ca->limits, order, on_ask, &q);
	return end(&q);
}

enum err
ledger_ask_account(
    struct db *db, const struct ledger_ca *ca, struct ledger_verdict *out)
{
	struct question q = begin(db, ca, out);

	ask_bucket(&q, LEDGER_ACCOUNTS, "");
	return end(&q);
}

enum err
ledger_charge_account(struct db *db, const struct ledger_ca *ca)
{
	if (ca->limits->of[LEDGER_ACCOUNTS].burst == 0)
		return ERR_OK;
	return bucket_spend(db, ca, LEDGER_ACCOUNTS, "");
}

/* "7 days", "3 hours". */
static void
say_period(int64_t period_s, char *out, size_t size)
{
	int64_t hours = period_s / 3600;

	if (hours >= 48)
		(void)snprintf(out, size, "%lld days", (long long)(hours / 24));
	else if (hours == 1)
		(void)snprintf(out, size, "an hour");
	else
		(void)snprintf(out, size, "%lld hours", (long long)hours);
}

void
ledger_say(const struct ledger_verdict *v, struct fault *f)
{
	char at[CLOCK_TEXT_SIZE], period[32];
	bool has_subject = v->subject[0] != '\0';

	clock_format(v->passes_at, at);
	if (v->rule == LEDGER_TOLD) {
		fault_set(f, FAULT_A30_NO_BUDGET,
		    "The certificate authority takes no order%s%.253s before "
		    "%s, as it said itself",
		    has_subject ? " for " : "", v->subject, at);
		return;
	}
	say_period(v->period_s, period, sizeof(period));
	fault_set(f, FAULT_A30_NO_BUDGET,
	    "%lld of the %lld %s%s%.253s that the certificate authority "
	    "allows in %s are used; the next one passes at %s",
	    (long long)v->used, (long long)v->burst, ledger_rule_title(v->rule),
	    has_subject ? " " : "", v->subject, period, at);
}

/* --- an order's share ----------------------------------------------------- */

struct share {
	struct db *db;
	struct ledger_ca ca;
	int64_t mask; /* a bit for each rule it was taken of */
	bool keeps_orders;
	enum err e;
};

static int
on_spend(void *ctx, enum ledger_rule rule, const char *subject, bool is_spent)
{
	struct share *share = ctx;

	if (!is_spent)
		return 0;
	share->mask |= INT64_C(1) << rule;
	share->e = bucket_spend(share->db, &share->ca, rule, subject);
	return share->e != ERR_OK;
}

static int
on_give_back(
    void *ctx, enum ledger_rule rule, const char *subject, bool is_spent)
{
	struct share *share = ctx;
	bool was_taken = (share->mask >> rule & 1) != 0;

	if (!is_spent || !was_taken ||
	    (rule == LEDGER_ORDERS && share->keeps_orders))
		return 0;
	share->e = bucket_give_back(share->db, &share->ca, rule, subject);
	return share->e != ERR_OK;
}

/* The names of a row, for as long as it is kept. */
struct names {
	json_t *list;
	const char **items;
	size_t n;
};

static enum err
read_names(struct slice text, struct names *out)
{
	size_t n;

	*out = (struct names){0};
	if (json_parse(text, &out->list, NULL) != ERR_OK)
		return ERR_SYNTAX;
	n = json_array_size(out->list);
	n = n < NAMES_MAX ? n : NAMES_MAX;
	out->items = xcalloc(n + 1, sizeof(*out->items));
	for (size_t i = 0; i < n; i++) {
		const char *name =
		    json_string_value(json_array_get(out->list, i));

		if (name != NULL)
			out->items[out->n++] = name;
	}
	return ERR_OK;
}

static void
names_clear(struct names *names)
{
	free(names->items);
	json_decref(names->list);
	*names = (struct names){0};
}

/* What the row took, and of whom. */
struct charged {
	struct names names;
	char *directory;
	struct share share;
	bool was_taken; /* the CA took the order */
};

static void
charged_clear(struct charged *c)
{
	names_clear(&c->names);
	free(c->directory);
}

/* ERR_NOT_FOUND: no such row, or it took nothing anywhere. */
static enum err
read_charged(struct db *db, int64_t order_id, struct charged *out)
{
	static const char sql[] =
	    "SELECT names, charged_to, charged_by, charged, url IS NOT NULL "
	    "FROM acme_order WHERE id = ?1 AND charged_to IS NOT NULL";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	*out = (struct charged){0};
	stmt_int(s, 1, order_id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	e = read_names(stmt_get(s, 0), &out->names);
	out->directory = xstrdup(stmt_get_str(s, 1));
	out->share = (struct share){
	    .db = db,
	    .ca = {out->directory, ledger_limits(stmt_get_str(s, 2), "")},
	    .mask = stmt_get_int(s, 3),
	};
	out->was_taken = stmt_get_int(s, 4) != 0;
	stmt_done(s);
	return e;
}

static enum err
give_all_back(struct charged *c, bool keeps_orders)
{
	const struct ledger_order order = {c->names.items, c->names.n, 0, 0};

	c->share.keeps_orders = keeps_orders;
	(void)ledger_walk(c->share.ca.limits, &order, on_give_back, &c->share);
	return c->share.e;
}

static enum err
note_charge(struct db *db, int64_t order_id, const struct share *share)
{
	static const char sql[] =
	    "UPDATE acme_order SET charged_to = ?2, charged_by = ?3, "
	    "charged = ?4 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, share->ca.directory);
	stmt_str(s, 3, share->ca.limits->name);
	stmt_int(s, 4, share->mask);
	return stmt_run(s);
}

enum err
ledger_charge(struct db *db, int64_t order_id, const struct ledger_ca *ca,
    const struct ledger_order *order)
{
	struct share share = {.db = db, .ca = *ca};
	struct charged before;
	enum err e = read_charged(db, order_id, &before);

	if (e == ERR_OK)
		e = give_all_back(&before, before.was_taken);
	charged_clear(&before);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	(void)ledger_walk(ca->limits, order, on_spend, &share);
	return share.e != ERR_OK ? share.e : note_charge(db, order_id, &share);
}

static enum err
count_failure(const struct share *share, const char *host)
{
	static const enum ledger_rule counted[] = {
	    LEDGER_FAILURES, LEDGER_STREAK};
	enum err e = ERR_OK;

	for (size_t i = 0; i < COUNT_OF(counted) && e == ERR_OK; i++)
		if (share->ca.limits->of[counted[i]].burst > 0)
			e = bucket_spend(
			    share->db, &share->ca, counted[i], host);
	return e;
}

enum err
ledger_ended(struct db *db, int64_t order_id, const char *failed_host)
{
	struct charged c;
	enum err e = read_charged(db, order_id, &c);

	if (e == ERR_OK)
		e = give_all_back(&c, c.was_taken);
	if (e == ERR_OK && failed_host != NULL)
		e = count_failure(&c.share, failed_host);
	for (size_t i = 0; i < c.names.n && e == ERR_OK; i++)
		e = ledger_forgive_by_hand(db, order_id, c.names.items[i]);
	charged_clear(&c);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
ledger_issued(struct db *db, int64_t order_id)
{
	struct charged c;
	enum err e = read_charged(db, order_id, &c);

	for (size_t i = 0; i < c.names.n && e == ERR_OK; i++) {
		const char *name = c.names.items[i];

		if (strncmp(name, "*.", 2) == 0)
			name += 2;
		e = bucket_forget(db, c.directory, LEDGER_STREAK, name);
		if (e == ERR_OK)
			e = bucket_forget(db, c.directory, LEDGER_TOLD, name);
	}
	charged_clear(&c);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
ledger_heard(struct db *db, const struct ledger_ca *ca, const char *detail,
    const char *host, int64_t until)
{
	const char *subject;
	enum ledger_rule rule =
	    ledger_rule_in_words(ca->limits, detail, host, &subject);
	int64_t full_ms;
	enum err e = bucket_read(db, ca->directory, rule, subject, &full_ms);

	if (e != ERR_OK)
		return e;
	return bucket_write(db, ca->directory, rule, subject,
	    ledger_told(&ca->limits->of[rule], full_ms, until * 1000));
}
