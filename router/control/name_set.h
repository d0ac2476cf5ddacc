#ifndef ROUTER_CONTROL_NAME_SET_H
#define ROUTER_CONTROL_NAME_SET_H
/*
 * Domains of one app that share one automatic certificate (`certs order`).
 *
 * A domain is in one set at most.  The set is ordered once every member reaches
 * us; until then, and whenever the set cannot help them, its members order for
 * themselves as other domains do, so that nobody waits for a neighbour.  An
 * order for the set stands in the books under one member, order_host.
 *
 * A set shrinks ("certificate.shrink") by the member that is removed, goes to
 * another app, turns automatic off, no longer reaches us when it is renewed, or
 * fails its validation; who leaves keeps what is installed and goes on alone.
 * When the CA refuses the set and blames nobody, all of them go on alone.  A
 * set of fewer than two is none.
 *
 * Without auto_renew the set ends as its members get certificates of their own,
 * when this one nears its end.
 */
#include "base/json.h"
#include "router/control/domain.h"

#define NAME_SET_MAX 100

struct name_set {
	int64_t id; /* the number that people see */
	int64_t app_id;
	bool auto_renew;
	bool is_issued;
	char order_host[HOST_SIZE]; /* "": no order is under way */
	int64_t created_at;
	int64_t retry_at;         /* of name_set_create's A32 */
	char (*names)[HOST_SIZE]; /* in order */
	size_t n_names;
};

/* Fills *out, which name_set_unload empties.  ERR_NOT_FOUND and C36. */
enum err MUST_USE name_set_load(
    struct control *c, int64_t id, struct name_set *out, struct fault *f);
/* The set that host is in.  ERR_NOT_FOUND: none. */
enum err MUST_USE name_set_of(
    struct control *c, const char *host, struct name_set *out);
void name_set_unload(struct name_set *s);
/* In memory alone. */
void name_set_add(struct name_set *s, const char *host);
bool name_set_has(const struct name_set *s, const char *host);

/* An order for all of it is under way. */
bool name_set_is_open(const struct control *c, const struct name_set *s);

/* Puts what the set of *d means for it into its facts. */
void name_set_look(
    struct control *c, const struct domain *d, struct domain_facts *f);

/* {"number", "names", "auto_renew"}; null when host is in no set. */
json_t *name_set_brief(struct control *c, const char *host);
/* The whole of it, as GET /v1/certificates/{number} shows it. */
json_t *name_set_json(struct control *c, const struct name_set *s);

/* --- inside a change ------------------------------------------------------ */

/*
 * A set of these hosts, out of the sets they are in.  They are domains of one
 * app that want an automatic certificate and may have one.  One host is no set:
 * it merely leaves its own, and *out is empty.  N13, N14, N15, N30, A10, A26,
 * C24, P11; A32, which passes at out->retry_at.
 */
enum err MUST_USE name_set_create(struct control *c, const json_t *hosts,
    bool auto_renew, const char *by, struct name_set *out, struct fault *f);

/* The domain goes on alone, if it is in a set; why may be NULL. */
enum err MUST_USE name_set_leave(struct control *c, const struct domain *d,
    const struct fault *why, const char *by);

/* A certificate for these names, [0] the order's host, was installed. */
enum err MUST_USE name_set_issued(
    struct control *c, char *const *names, size_t n_names);

/*
 * The order of `host` failed: *out is whom that is held against (a set without
 * id, name_set_unload it).  The others of a set are settled anew here.
 */
enum err MUST_USE name_set_failed(struct control *c, int64_t order_id,
    const char *host, const struct fault *why, struct name_set *out);

/* --- outside of any change ------------------------------------------------ */

/*
 * An order for host is due: the names it shall be for, host the first of them,
 * are out->names; who does not reach us any more has left the set.
 * ERR_NOT_FOUND: host orders for itself.  ERR_EXISTS: the set's order is under
 * way.
 */
enum err MUST_USE name_set_begin(
    struct control *c, const char *host, struct name_set *out);

#endif
