#ifndef ACME_ISSUANCE_INSIDE_H
#define ACME_ISSUANCE_INSIDE_H
/*
 * The inside of an issuance, for issuance.c (the steps of an order),
 * issuance_begin.c (what is looked at before the first one) and
 * issuance_by_hand.c (challenges that somebody else serves).
 */
#include "acme/issuance.h"

/* Does what the order wants next. */
void issuance_drive(struct issuance *i);

/* A ca_done: the order has its answer, or what is in the way. */
void issuance_answer(
    void *ctx, const struct acme_response *r, const struct problem *p);

/* The publishing of an order by hand: its challenges are rows, and waited for.
 * Any value but ERR_OK: not now. */
enum err MUST_USE issuance_wait_for_hands(struct issuance *i);

/* Workers may have looked for a token in vain. */
void issuance_bump_token(const struct issuance *i, const char *token);

/* A31 becomes a sentence that names the profiles which the CA offers. */
void issuance_tell_profiles(struct issuance *i, struct problem *p);

#endif
