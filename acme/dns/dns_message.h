#ifndef ACME_DNS_DNS_MESSAGE_H
#define ACME_DNS_DNS_MESSAGE_H
/*
 * Reads one DNS response (RFC 1035, 4): sans-I/O, bounded, from a resolver that
 * may lie.  Of the answer section it takes the CNAME chain that starts at a
 * name, and the addresses at its end; what belongs to other names is ignored.
 */
#include "acme/dns/dns.h"

#define DNS_TYPE_A     1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_SOA   6
#define DNS_TYPE_AAAA  28

/* The part of a walk from a name to its addresses that was made so far. */
struct dns_walk {
	char
	    name[256]; /* where it stands: the last target, at first the host */
	char chain[DNS_CHAIN_MAX][256];
	int chain_ttl_s[DNS_CHAIN_MAX];
	size_t n_chain;
	struct addr addresses[DNS_ADDRESSES_MAX];
	int address_ttl_s[DNS_ADDRESSES_MAX];
	size_t n_addresses;
	int denial_s; /* of a SOA that came instead of addresses; -1: none */
	int ttl_s;    /* the shortest of what was used; -1: none yet */
};

void dns_walk_start(struct dns_walk *w, const char *host);

/*
 * Walks on through one response to a question for w->name, type A or AAAA.
 * DNS_OK: no further, w->addresses has what was at the end.  DNS_LOOP, and
 * DNS_MALFORMED when it is no such response; its RCODE is not looked at.
 */
enum dns_result dns_walk_on(
    struct dns_walk *w, struct slice message, unsigned type);

/*
 * The records of a type in one response to a question for `name`: those at the
 * end of the CNAMEs that it gives.  out's slices are of the message.  DNS_OK,
 * DNS_LOOP or DNS_MALFORMED.
 */
enum dns_result dns_message_records(struct slice message, const char *name,
    unsigned type, struct dns_records *out);

#endif
