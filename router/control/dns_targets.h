#ifndef ROUTER_CONTROL_DNS_TARGETS_H
#define ROUTER_CONTROL_DNS_TARGETS_H
/*
 * What the platform's CNAME targets resolve to, remembered for their TTL: a
 * thousand domains that are looked at together ask for the target once.
 *
 * Owned by: checks.   Freed by: dns_targets_clear.
 */
#include "acme/dns/dns.h"
#include "base/map.h"

#define DNS_TARGETS_MAX 1024

struct dns_targets {
	struct map entries; /* name -> struct dns_target */
};

struct dns_target {
	struct addr addresses[DNS_ADDRESSES_MAX];
	size_t n;
	int64_t until; /* fresh before this time */
};

void dns_targets_init(struct dns_targets *t);
void dns_targets_clear(struct dns_targets *t);

/* NULL: not known, or no longer. */
const struct dns_target *dns_targets_get(
    const struct dns_targets *t, const char *name);
/* Every address that any resolver gave. */
void dns_targets_put(struct dns_targets *t, const char *name,
    const struct dns_answer *answers, size_t n);

#endif
