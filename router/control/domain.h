#ifndef ROUTER_CONTROL_DOMAIN_H
#define ROUTER_CONTROL_DOMAIN_H
/*
 * A registered host: its row, the facts about it, and the one place that writes
 * its status.  Whoever changes a fact (a certificate, DNS, an order) does so in
 * a transaction and calls domain_settle before the commit.
 */
#include "acme/wish.h"
#include "base/host.h"
#include "base/json.h"
#include "certs/install.h"
#include "router/control/domain_status.h"

struct control;

struct domain {
	int64_t id;
	char host[HOST_SIZE];
	int64_t app_id;
	char app[64];
	char *origin, *reference; /* NULL: none */
	bool automatic;
	enum wish_ca ca;
	int64_t generation;
	enum domain_status status;
	int64_t status_at;
	enum serving serving;
	enum domain_dns dns;
	int64_t dns_checked_at, touched_at;
	int64_t check_at, renew_at, retry_at, next_at;
	int failures;
	struct fault fault, dns_fault, order_fault;
	bool needs_person;
	int64_t fallback_at; /* the look that found fallback_fault, or none */
	struct fault fallback_fault;
	char *records; /* JSON */
	int64_t created_at;
	bool is_platform; /* of the platform's own zone: platform.h */
};

/* Fills *out, which domain_unload empties.  ERR_NOT_FOUND and N15. */
enum err MUST_USE domain_load(
    struct control *c, const char *host, struct domain *out, struct fault *f);
void domain_unload(struct domain *d);

/* Writes every fact of *d that is not a status (dns, times, faults, app...). */
enum err MUST_USE domain_save(struct control *c, const struct domain *d);

/* What is known about it now; candidates is the caller's room. */
struct domain_facts domain_look(struct control *c, const struct domain *d,
    struct candidate candidates[CANDIDATES_MAX]);

/*
 * Derives status, serving, fault and next_at, writes them (with the facts in
 * *d) and the events of what changed by itself; asks for an order when one is
 * due.  `by` is for the events.  Inside a change.
 */
enum err MUST_USE domain_settle(
    struct control *c, struct domain *d, const char *by);

/* The certificate of a slot was changed: tickets of the old one end, workers
 * read anew, renew_at follows.  Before domain_settle. */
enum err MUST_USE domain_certificate_changed(
    struct control *c, struct domain *d);

/* An event about it, with its object as it is now; certificate (NULL: none) is
 * taken. */
enum err MUST_USE domain_event(struct control *c, const struct domain *d,
    const char *name, const char *by, json_t *certificate);

/* "*.example.com" for www.example.com, whether or not there is such a domain;
 * "" for a wildcard itself. */
void domain_wildcard_of(const char *host, char out[HOST_SIZE + 2]);

/* A name that a visitor could ask for: of a wildcard, one of those under it. */
void domain_sample(const char *host, char out[HOST_SIZE + 16]);

#endif
