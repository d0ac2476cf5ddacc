#ifndef ROUTER_CONTROL_DNS_PROVIDER_H
#define ROUTER_CONTROL_DNS_PROVIDER_H
/*
 * The DNS provider of the configuration ([dns] provider) and the TXT records
 * that are kept there: c->provider and c->txt, both NULL when there is none.
 */
#include "router/control/control.h"

/* S23: its settings cannot be used. */
enum err MUST_USE dns_provider_open(struct control *c, struct fault *f);
/* The channel to who runs the command of [dns.exec], at any time; takes fd. */
void dns_provider_take_hook(struct control *c, int fd);
/* The challenges of a CA's section that can be answered: dns-01 only by way of
 * a provider. */
struct challenge_choice dns_provider_choice(
    const struct control *c, const struct config_acme *acme);
/* After the issuer, before fetch. */
void dns_provider_close(struct control *c);

#endif
