#ifndef ROUTER_CONTROL_FALLBACK_H
#define ROUTER_CONTROL_FALLBACK_H
/*
 * Could an automatic certificate take over from a custom one today?  Asked with
 * every upload and after every look at DNS (so daily at least) of a host that
 * serves a custom certificate: one stands by, or the name reaches us and an
 * order would go through (acme/outlook.h).  What was seen is kept with the
 * domain, whose fault it is while nothing stands by (C42).
 *
 * Owned by: control.   Freed by: fallbacks_free, after the checks and before
 * the issuer.
 */
#include "base/fault.h"

struct control;
struct fallbacks;

struct fallbacks *fallbacks_new(struct control *c);
void fallbacks_free(struct fallbacks *all);

/* Looks, unless a look is under way or too many are: the next is tomorrow. */
void fallback_start(struct control *c, const char *host);

/* The same for somebody who waits, not long: `done` is called once, from the
 * loop or before this returns.  f: none when one is ready, or could be had. */
typedef void fallback_done(void *ctx, const struct fault *f);
void fallback_ask(
    struct control *c, const char *host, fallback_done *done, void *ctx);

#endif
