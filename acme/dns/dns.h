#ifndef ACME_DNS_DNS_H
#define ACME_DNS_DNS_H
/*
 * DNS questions on the loop; c-ares' only door.  One question is asked of every
 * configured resolver (empty list: the system's) and each answer is reported,
 * so that disagreement can be seen.
 */
#include <ev.h>

#include "base/addr.h"
#include "base/fault.h"

#define DNS_ADDRESSES_MAX 32
#define DNS_CHAIN_MAX     10
#define DNS_RESOLVERS_MAX 8

enum dns_result {
	DNS_OK, /* there are records, or a clean NODATA */
	DNS_NXDOMAIN,
	DNS_SERVFAIL,
	DNS_REFUSED,
	DNS_TIMEOUT,
	DNS_LOOP, /* a CNAME chain longer than DNS_CHAIN_MAX, or circular */
	DNS_MALFORMED,
	DNS_BOGUS, /* SERVFAIL, but an answer when DNSSEC is not looked at */
};

/* What one resolver says about a name. */
struct dns_answer {
	struct addr resolver;
	enum dns_result a, aaaa;                  /* of the two questions */
	struct addr addresses[DNS_ADDRESSES_MAX]; /* A, then AAAA; port 0 */
	int address_ttl_s[DNS_ADDRESSES_MAX];     /* left, as the others here */
	size_t n_addresses;
	char chain[DNS_CHAIN_MAX][256]; /* CNAME targets in order */
	int chain_ttl_s[DNS_CHAIN_MAX]; /* of the record that names each */
	size_t n_chain;
	int denial_s; /* that there is none is remembered so long (RFC 2308);
		       * 0: unknown, or there is one */
	int kept_s;   /* what stands at the name itself is remembered so
		       * long; 0: unknown */
	int ttl_s;    /* the shortest seen; 0: unknown */
};

struct dns;
struct dns_query;

/* n may be 0: the system's resolvers.  S23 when one cannot be used. */
enum err MUST_USE dns_new(struct ev_loop *loop, const struct addr *resolvers,
    size_t n, struct dns **out, struct fault *f);
void dns_free(struct dns *d); /* open questions are dropped, not answered */

typedef void dns_done(
    void *ctx, const struct dns_answer *answers, size_t n_answers);

/* A and AAAA with the CNAME chain; `done` once, never from within dns_ask. When
 * one resolver has answered, the others are waited for only a little longer:
 * one that is down holds up nobody. */
struct dns_query *dns_ask(
    struct dns *d, const char *host, dns_done *done, void *ctx);
/* The same, done with the first resolver that knows addresses; the others are
 * told of as far as they have answered. */
struct dns_query *dns_ask_first(
    struct dns *d, const char *host, dns_done *done, void *ctx);
void dns_cancel(struct dns_query *q);

/* "ok", "nxdomain", "servfail"...: for programs. */
const char *dns_result_name(enum dns_result r);

/* "is unknown to DNS (NXDOMAIN)": what an answer without addresses says. */
const char *dns_answer_text(const struct dns_answer *a);

/* --- records of any type -------------------------------------------------- */

#define DNS_TYPE_NS     2
#define DNS_TYPE_TXT    16
#define DNS_TYPE_CAA    257

#define DNS_RECORDS_MAX 64
#define DNS_NAMES_MAX   13 /* as many as the root has */

/* What stands at a name, or at the end of its CNAMEs. */
struct dns_records {
	enum dns_result result; /* DNS_OK with n == 0: none of that type */
	struct slice rdata[DNS_RECORDS_MAX];
	size_t n;
	char names[DNS_NAMES_MAX][256]; /* of NS, the first of them: read */
	size_t n_names;
};

struct dns_lookup;

/* Once, never from within dns_lookup; r is a loan. */
typedef void dns_lookup_done(void *ctx, const struct dns_records *r);

/* Of the first resolver that answers; one that was silent the last time is
 * asked after the others. */
struct dns_lookup *dns_lookup(struct dns *d, const char *name, unsigned type,
    dns_lookup_done *done, void *ctx);
void dns_lookup_cancel(struct dns_lookup *l); /* NULL is allowed */

#endif
