#ifndef ROUTER_CONTROL_EXPLAIN_H
#define ROUTER_CONTROL_EXPLAIN_H
/*
 * The whole story of a host, for GET /v1/explain/{host}: what DNS says, what
 * was ordered and how that went in the CA's own words, what is served and why,
 * and what happens next.  Everything here reads; nothing is judged anew.
 *
 * Of a domain the document has host, domain, dns, caa, budget, orders, serving,
 * history, fallback, events and next; of any other host domain is null, and dns
 * (seen just now), answers and commands say what would happen.  Members with a
 * fault have it as {"code", "text", "action"}, or null.
 */
#include "router/control/domain.h"

struct diagnosis;

/* {"host", "domain", "dns", ...} of a domain; caa as in caa_look.h, taken. */
json_t *explain_domain(struct control *c, const struct domain *d, json_t *caa);

/* The same of a host that is none, as it was seen. */
json_t *explain_stranger(struct control *c, const struct diagnosis *seen);

/* --- its parts -------------------------------------------------------------
 */

/*
 * The last orders that had the host among their names, newest first: [{"order",
 * "state", "names", "directory", "challenge", "created_at", "updated_at",
 * "ended_at", "fault", "challenges": [{"type", "host", "url", "created_at"}],
 * "said": {"type", "detail", ...} as the CA sent it or null, "said_url"}].
 */
json_t *explain_orders(struct control *c, const char *host);

/*
 * What is chosen and why the others are not: {"serving", "is_valid",
 * "candidates": [{"chosen", "from", "why", "certificate"}]}, in the order in
 * which they are considered.
 */
json_t *explain_serving(struct control *c, const struct domain *d,
    const struct domain_facts *facts);

/* What comes and when, soonest first: [{"at", "what", "text"}]; what is one of
 * dns_check, order, renewal, expiring, switch, needs_person. */
json_t *explain_next(const struct domain *d, const struct domain_facts *facts);

#endif
