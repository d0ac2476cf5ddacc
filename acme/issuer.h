#ifndef ACME_ISSUER_H
#define ACME_ISSUER_H
/*
 * Obtains certificates from a CA (RFC 8555): drives accounts and orders on the
 * loop.  Order, challenge and account are rows, written before the step they
 * describe is taken, so a restart resumes each order where it stood.
 *
 * The issuer decides how; its owner (router/control) decides whether and when,
 * through issuer_order, and installs what comes back.
 *
 * Owned by: control.   Freed by: issuer_free.
 */
#include <ev.h>

#include "acme/ca_choice.h"
#include "acme/challenge.h"
#include "acme/ledger.h"
#include "base/db.h"
#include "base/fetch.h"
#include "base/shared.h"
#include "certs/keyring.h"
#include "certs/x509/chain.h"

struct issuer_config {
	const char *directory; /* URL */
	const char *email;     /* "": none */
	bool agree_terms;
	const char *ca_file; /* "": none */
	const char *profile;
	const char *preferred_chain; /* issuer CN of its top; "": the default */
	const char *key_type;        /* "ecdsa-p256" | "rsa-2048" */
	const char *eab_kid, *eab_hmac_key;
	struct challenge_choice challenges; /* allowed, the best first */
	size_t max_orders;  /* in flight at once; more wait in line */
	const char *limits; /* acme/ledger.h's name of them, "auto" */
};

struct issuer_ops {
	/*
	 * A certificate for `host` is there; chain and sealed key are loans.
	 * Called outside any transaction.  The owner writes everything it wants
	 * in one transaction, calling issuer_close_order(db, order_id) inside
	 * it.  Any value but ERR_OK: with `unfit` set the order ends as failed
	 * for this reason (on_failed), without it the order stays and the
	 * certificate is offered again.
	 */
	enum err (*on_issued)(void *ctx, int64_t order_id, const char *host,
	    const struct chain *chain, struct slice sealed,
	    struct fault *unfit);
	/*
	 * The order ended without one.  retry_at is the CA's word (Retry-After)
	 * or 0: the owner's back-off decides.  needs_person: nothing will
	 * change by itself.
	 */
	void (*on_failed)(void *ctx, int64_t order_id, const char *host,
	    const struct fault *f, int64_t retry_at, bool needs_person);
	/* What was seen last of the name in DNS is a CDN, which ends TLS
	 * itself: tls-alpn-01 cannot be answered.  May be NULL. */
	bool (*is_fronted)(void *ctx, const char *host);
	/* The CA refused for a reason of its own, and the other one goes on
	 * with it at once; the order is open still.  May be NULL. */
	void (*on_moved)(void *ctx, const char *host, const struct fault *f);
};

struct ca;
struct issuer;
struct dns;
struct txt_records;

struct issuer *issuer_new(struct ev_loop *loop, struct db *db,
    struct shared *shared, struct keyring *keyring, struct fetch *fetch,
    const struct issuer_config *config);
/* The second CA, which takes what the first will not (acme/ca_choice.h); once,
 * before issuer_resume. */
void issuer_set_fallback(struct issuer *is, const struct issuer_config *config);
/* Loans that outlive it, before issuer_resume: to look at CAA, and for dns-01
 * (txt may be NULL). */
void issuer_set_dns(
    struct issuer *is, struct dns *dns, struct txt_records *txt);
void issuer_set_owner(
    struct issuer *is, const struct issuer_ops *ops, void *ctx);
void issuer_free(struct issuer *is);

/* At start: takes up every order that is open in the store. */
void issuer_resume(struct issuer *is);

/*
 * One certificate as wished.  Nothing happens when an order for the domain
 * (wish->names[0]) is open already.  A10, A27, C24 at once; A30 and ERR_AGAIN:
 * the CA's limits do not allow it now, and *at is its turn (else it is 0); S19
 * when the row cannot be written.  May stand in the owner's transaction.
 */
enum err MUST_USE issuer_order(struct issuer *is, const struct order_wish *wish,
    int64_t *at, struct fault *f);
/* Would issuer_order take it now?  As there, and nothing is ordered. */
enum err MUST_USE issuer_may_order(const struct issuer *is,
    const struct order_wish *wish, int64_t *at, struct fault *f);
/* Renewals are due: part of the CAs' limits is kept for them (LEDGER_RESERVE).
 */
void issuer_keep_reserve(struct issuer *is, bool renewals_are_due);
bool issuer_has_order(const struct issuer *is, const char *host);
/* Its order is one by hand, and nobody is known to serve its challenge. */
bool issuer_waits_for_hands(const struct issuer *is, const char *host);
/* Of one by hand: its challenge is served, as far as a person knows; this type
 * when none can be seen from here.  False: nothing waits for that. */
bool issuer_tell(struct issuer *is, const char *host, enum challenge_type type);
/* The domain is gone: forget its order and answer its challenges no more.
 * Outside any transaction. */
void issuer_cancel(struct issuer *is, const char *host);

/* In the owner's transaction: the order's row is closed as valid, its
 * challenges are removed. */
enum err MUST_USE issuer_close_order(struct db *db, int64_t order_id);

/* The CA of that directory, a loan; NULL: none that is configured. */
struct ca *issuer_ca(struct issuer *is, const char *directory);

/* A CA of its, for acme/outlook.h; NULL: it is not configured. */
struct seat;
const struct seat *issuer_seat(const struct issuer *is, enum ca_seat which);

/* What became of it; f NULL: it is done. */
typedef void issuer_told(void *ctx, const struct fault *f);

/*
 * Another key for the account there (RFC 8555, 7.3.5), when the orders under
 * way have ended.  done is called once, later.  ERR_NOT_FOUND and P11: there is
 * no such CA; ERR_EXISTS and A34.  What done may say: A34, A33, A11, A20.
 */
struct rollover_wish {
	enum ca_seat ca;
	bool new_account; /* the one there is is given up, e.g. deactivated */
};
enum err MUST_USE issuer_roll_over(struct issuer *is,
    const struct rollover_wish *wish, issuer_told *done, void *ctx,
    struct fault *f);

/*
 * Revokes a certificate (7.6) with the account of the CA that issued it; reason
 * as RFC 5280, 5.3.1.  done as above; A33, A35.  One at a time: ERR_AGAIN and
 * A34; ERR_NOT_FOUND and A35: that CA is not configured.
 */
struct revocation_wish {
	const char *directory;
	struct slice certificate; /* DER */
	int reason;
};
enum err MUST_USE issuer_revoke(struct issuer *is,
    const struct revocation_wish *wish, issuer_told *done, void *ctx,
    struct fault *f);

/* For status and `towpath acme`. */
struct issuer_ca_status {
	bool is_there, agree_terms;
	bool is_resting;                     /* its account gets another key */
	const char *directory, *account_url; /* "": none yet */
	const struct ledger_limits *limits;  /* NULL: it is not there */
	size_t in_flight;
	struct fault fault;    /* of the CA as a whole, e.g. A11; none when the
				* last request went well */
	int64_t refuses_until; /* orders go to the other one until; 0 */
};
struct issuer_status {
	struct issuer_ca_status ca[CA_SEATS];
	/* of both, and of the first */
	size_t in_flight, waiting;
	const char *directory, *account_url; /* "": none yet */
	struct fault fault;
};
void issuer_status(const struct issuer *is, struct issuer_status *out);

#endif
