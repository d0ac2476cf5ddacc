#ifndef ACME_LEDGER_ROWS_H
#define ACME_LEDGER_ROWS_H
/*
 * The ledger in the store: what is left of the limits of each CA, so that no
 * order is sent that would be refused.  An order takes its share when its row
 * is written; what a CA does not count is given back when the order ends.  The
 * SQL of budget and attempt, and of acme_order's charged*.
 *
 * "In a transaction": the caller's, with the row that the entry belongs to.
 */
#include "acme/ledger.h"
#include "base/db.h"
#include "base/host.h"

/* A CA, as the ledger knows it: loans. */
struct ledger_ca {
	const char *directory;
	const struct ledger_limits *limits;
};

struct ledger_verdict {
	bool passes;
	int64_t passes_at; /* UTC seconds; now when it passes */
	/* Of the limit that is in the way longest: */
	enum ledger_rule rule;
	char subject[HOST_SIZE]; /* "" the account; shortened when longer */
	int64_t used, burst, period_s;
};

/*
 * Would the CA take this order now?  keeps_reserve: renewals are due, so one
 * that is none leaves them their part of the orders' bucket.
 */
enum err MUST_USE ledger_ask(struct db *db, const struct ledger_ca *ca,
    const struct ledger_order *order, bool keeps_reserve,
    struct ledger_verdict *out);

/* A30 with the limit, how much of it is used and the time. */
void ledger_say(const struct ledger_verdict *v, struct fault *f);

/*
 * The order of this row takes its share; what it took at another CA, or here
 * before, is given back first.  In a transaction.
 */
enum err MUST_USE ledger_charge(struct db *db, int64_t order_id,
    const struct ledger_ca *ca, const struct ledger_order *order);

/* It ended without a certificate: given back is what the CA did not count.
 * failed_host (NULL: none): its validation failed.  In a transaction. */
enum err MUST_USE ledger_ended(
    struct db *db, int64_t order_id, const char *failed_host);

/* It brought a certificate.  In a transaction. */
enum err MUST_USE ledger_issued(struct db *db, int64_t order_id);

/* The CA refused with a rate limit, in these words, until then.  host "": about
 * no name. */
enum err MUST_USE ledger_heard(struct db *db, const struct ledger_ca *ca,
    const char *detail, const char *host, int64_t until);

/* May an account be made now?  One is being made. */
enum err MUST_USE ledger_ask_account(
    struct db *db, const struct ledger_ca *ca, struct ledger_verdict *out);
enum err MUST_USE ledger_charge_account(
    struct db *db, const struct ledger_ca *ca);

/* --- what a person orders --------------------------------------------------
 */

#define LEDGER_BY_HAND_MAX 5 /* of a name in LEDGER_BY_HAND_S */
#define LEDGER_BY_HAND_S   INT64_C(86400)

/* ERR_AGAIN and A32 when it was often enough; *at is when it may again. */
enum err MUST_USE ledger_ask_by_hand(
    struct db *db, const char *host, int64_t *at, struct fault *f);
enum err MUST_USE ledger_add_by_hand(struct db *db, const char *host);
/* The order failed: who mends what was wrong may ask again.  In a transaction.
 */
enum err MUST_USE ledger_forgive_by_hand(
    struct db *db, int64_t order_id, const char *host);

/* --- what happened ---------------------------------------------------------
 */

/* For people and counters; kept for a week.  In a transaction. */
enum err MUST_USE ledger_add_attempt(
    struct db *db, int64_t order_id, const char *kind, const char *host);

/* --- to be shown -----------------------------------------------------------
 */

struct ledger_entry {
	enum ledger_rule rule;
	const char *subject;
	int64_t used, burst, period_s; /* burst 0: LEDGER_TOLD */
	int64_t next_at;               /* when one more passes; now: at once */
};
typedef void ledger_show(void *ctx, const struct ledger_entry *entry);

/* One bucket. */
struct ledger_entry ledger_entry_of(struct db *db, const struct ledger_ca *ca,
    enum ledger_rule rule, const char *subject);

/* Those of a rule that are used most, at most n. */
void ledger_busiest(struct db *db, const struct ledger_ca *ca,
    enum ledger_rule rule, int n, ledger_show *show, void *ctx);

/* All that an order for these names would have to pass. */
void ledger_of_order(struct db *db, const struct ledger_ca *ca,
    const struct ledger_order *order, ledger_show *show, void *ctx);

/* --- life ------------------------------------------------------------------
 */

/* Removes some rows that say nothing any more; *more: there may be others.
 * In a transaction. */
enum err MUST_USE ledger_prune(struct db *db, bool *more);

#endif
