#ifndef ROUTER_CONTROL_DNS_CHANGE_H
#define ROUTER_CONTROL_DNS_CHANGE_H
/*
 * Makes the DNS records that a domain needs at the configured provider: those
 * that a look at DNS advises now, and a CAA record that lets the first CA
 * issue, when that is wanted.  What was not shown is not done: whoever wants a
 * record replaced or deleted repeats the changes that were shown to them, and
 * they are refused when others are due by now.
 *
 * Owned by: who asks.   Freed by: its end, or dns_change_drop.
 */
#include "base/fault.h"
#include "base/json.h"

struct control;
struct dns_change;

struct dns_change_wish {
	const char *host;     /* of a domain */
	bool repairs_caa;     /* too */
	bool is_dry;          /* only say what would be done */
	const json_t *agreed; /* the changes, as they were shown; NULL: those
			       * that replace and delete nothing */
};

/*
 * Once, never from within dns_change_start.  The answer is taken by the callee:
 * {"changes": [Record...], "applied": true}.  f: why they are not made: D32,
 * D30, D31; P19: they replace something and nobody agreed, or others than
 * these are due; the answer is NULL then unless there are changes to be shown.
 */
typedef void dns_change_done(void *ctx, json_t *answer, const struct fault *f);

/* S20: too many looks at once. */
enum err MUST_USE dns_change_start(struct control *c,
    const struct dns_change_wish *wish, dns_change_done *done, void *ctx,
    struct dns_change **out, struct fault *f);
/* The daemon ends, its checks before this: nobody is told. */
void dns_change_drop(struct dns_change *d);

#endif
