#ifndef ACME_DNS_DNS_INSIDE_H
#define ACME_DNS_DNS_INSIDE_H
/*
 * The inside of dns.h, for dns.c (addresses, of every resolver), dns_lookup.c
 * (records of any type, of the first that answers) and dns_resolver.c (c-ares
 * on the loop).
 */
#include <ares.h>

#include "acme/dns/dns.h"
#include "base/list.h"

#define DNS_CLASS_IN  1
#define DNS_EDNS_SIZE 1232 /* what passes everywhere without fragments */

/* One resolver, with a c-ares channel of its own so that it answers for itself.
 * Owned by: dns.   Freed by: dns_free. */
struct resolver {
	struct dns *dns;
	struct addr addr;
	ares_channel channel;
	ev_timer timer; /* c-ares' next time-out */
	struct list sockets;
	bool is_silent; /* it did not answer the last time it was asked */
};

struct dns {
	struct ev_loop *loop;
	struct resolver resolvers[DNS_RESOLVERS_MAX];
	size_t n_resolvers;
	struct list open, finished;
	struct list lookups; /* of dns_lookup.c */
	ev_timer deliver;    /* answers leave from here, never out of c-ares */
	bool is_closing;
};

/* Adds one to d. */
enum err MUST_USE dns_open_resolver(
    struct dns *d, const struct addr *a, struct fault *f);
/* The system's, as c-ares reads them; DNS_RESOLVERS_MAX at most. */
enum err MUST_USE dns_system_resolvers(
    struct addr *out, size_t *n, struct fault *f);

/* After a question: c-ares' next time-out. */
void dns_update_timer(struct resolver *r);
enum dns_result dns_result_of(int ares_status);

void dns_free_lookups(struct dns *d);

#endif
