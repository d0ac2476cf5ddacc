#ifndef ROUTER_CONTROL_DOMAIN_ORDER_H
#define ROUTER_CONTROL_DOMAIN_ORDER_H
/*
 * Automatic certificates of domains: when the status machine wants one it is
 * ordered here, and what the issuer brings back is proved and installed, or
 * told and tried again later.
 */
#include "acme/issuer.h"

struct control;

/* Lines up behind the orders under way; outside of any change.  When too many
 * wait already the domain is looked at again a little later. */
void domain_order_start(struct control *c, const char *host);

/* What the issuer calls; ctx is struct control. */
extern const struct issuer_ops domain_order_ops;

#endif
