#ifndef ACME_ISSUANCE_H
#define ACME_ISSUANCE_H
/*
 * One order on its way: does what acme/order.h says is next, on the loop, and
 * writes each step down before it is taken.  Ends once, through on_issued
 * (until its owner takes the certificate) or on_failed.
 *
 * Owned by: issuer.   Freed by: issuance_free, never in one of its callbacks.
 */
#include "acme/by_hand.h"
#include "acme/ca.h"
#include "acme/caa_check.h"
#include "acme/order.h"
#include "acme/txt_records.h"
#include "base/list.h"

struct issuance;

/* What all issuances of an issuer share: loans. */
struct issuance_env {
	struct ev_loop *loop;
	struct db *db;
	struct shared *shared;
	struct keyring *keyring;
	struct ca *ca;
	struct dns *dns;         /* NULL: CAA is not looked at */
	struct txt_records *txt; /* NULL: no dns-01 */
	struct by_hand_env hands;
	const struct issuer_config *config;
	/* As in issuer_ops. */
	bool (*is_fronted)(void *ctx, const char *host);
	enum err (*on_issued)(void *ctx, struct issuance *i,
	    const struct chain *chain, struct fault *unfit);
	void (*on_failed)(
	    void *ctx, struct issuance *i, const struct problem *p);
	/* It waits for a person and needs no place in flight, or again. */
	void (*on_waits)(void *ctx, struct issuance *i, bool waits);
	void *ctx;
};

struct issuance {
	/* for its owner */
	struct list link;
	bool is_running, is_waiting_for_hands;
	struct seat *seat; /* whose CA it goes to; env is of it */
	enum wish_ca ca;
	bool is_moved; /* the other CA has refused it */
	int64_t needed_at;

	const struct issuance_env *env;
	int64_t id; /* of the row */
	char host[HOST_SIZE];
	struct order *order; /* NULL: not started */
	struct buf sealed;   /* the certificate's key; empty: none yet */
	struct chain *chain; /* NULL: not issued yet */
	struct ca_call *call;
	struct caa_check *caa;
	struct txt_publication *publication;
	struct by_hand *by_hand;
	bool is_told; /* that its challenge is served, and it is of this type */
	enum challenge_type told;
	ev_timer timer;
	int n_refused;   /* by the owner, in a row */
	bool is_counted; /* the CA's taking it is written down */
	bool is_over;    /* nothing more will happen */
};

struct issuance *issuance_new(
    const struct issuance_env *env, int64_t id, const char *host);
void issuance_free(struct issuance *i); /* NULL is allowed */

/* From its row, wherever that stands; from the loop.  ERR_NOT_FOUND: the row
 * is gone or closed. */
enum err MUST_USE issuance_start(struct issuance *i);

/* Stops and closes the row as cancelled; on_failed is not called. */
void issuance_cancel(struct issuance *i);

/* Ends one that need not start: closes the row, then on_failed. */
enum err MUST_USE issuance_refuse(struct issuance *i, const struct problem *p);

#endif
