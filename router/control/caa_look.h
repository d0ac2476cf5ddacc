#ifndef ROUTER_CONTROL_CAA_LOOK_H
#define ROUTER_CONTROL_CAA_LOOK_H
/*
 * Would CAA let the configured CAs issue for a host?  For people who ask before
 * there is an order; an order asks for itself (acme/issuance.h).
 *
 * Owned by: who asks.   Freed by: its end, or caa_look_cancel.
 */
#include "base/json.h"

struct control;
struct caa_look;

/*
 * Once, never from within caa_look_start.  The array is taken by the callee;
 * an object for each CA:
 *
 *   {"ca": "letsencrypt.org", "directory": "https://...", "allowed": true,
 *    "fault": null}
 *
 * "allowed" is null when the CA, or DNS, does not say ("fault" may say why).
 */
typedef void caa_look_done(void *ctx, json_t *answer);

struct caa_look *caa_look_start(
    struct control *c, const char *host, caa_look_done *done, void *ctx);
void caa_look_cancel(struct caa_look *l); /* NULL is allowed */

#endif
