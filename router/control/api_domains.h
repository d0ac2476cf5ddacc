#ifndef ROUTER_CONTROL_API_DOMAINS_H
#define ROUTER_CONTROL_API_DOMAINS_H
/* Handlers of /v1/domains. */
#include "router/control/api.h"
#include "router/control/domain.h"

api_handler api_domains_list, api_domains_add, api_domains_get,
    api_domains_change, api_domains_remove;
api_handler api_domains_check, api_domains_eligibility, api_domains_renew;

/* The domain that the call's path names, also for the handlers under it;
 * domain_unload it, whatever is returned.  N10, N15. */
enum err MUST_USE api_domain(
    struct api_call *call, struct domain *d, struct fault *f);

#endif
