#ifndef ROUTER_EDGE_CLIENT_RATE_H
#define ROUTER_EDGE_CLIENT_RATE_H
/*
 * The app's `rate`: how often one client may ask, over all workers.  A client
 * is an IPv4 address or an IPv6 network of 64 bits, which is what one customer
 * of an access provider has at the least.
 */
#include "base/limits.h"
#include "base/slice.h"

/*
 * Takes one from what `client` (an address as text; what is none stands for
 * itself) may ask of the app.  0: it may; else the whole seconds after which it
 * may again, at least 1.
 */
int64_t client_rate_wait(struct limits *l, struct slice app,
    struct slice client, const struct rate *rate);

#endif
