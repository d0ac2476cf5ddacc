#ifndef ROUTER_CONTROL_PLATFORM_H
#define ROUTER_CONTROL_PLATFORM_H
/*
 * The platform's own zone: app NAME answers at NAME.apps_domain.  What its
 * certificates need are domains like others (is_platform), which appear and go
 * by themselves and are nobody's to add or remove:
 *
 * - "*.apps_domain", of a hidden app, when a DNS provider is configured (its
 *   automatic certificate then comes by dns-01) or a certificate was uploaded
 *   for it.  It serves every app.
 * - NAME.apps_domain of each app, while that one cannot be counted upon: there
 *   is none, it nears its end and will not be renewed, or it could not be had.
 *   Each then has a certificate of its own, if the name reaches us.
 */
#include "router/control/app.h"
#include "router/control/domain.h"

#define PLATFORM_APP "~platform" /* no name that anybody can give */
#define PLATFORM_CHECK_S                                                       \
	60 /* its names are looked at no more often than this */

/* When control starts: the domains are what the configuration says. */
void platform_start(struct control *c);

bool platform_is_wildcard(const struct control *c, const char *host);

/* Inside a change: "*.apps_domain" is a domain from now on, if host is that
 * name; for the certificate that is uploaded for it.  N15: it is not. */
enum err MUST_USE platform_add_wildcard(
    struct control *c, const char *host, struct fault *f);

/* --- for others, inside their change -------------------------------------- */

enum err MUST_USE platform_app_added(struct control *c, const struct app *a);
enum err MUST_USE platform_app_gone(struct control *c, const struct app *a);

/* May a person remove this domain, or give it away?  N13. */
enum err MUST_USE platform_may_remove(
    struct control *c, const struct domain *d, struct fault *f);

/* "*.apps_domain" was settled: is it to be counted upon? */
enum err MUST_USE platform_settled(struct control *c, const struct domain *d,
    const struct domain_facts *facts, const struct domain_verdict *v,
    const char *by);

/* The platform's certificates as candidates for a name of its zone, behind the
 * n that are there. */
void platform_candidates(struct control *c, const struct domain *d,
    struct candidate *candidates, size_t *n);

#endif
