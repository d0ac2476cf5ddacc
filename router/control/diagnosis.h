#ifndef ROUTER_CONTROL_DIAGNOSIS_H
#define ROUTER_CONTROL_DIAGNOSIS_H
/*
 * What was seen when somebody looked whether a name reaches us.  Of a domain it
 * is kept in its row, and turns its state; of other hosts the last few are
 * remembered.  As JSON it is the Diagnosis of the API: for `domains check`,
 * eligibility, and `explain`.
 */
#include "acme/dns/reach.h"
#include "base/json.h"

#define DIAGNOSES_MAX 256 /* hosts that are no domains */

struct control;
struct diagnoses;

struct diagnosis {
	const char *host;
	bool reaches;
	const struct fault *fault; /* FAULT_NONE when it reaches us */
	const char *records;       /* JSON: to be set */
	const char *sight; /* JSON: members beside those, see sight_of in
			    * domain_check.c; NULL: nothing is remembered */
};

/* Owned by: checks.   Freed by: diagnoses_free. */
struct diagnoses *diagnoses_new(void);
void diagnoses_free(struct diagnoses *all);

/* A look that has ended. */
struct look {
	struct diagnosis seen;
	const struct reach_verdict *verdict;
	bool is_answered; /* somebody is there behind foreign addresses */
};

/*
 * Writes what was seen to the domain, with its event; of a host that is none
 * it is remembered in `all`.  Inside a change.
 */
enum err MUST_USE diagnosis_write(
    struct control *c, struct diagnoses *all, const struct look *k);

/* A domain that reached us through a CDN when it was looked at last (ctx is a
 * struct control, for acme/issuer.h). */
bool diagnosis_is_fronted(void *ctx, const char *host);

/* "eligible" and "message" for a person, and all that was seen. */
json_t *diagnosis_json(const struct diagnosis *d);

/* Adds "resolvers" and "cached_for" of the last look to a domain's object. */
void diagnosis_add(struct control *c, const char *host, json_t *domain);

/* What was seen last, of any host: nothing is asked.  "eligible" is false also
 * when the domain is set up already. */
json_t *diagnosis_last(struct control *c, const char *host);

#endif
