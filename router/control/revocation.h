#ifndef ROUTER_CONTROL_REVOCATION_H
#define ROUTER_CONTROL_REVOCATION_H
/*
 * Automatic certificates whose key is reported lost (RFC 8555, 7.6): a new one
 * takes over first, then the old one is never served again and its CA is told,
 * again and again until it has confirmed.
 *
 * Owned by: control.   Freed by: revocations_free.
 */
#include "base/json.h"
#include "router/control/domain.h"

struct control;
struct revocations;

struct revocations *revocations_new(struct control *c);
void revocations_free(struct revocations *rs); /* NULL is allowed */

/* The reasons of RFC 5280, 5.3.1 that a subscriber may give. */
bool revocation_reason_read(const char *text, int *out); /* "superseded" */

struct revocation_ask {
	int reason;
	bool is_forced; /* even if the site is left without a certificate */
	const char *by;
};

/*
 * The automatic certificate of *d is to be revoked; inside a change.  When
 * another one is valid for each of its hosts it is distrusted at once, else
 * when the new one is there, which is ordered.  C26: there is none; C29: it
 * could not be replaced now, and force was not given.
 */
enum err MUST_USE revocation_begin(struct control *c, struct domain *d,
    const struct revocation_ask *ask, struct fault *f);

/* Once a second: what is due. */
void revocations_tick(struct control *c);

/* Those that the CA has not confirmed yet: {"host", "certificate_id", "since",
 * "replaced", "fault"}. */
json_t *revocations_json(struct control *c);

#endif
