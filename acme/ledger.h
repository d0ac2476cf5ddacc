#ifndef ACME_LEDGER_H
#define ACME_LEDGER_H
/*
 * The limits that CAs publish, as token buckets: pure arithmetic.  acme/
 * ledger_rows.h keeps the buckets in the store.
 *
 * A bucket refills continuously, so one number says all about it: full_ms, the
 * moment (UTC, milliseconds) at which nothing of it will be used any more.  A
 * bucket of which nothing is known is full.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ledger_rule {
	LEDGER_ORDERS,   /* new orders of the account */
	LEDGER_DOMAIN,   /* certificates for a registered domain */
	LEDGER_NAMES,    /* certificates for exactly these names */
	LEDGER_FAILURES, /* failed validations of a name */
	LEDGER_STREAK,   /* the same, with no success in between */
	LEDGER_ACCOUNTS, /* new accounts from this machine */
	LEDGER_TOLD,     /* what the CA itself said: not before */
	LEDGER_RULES
};

const char *ledger_rule_text(enum ledger_rule rule);  /* "orders" */
const char *ledger_rule_title(enum ledger_rule rule); /* for people */

struct ledger_limit {
	int64_t burst; /* 0: there is no such limit */
	int64_t period_s;
};

/* What one CA allows. */
struct ledger_limits {
	const char *name; /* "letsencrypt": as [acme] limits has it */
	const char *directory;
	struct ledger_limit of[LEDGER_RULES];
};

/* By name; "auto": by the directory's host.  "none", and what nothing is known
 * of, has no limit but what the CA says. */
const struct ledger_limits *ledger_limits(
    const char *name, const char *directory);

/* Of the orders' bucket this part, 1/N, is not for new names while renewals
 * are due. */
#define LEDGER_RESERVE 5

/* --- a bucket ------------------------------------------------------------- */

/* 0..burst. */
int64_t ledger_used(
    const struct ledger_limit *l, int64_t full_ms, int64_t now_ms);

/* When one more passes and leaves `keep` in the bucket: now_ms, or later.
 * Where there is no limit but the CA's word, full_ms is that. */
int64_t ledger_passes_at(const struct ledger_limit *l, int64_t full_ms,
    int64_t keep, int64_t now_ms);

/* The new full_ms: after one more; with one given back; when the CA says that
 * none passes before `until_ms`. */
int64_t ledger_spend(
    const struct ledger_limit *l, int64_t full_ms, int64_t now_ms);
int64_t ledger_give_back(const struct ledger_limit *l, int64_t full_ms);
int64_t ledger_told(
    const struct ledger_limit *l, int64_t full_ms, int64_t until_ms);

/* --- an order ------------------------------------------------------------- */

struct ledger_order {
	const char *const *names;
	size_t n_names;
	bool is_renewal; /* there was a certificate of exactly these names */
	bool is_ari;     /* in the window that the CA suggested */
};

/*
 * The buckets that an order has to pass, one at a time; `is_spent`: it takes
 * one of it.  subject is whom the bucket is for: "" the account, a name, a
 * registered domain, or all names in one order.  Stops at the first value that
 * is not 0, and returns it.
 */
typedef int ledger_visit(
    void *ctx, enum ledger_rule rule, const char *subject, bool is_spent);
int ledger_walk(const struct ledger_limits *limits,
    const struct ledger_order *order, ledger_visit *visit, void *ctx);

/* Which bucket a CA's refusal of an order for `host` is about, by its words,
 * and whom that is for: a part of host, or "". */
enum ledger_rule ledger_rule_in_words(const struct ledger_limits *limits,
    const char *detail, const char *host, const char **subject);

#endif
