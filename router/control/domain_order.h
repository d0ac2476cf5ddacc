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

/* Its automatic certificate is for host alone: another one renews it. */
bool domain_order_is_renewal(struct control *c, const char *host);

/* Would the CA take an order for host alone now?  A10, A27; ERR_AGAIN and A30:
 * its limits do not allow it before *at. */
enum err MUST_USE domain_order_may(
    struct control *c, const char *host, int64_t *at, struct fault *f);

/* A person wants a certificate for host, though one may be there: ERR_AGAIN and
 * A32 when they had five in a day.  Counts this one, unless an order is under
 * way already.  Inside the change that orders it. */
enum err MUST_USE domain_order_by_hand(
    struct control *c, const char *host, int64_t *at, struct fault *f);

/* One whose challenge somebody else serves, before the name leads here; nothing
 * when an order is open already.  Outside of any change. */
enum err MUST_USE domain_order_elsewhere(
    struct control *c, const char *host, int64_t *at, struct fault *f);

/* What the issuer calls; ctx is struct control. */
extern const struct issuer_ops domain_order_ops;

#endif
