#ifndef ACME_RENEWAL_H
#define ACME_RENEWAL_H
/*
 * What is known of the renewal of each certificate that a CA issued to us: the
 * SQL of the table `renewal`, and the question to the CA.  When to ask and what
 * follows is the owner's business (router/control/renewals.h).
 */
#include "acme/ari.h"
#include "acme/ca.h"
#include "base/db.h"

struct renewal {
	int64_t certificate_id;
	char ari_id[ARI_ID_SIZE];
	char directory[ACME_URL_MAX + 1]; /* of the CA that issued it */
	struct ari_window window;
	int64_t chosen_at;             /* within the window; 0: none */
	int64_t asked_at, answered_at; /* last; with a window; 0: never */
	int64_t poll_at;               /* next */
	int failures;                  /* in a row */
	struct fault fault;            /* of the last question */
};

/* A new certificate of the open order; it has no row when it does not name its
 * issuer's key. */
enum err MUST_USE renewal_add(struct db *db, int64_t certificate_id,
    const struct certificate *leaf, int64_t order_id, int64_t poll_at);
enum err MUST_USE renewal_save(struct db *db, const struct renewal *r);
enum err MUST_USE renewal_drop(struct db *db, int64_t certificate_id);

/* ERR_NOT_FOUND: there is none. */
enum err MUST_USE renewal_get(
    struct db *db, int64_t certificate_id, struct renewal *out);
enum err MUST_USE renewal_find(
    struct db *db, const char *ari_id, struct renewal *out);

/* Certificates that are to be asked about by `now`, the longest due first; and
 * those planned so far ahead that the clock must have been set back. */
enum err MUST_USE renewal_due(
    struct db *db, int64_t now, int64_t *ids, size_t max, size_t *n);

/* What the answer of the CA makes of *r; r->asked_at is answer->now from then
 * on.  `random` chooses in a window that is new or has moved.  Returns whether
 * it is. */
bool renewal_answered(
    struct renewal *r, const struct acme_response *answer, uint64_t random);

/* The CA gives no such information (any more). */
void renewal_not_offered(struct renewal *r, int64_t now);

/* When to renew what is valid from not_before to not_after, by what is known
 * at `now`: as the CA wishes; as schedule_renewal has it, if earlier, when the
 * CA has not been heard for long.  r NULL: nothing is known. */
int64_t renewal_at(const struct renewal *r, int64_t not_before,
    int64_t not_after, int jitter, int64_t now);

/* The CA wants this certificate renewed now; false for NULL, and for one that
 * nothing is known of.  Such orders are exempt from most limits (section 5). */
bool renewal_is_in_window(struct db *db, const char *ari_id, int64_t now);

/* --- the question --- */

struct renewal_query;

/* Called once, never from within renewal_ask; r and p as of ca_done, both NULL
 * when the CA gives no such information. */
struct renewal_query *renewal_ask(
    struct ca *ca, const char *ari_id, ca_done *done, void *ctx);
void renewal_cancel(struct renewal_query *q); /* NULL is allowed */

#endif
