#include "acme/dns/rfc2136_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/mem.h"

#define FUDGE_S       300 /* clocks may differ by so much (RFC 8945, 10) */
#define ALGORITHM_MAX 32

struct rfc2136_signature {
	ldns_rdf *mac;
};

void
rfc2136_signature_free(struct rfc2136_signature *s)
{
	if (s == NULL)
		return;
	ldns_rdf_deep_free(s->mac);
	free(s);
}

/* --- packets -------------------------------------------------------------- */

static ldns_rdf *
name_of(const char *name)
{
	return ldns_dname_new_frm_str(name);
}

static ldns_pkt *
parse(struct slice message)
{
	ldns_pkt *p = NULL;

	if (ldns_wire2pkt(&p, (const uint8_t *)message.p, message.n) !=
	    LDNS_STATUS_OK)
		return NULL;
	return p;
}

static enum err
put(struct buf *b, const ldns_pkt *p)
{
	uint8_t *wire = NULL;
	size_t n = 0;
	enum err e;

	if (ldns_pkt2wire(&wire, p, &n) != LDNS_STATUS_OK)
		return ERR_SYNTAX;
	e = buf_add(b, slice_of(wire, n));
	free(wire);
	return e;
}

/* --- signatures ----------------------------------------------------------- */

/* Adds the TSIG record; *mac is what the answer's will cover. */
static enum err
sign(ldns_pkt *p, const struct rfc2136_key *key, ldns_rdf **mac)
{
	char algorithm[ALGORITHM_MAX];
	const ldns_rr *tsig;

	snprintf(algorithm, sizeof(algorithm), "%s.", key->algorithm);
	if (ldns_pkt_tsig_sign(p, key->name, key->secret, FUDGE_S, algorithm,
		NULL) != LDNS_STATUS_OK)
		return ERR_TLS;
	tsig = ldns_pkt_tsig(p);
	*mac = tsig == NULL ? NULL : ldns_rdf_clone(ldns_rr_rdf(tsig, 3));
	return *mac == NULL ? ERR_TLS : ERR_OK;
}

enum err
rfc2136_key_check(const struct rfc2136_key *key, struct fault *f)
{
	ldns_pkt *p = ldns_pkt_query_new(
	    name_of("key.test"), LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0);
	ldns_rdf *mac = NULL, *name = name_of(key->name);
	enum err e = p == NULL || name == NULL ? ERR_SYNTAX : ERR_OK;

	if (e == ERR_OK)
		e = sign(p, key, &mac);
	ldns_rdf_deep_free(mac);
	ldns_rdf_deep_free(name);
	ldns_pkt_free(p);
	if (e != ERR_OK)
		fault_set(f, FAULT_S23_CONFIG_VALUE,
		    "[dns.rfc2136] key_name, key_algorithm and key_secret are "
		    "no key that can sign");
	return e;
}

/* --- whose zone ----------------------------------------------------------- */

enum err
rfc2136_write_soa(struct buf *b, const char *name)
{
	ldns_rdf *owner = name_of(name);
	ldns_pkt *p;
	enum err e;

	if (owner == NULL)
		return ERR_SYNTAX;
	p = ldns_pkt_query_new(owner, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0);
	if (p == NULL) {
		ldns_rdf_deep_free(owner);
		return ERR_SYNTAX;
	}
	ldns_pkt_set_random_id(p);
	e = put(b, p);
	ldns_pkt_free(p);
	return e;
}

static bool
has_soa_of(const ldns_pkt *p, const char *name)
{
	ldns_rdf *owner = name_of(name);
	ldns_rr_list *found;
	bool has;

	if (owner == NULL)
		return false;
	found = ldns_pkt_rr_list_by_name_and_type(
	    p, owner, LDNS_RR_TYPE_SOA, LDNS_SECTION_ANSWER);
	has = found != NULL && ldns_rr_list_rr_count(found) > 0;
	ldns_rr_list_deep_free(found);
	ldns_rdf_deep_free(owner);
	return has && ldns_pkt_aa(p);
}

