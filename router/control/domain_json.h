#ifndef ROUTER_CONTROL_DOMAIN_JSON_H
#define ROUTER_CONTROL_DOMAIN_JSON_H
/* Domains and certificates as the API and events show them (INTERFACE.md). */
#include "router/control/domain.h"

/* The whole object, with the certificate that is served. */
json_t *domain_json(struct control *c, const struct domain *d);

/* {"ready", "fault"}: why none stands by and none could be had, or no fault. */
json_t *fallback_json(const struct fault *why);

/* An installation as a "certificate"; chain not built yet: number 0. */
json_t *installation_json(const struct installation *i);

/* The certificate that visitors of host get now; NULL when there is none. */
json_t *served_json(struct control *c, const struct domain *d);

#endif
