#ifndef ACME_DNS_INSIDE_H
#define ACME_DNS_INSIDE_H
/*
 * The inside of dns.h, for dns.c (addresses, of every resolver) and
 * dns_lookup.c (records of any type, of the first that answers).
 */
#include <ares.h>

#include "acme/dns.h"
#include "base/list.h"

#define DNS_CLASS_IN 1

/* One resolver, with a c-ares channel of its own so that it answers for itself.
 * Owned by: dns.   Freed by: dns_free. */
struct resolver {
	struct dns *dns;
	struct addr addr;
	ares_channel channel;
	ev_timer timer; /* c-ares' next time-out */
	struct list sockets;
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

/* After a question: c-ares' next time-out. */
void dns_update_timer(struct resolver *r);
enum dns_result dns_result_of(int ares_status);

void dns_free_lookups(struct dns *d);

#endif
