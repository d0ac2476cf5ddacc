#ifndef ROUTER_CONTROL_API_DNS_H
#define ROUTER_CONTROL_API_DNS_H
/*
 * /v1/domains/{host}/dns: the records of a domain, made at the configured DNS
 * provider (dns_change.h).
 */
#include "router/control/api.h"

api_handler api_dns_set;

/* An api_call's `then`: its answer is a domain that was added with "set_dns",
 * and gets a member "dns_change" with what became of that. */
void api_dns_set_too(struct api_call *call);

#endif
