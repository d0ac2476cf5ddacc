#ifndef ACME_LINK_H
#define ACME_LINK_H
/*
 * Link fields of an answer (RFC 8288): where else something is to be had.
 */
#include "acme/response.h"

/* Each absolute URL with that relation, "alternate" say; a loan of r. */
typedef void link_visit(void *ctx, struct slice url);
void links_each(const struct acme_response *r, const char *relation,
    link_visit *visit, void *ctx);

#endif
