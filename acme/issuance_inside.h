#ifndef ACME_ISSUANCE_INSIDE_H
#define ACME_ISSUANCE_INSIDE_H
/*
 * The inside of an issuance, for issuance.c (the steps of an order) and
 * issuance_begin.c (what is looked at before the first one).
 */
#include "acme/issuance.h"

/* Does what the order wants next. */
void issuance_drive(struct issuance *i);

/* A ca_done: the order has its answer, or what is in the way. */
void issuance_answer(
    void *ctx, const struct acme_response *r, const struct problem *p);

/* A31 becomes a sentence that names the profiles which the CA offers. */
void issuance_tell_profiles(struct issuance *i, struct problem *p);

#endif
