#ifndef ACME_DNS_ROUTE53_ACCOUNT_H
#define ACME_DNS_ROUTE53_ACCOUNT_H
/*
 * Signed requests to Route 53's API for an AWS account.
 */
#include "acme/dns/provider.h"

struct route53_account {
	struct fetch *fetch;
	char *endpoint, *user, *password;
	char *signed_for; /* as curl wants it */
	char *session;    /* a header; NULL: none */
};

/* config is copied, fetch is a loan. */
void route53_account_init(struct route53_account *a, struct fetch *fetch,
    const struct route53_config *config);
void route53_account_clear(struct route53_account *a);

/* path is behind the version, its query sorted and encoded.  body.p NULL: a
 * GET, else a POST. */
struct fetch_call *route53_request(const struct route53_account *a,
    const char *path, struct slice body, fetch_done *done, void *ctx);

/* Between half and all of it: those who were refused together do not come back
 * together. */
double route53_jittered(double seconds);

#endif
