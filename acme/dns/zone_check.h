#ifndef ACME_DNS_ZONE_CHECK_H
#define ACME_DNS_ZONE_CHECK_H
/*
 * Do the servers of a zone have a TXT record?  A provider's word is about its
 * own copy; a CA asks whichever server it likes, more than once, and a
 * validation that fails counts against us.  So each name server of the closest
 * zone is asked directly, at each address that it has, until none is without
 * the value.
 *
 * A server that cannot be asked (its address is not reachable from here, it
 * refuses) is passed over.  Where none can, as in a private network, the
 * configured resolvers are asked instead, for a shorter while, and what they
 * say delays but does not refuse: they may remember the time before.
 *
 * Owned by: who asks.   Freed by: its end, or zone_check_cancel.
 */
#include "acme/dns/dns.h"

#define ZONE_CHECK_KNOWN_MAX 16

struct zone_check_config {
	int patience_ms;          /* with the zone's servers */
	int resolver_patience_ms; /* with the resolvers instead */
	/* Servers that are known under another port than 53. */
	struct addr known[ZONE_CHECK_KNOWN_MAX];
	size_t n_known;
};

struct zone_check;

/* Once, never from within zone_check_start.  f NULL: it is seen, or nobody can
 * say.  D33 with the server that lacks it. */
typedef void zone_check_done(void *ctx, const struct fault *f);

/* Name and value are copied; dns and config are loans that outlive it. */
struct zone_check *zone_check_start(struct ev_loop *loop, struct dns *dns,
    const struct zone_check_config *config, const char *const txt[2],
    zone_check_done *done, void *ctx);
void zone_check_cancel(struct zone_check *z); /* NULL is allowed */

/* Whether TXT rdata holds a text, in however many parts. */
bool zone_check_is_text(struct slice rdata, const char *text);

#endif
