#ifndef ROUTER_CONTROL_DOMAIN_CA_H
#define ROUTER_CONTROL_DOMAIN_CA_H
/*
 * Which of the two CAs serves a domain: its own choice, and the news that an
 * order went on at the other one.
 */
#include "router/control/domain.h"

/* The member "ca" of a domain: first, fallback or auto; null and "" are auto.
 * P11: another word, or a CA that is not configured. */
enum err MUST_USE domain_ca_set(struct control *c, struct domain *d,
    const json_t *members, struct fault *f);

/* That of a host; auto when there is no such domain. */
enum wish_ca domain_ca_of(struct control *c, const char *host);

/* Of issuer_ops: the event certificate.other_ca. */
void domain_ca_moved(void *ctx, const char *host, const struct fault *f);

/* Some CA is configured with which automatic certificates can be had: the terms
 * of one are agreed to; one takes dns-01. */
bool domain_ca_agreed(const struct control *c);
bool domain_ca_takes_dns01(const struct control *c);

#endif