enum err
rfc2136_read_soa(struct slice message, const char *name, bool *is_zone)
{
	ldns_pkt *p = parse(message);
	enum err e = ERR_OK;

	if (p == NULL)
		return ERR_SYNTAX;
	/* a server refuses names of zones it does not have: try the parent */
	*is_zone = has_soa_of(p, name);
	if (ldns_pkt_get_rcode(p) == LDNS_RCODE_SERVFAIL)
		e = ERR_DENIED;
	ldns_pkt_free(p);
	return e;
}

/* --- the update ----------------------------------------------------------- */

static ldns_rr *
record(const struct provider_change *c)
{
	bool is_quoted = strcmp(c->type, "TXT") == 0;
	char *text =
	    xasprintf(is_quoted ? "%s. %d IN %s \"%s\"" : "%s. %d IN %s %s",
		c->name, c->ttl_s, c->type, c->value);
	ldns_rr *rr = NULL;

	if (ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL) != LDNS_STATUS_OK)
		rr = NULL;
	free(text);
	return rr;
}

/* "Delete an RRset" (RFC 2136, 2.5.2): class ANY, no TTL, no data. */
static ldns_rr *
delete_all(const ldns_rr *of)
{
	ldns_rr *rr = ldns_rr_new();

	ldns_rr_set_owner(rr, ldns_rdf_clone(ldns_rr_owner(of)));
	ldns_rr_set_type(rr, ldns_rr_get_type(of));
	ldns_rr_set_class(rr, LDNS_RR_CLASS_ANY);
	ldns_rr_set_ttl(rr, 0);
	return rr;
}

/* The records of the update section; takes rr. */
static ldns_rr_list *
updates(enum provider_act act, ldns_rr *rr)
{
	ldns_rr_list *list = ldns_rr_list_new();

	if (act == PROVIDER_REPLACE)
		ldns_rr_list_push_rr(list, delete_all(rr));
	if (act == PROVIDER_REMOVE) { /* one of the set (2.5.4) */
		ldns_rr_set_class(rr, LDNS_RR_CLASS_NONE);
		ldns_rr_set_ttl(rr, 0);
	}
	ldns_rr_list_push_rr(list, rr);
	return list;
}

enum err
rfc2136_write_update(struct buf *b, const char *zone,
    const struct provider_change *c, const struct rfc2136_key *key,
    struct rfc2136_signature **out)
{
	ldns_rr *rr = record(c);
	ldns_rdf *name = name_of(zone), *mac = NULL;
	ldns_pkt *p = NULL;
	enum err e = ERR_SYNTAX;

	if (rr != NULL && name != NULL) {
		ldns_rr_list *list = updates(c->act, rr);

		p = ldns_update_pkt_new(
		    name, LDNS_RR_CLASS_IN, NULL, list, NULL);
		ldns_rr_list_deep_free(list);
	} else {
		ldns_rr_free(rr);
	}
	if (p == NULL) {
		ldns_rdf_deep_free(name);
		return ERR_SYNTAX;
	}
	ldns_pkt_set_random_id(p);
	e = sign(p, key, &mac);
	if (e == ERR_OK)
		e = put(b, p);
	ldns_pkt_free(p); /* and the zone's name */
	if (e != ERR_OK) {
		ldns_rdf_deep_free(mac);
		return e;
	}
	*out = xcalloc(1, sizeof(**out));
	(*out)->mac = mac;
	return ERR_OK;
}

static const char *
rcode_text(ldns_pkt_rcode rcode)
{
	const ldns_lookup_table *row =
	    ldns_lookup_by_id(ldns_rcodes, (int)rcode);

	return row == NULL ? "an unknown error" : row->name;
}

enum err
rfc2136_read_update(struct slice message, const struct rfc2136_signature *s,
    const struct rfc2136_key *key, const char **why)
{
	ldns_pkt *p = parse(message);
	enum err e = ERR_OK;

	if (p == NULL)
		return ERR_SYNTAX;
	*why = rcode_text(ldns_pkt_get_rcode(p));
	if (ldns_pkt_get_rcode(p) != LDNS_RCODE_NOERROR)
		e = ERR_DENIED; /* a server that cannot verify cannot sign */
	else if (!ldns_pkt_tsig_verify(p, (const uint8_t *)message.p, message.n,
		     key->name, key->secret, s->mac))
		e = ERR_TLS;
	ldns_pkt_free(p);
	return e;
}
