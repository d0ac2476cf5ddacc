#ifndef ACME_DNS_REACH_H
#define ACME_DNS_REACH_H
/*
 * Does a name reach us?  A pure verdict over evidence: the answers for the name
 * and what is ours.  It does if every final A and AAAA is ours; a CNAME alone
 * proves nothing.
 */
#include "acme/dns/dns.h"
#include "base/json.h"

/* Ours: configured addresses, and what our cname targets resolve to now. */
struct reach_target {
	const char *const *cnames; /* cname_target, in order of preference */
	size_t n_cnames;
	const char *app;              /* see reach_cname; NULL or "": none */
	const struct addr *addresses; /* configured */
	size_t n_addresses;
	const struct addr *resolved; /* of the cname targets */
	size_t n_resolved;
	const struct addr *retired; /* configured a short while ago: ours
				     * still, but nobody is told to use them */
	size_t n_retired;
};

enum reach_do {
	REACH_CREATE,
	REACH_DELETE,
	REACH_CHANGE
};

struct reach_record {
	enum reach_do act;
	char type[8]; /* "A", "AAAA", "CNAME"; "ALIAS": see reach_records */
	char name[256];
	char value[256];
	char was[256]; /* of REACH_CHANGE */
	int ttl_s;
};

#define REACH_RECORDS_MAX 40
#define REACH_PROBES_MAX  4

struct reach_verdict {
	bool reaches;
	bool is_cdn;        /* ...through a CDN or a proxy; see reach_probed */
	struct fault fault; /* D10..D19, D21 when it does not */
	struct reach_record records[REACH_RECORDS_MAX]; /* what to set */
	size_t n_records;
	int cached_s; /* how long caches may keep the old answer; 0: unknown */
	/* foreign addresses behind which a CDN may lead to us: worth a probe */
	struct addr probes[REACH_PROBES_MAX];
	size_t n_probes;
	char note[FAULT_TEXT_SIZE]; /* what a person should know all the same,
				     * one sentence; "": nothing */
};

/* What came of a request to foreign addresses that only we could answer. */
struct reach_probe {
	bool came_back;
	bool is_answered; /* by somebody, and not with an error of theirs */
	char address[ADDR_TEXT_SIZE]; /* the one that the text is about */
	char text[160];               /* "answers with status 404 (nginx)" */
};

void reach_judge(const char *host, const struct dns_answer *answers,
    size_t n_answers, const struct reach_target *target,
    struct reach_verdict *out);

/*
 * A name that points elsewhere reaches us all the same when a probe through
 * its addresses comes back: then a CDN or a proxy is in front, which hands on
 * http-01 and cannot hand on tls-alpn-01.  Else the fault says what answered.
 */
void reach_probed(struct reach_verdict *v, const struct reach_probe *probe);

/*
 * The records to set for a name nobody has looked up yet: what `domains add`
 * prints.  A CNAME to the first of target->cnames; at an apex, where no CNAME
 * may stand, A and AAAA.  When we know of no address for an apex the type is
 * ALIAS, the word of many DNS providers for a CNAME that they flatten.  D19
 * when we know of nothing at all.
 */
void reach_records(const char *host, const struct reach_target *target,
    struct reach_verdict *out);

/*
 * What `host` is to be a CNAME to: the target itself, or, under a wildcard
 * target ("*.edge.example.com"), a name of the app's: "shop.edge.example.com".
 * Without an app it is one of the host's own: "www-shop-com.edge...".  Every
 * name under the wildcard is right; resolve these to learn target->resolved.
 */
void reach_cname(
    const char *target, const char *app, const char *host, char out[256]);

/* It is a registered domain (base/registered.h). */
bool reach_is_apex(const char *host);

/* INTERFACE.md's "records" array. */
json_t *reach_records_json(const struct reach_verdict *v);

#endif
