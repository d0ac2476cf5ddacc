#ifndef ROUTER_CONTROL_API_DOMAINS_H
#define ROUTER_CONTROL_API_DOMAINS_H
/* Handlers of /v1/domains. */
#include "router/control/api.h"

api_handler api_domains_list, api_domains_add, api_domains_get,
    api_domains_change, api_domains_remove;
api_handler api_domains_check, api_domains_eligibility, api_domains_renew;

#endif
