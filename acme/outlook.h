#ifndef ACME_OUTLOOK_H
#define ACME_OUTLOOK_H
/*
 * Would an order for a name go through today?  What an issuance asks before it
 * troubles the CA, without the order: is there a CA that takes orders, a
 * challenge for the name, does CAA allow it, is there budget in the ledger.
 * Whether the name reaches us is the owner's to know.
 *
 * Owned by: who asked.   Ends with done, or outlook_cancel.
 */
#include "acme/issuer.h"

struct outlook;

struct outlook_answer {
	struct fault fault; /* none: it would */
	int64_t until;      /* it would from then on; 0: nobody knows */
	bool is_passing;    /* goes away by itself: the CA or DNS is silent */
};

/* Once, never from within outlook_start. */
typedef void outlook_done(void *ctx, const struct outlook_answer *a);

/* By the CAs that `ca` allows, the first that would do counts; when none would,
 * the answer is that of the first. */
struct outlook *outlook_start(struct issuer *is, enum wish_ca ca,
    const char *name, outlook_done *done, void *ctx);
void outlook_cancel(struct outlook *o); /* NULL is allowed */

#endif
