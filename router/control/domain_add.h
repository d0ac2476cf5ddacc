#ifndef ROUTER_CONTROL_DOMAIN_ADD_H
#define ROUTER_CONTROL_DOMAIN_ADD_H
/*
 * Which hosts may be registered, for whom, and registering one.  Serves the
 * API and the import.
 */
#include "router/control/app.h"
#include "router/control/domain.h"

/* The app of that name; NULL or "": the platform's default app.  N16, N20. */
enum err MUST_USE domain_app(
    struct control *c, const char *name, struct app *out, struct fault *f);

/* May app have host (as stored)?  N11, N12, N13. */
enum err MUST_USE domain_may_add(
    struct control *c, const char *host, const struct app *a, struct fault *f);
/* N12 alone: may a domain that exists go to app? */
enum err MUST_USE domain_may_belong(
    struct control *c, const char *host, const struct app *a, struct fault *f);

/*
 * Registers host from the members of a JSON object (automatic, origin,
 * reference), inside a change, and fills *out (domain_unload it).  What
 * certificates it had before are its own again.  is_secured: a certificate is
 * installed in the same change.  N10..N14, P11.
 */
enum err MUST_USE domain_add(struct control *c, const struct app *a,
    const json_t *members, bool is_secured, struct domain *out,
    struct fault *f);

/* The upload that comes with a new domain; NULL: none.  P11 when it is not an
 * object. */
enum err MUST_USE domain_upload(
    const json_t *members, const json_t **out, struct fault *f);

/* automatic, origin and reference of a JSON object, where it has them; text
 * "on" and "off" serve for automatic too.  Inside a change.  P11, N19. */
enum err MUST_USE domain_set_members(struct control *c, struct domain *d,
    const json_t *members, struct fault *f);

/* A name of the platform's own, or below one. */
bool domain_is_reserved(const struct control *c, const char *host);

#endif
