#ifndef ROUTER_CONTROL_PROBE_H
#define ROUTER_CONTROL_PROBE_H
/*
 * Does a name whose addresses are not ours lead to us all the same, through a
 * CDN or a proxy?  Asks http://NAME/.well-known/towpath/NONCE at each foreign
 * address; certs/echo.h says what only our workers answer.  Requests go through
 * base/fetch.h with its address rules: private networks only when they are in
 * [control] webhook_networks.
 *
 * What came of it is remembered for a check interval, in which a name is not
 * asked again, whoever looks.
 *
 * Owned by: checks.   Freed by: probes_free, which drops what is under way.
 */
#include "acme/dns/reach.h"

struct control;
struct probes;
struct probe;

struct probes *probes_new(struct control *c);
void probes_free(struct probes *p);

/* What is remembered of these addresses, a loan; NULL: to be asked. */
const struct reach_probe *probes_recall(
    struct probes *p, const char *name, const struct addr *addresses, size_t n);

/* Once, never from within probe_start. */
typedef void probe_done(void *ctx, const struct reach_probe *outcome);

/* n is 1 to REACH_PROBES_MAX. */
struct probe *probe_start(struct probes *p, const char *name,
    const struct addr *addresses, size_t n, probe_done *done, void *ctx);
void probe_cancel(struct probe *p); /* NULL is allowed */

#endif
