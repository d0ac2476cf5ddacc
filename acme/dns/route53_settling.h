#ifndef ACME_DNS_ROUTE53_SETTLING_H
#define ACME_DNS_ROUTE53_SETTLING_H
/*
 * Waits until all servers of Route 53 have a change: mostly half a minute, in
 * which other changes are made.
 *
 * Owned by: who asks.   Freed by: its end, or route53_settling_cancel.
 */
#include "acme/dns/route53_account.h"
#include "acme/dns/route53_xml.h"

struct route53_settling;

/* Once, from the loop.  False: they do not have it after a long time. */
typedef void route53_settled(void *ctx, bool is_in_sync);

struct route53_settling *route53_settle(struct ev_loop *loop,
    const struct route53_account *account,
    const char change_id[ROUTE53_ID_SIZE], route53_settled *done, void *ctx);
void route53_settling_cancel(struct route53_settling *s); /* NULL is allowed */

#endif
