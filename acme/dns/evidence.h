#ifndef ACME_DNS_EVIDENCE_H
#define ACME_DNS_EVIDENCE_H
/*
 * What all resolvers together say about a name, sorted into ours and foreign:
 * the ground on which reach.c judges and advice.c advises.  Pure.
 */
#include "acme/dns/reach.h"

#define EVIDENCE_ADDRESSES_MAX ((size_t)2 * DNS_ADDRESSES_MAX)

enum family {
	FAMILY_A,
	FAMILY_AAAA,
	FAMILIES
};

struct evidence_address {
	struct addr addr;
	enum family family;
	bool is_ours;
};

struct evidence {
	struct evidence_address addresses[EVIDENCE_ADDRESSES_MAX];
	size_t n_addresses; /* each once, however many resolvers know it */
	size_t n_ours[FAMILIES], n_foreign[FAMILIES];
	const char *cname; /* first of the chain, "": none; a loan */
	const char *end;   /* last of the chain, "": none; a loan */
	bool is_seen;      /* a resolver answered both questions, with
			    * addresses... */
	bool is_empty;     /* ...or with none */
	const struct dns_answer *right; /* sees us and nobody else, or NULL */
	const struct dns_answer *wrong; /* sees a foreign address, the longest
					 * of those that do; or NULL */
	enum dns_result failure;        /* the most telling one; DNS_OK: none */
	bool is_bogus; /* a resolver that checks DNSSEC refuses the name */
	int cached_s;  /* the longest that what stands at the name is kept */
};

/* Loans of answers remain in out. */
void evidence_collect(const struct dns_answer *answers, size_t n_answers,
    const struct reach_target *target, struct evidence *out);

/* Configured, or what a target resolves to. */
bool evidence_is_ours(const struct addr *a, const struct reach_target *target);

enum family address_family(const struct addr *a);

#endif
