#ifndef ACME_TXT_RECORDS_H
#define ACME_TXT_RECORDS_H
/*
 * The TXT records of dns-01 challenges (RFC 8555, 8.4) at the DNS provider:
 * rows from before they are made there until they are gone again, so that none
 * is left behind whatever dies in between.  Where _acme-challenge of a name is
 * a CNAME, the record stands at its end: customers delegate that one name.
 *
 * Owned by: control.   Freed by: txt_records_free, when no publication is open.
 */
#include "acme/dns/dns.h"
#include "acme/dns/provider.h"
#include "base/db.h"

struct txt_records;
struct txt_publication; /* one record on its way */

/* All are loans that outlive it. */
struct txt_records *txt_records_new(struct ev_loop *loop, struct db *db,
    struct dns *dns, struct provider *provider);
void txt_records_free(struct txt_records *t); /* NULL is allowed */

/* A name server's address with the port that it is known under. */
void txt_records_know(struct txt_records *t, const struct addr *server);
/* For all servers of a zone to have a record: two minutes unless said. */
void txt_records_set_patience(struct txt_records *t, int64_t ms);

/* Once, never from within txt_records_publish.  f NULL: the zone's servers have
 * it (acme/dns/zone_check.h).  D30..D33, S19. */
typedef void txt_done(void *ctx, const struct fault *f);

/* host without "*.". */
struct txt_publication *txt_records_publish(struct txt_records *t,
    int64_t order_id, const char *host, const char *value, txt_done *done,
    void *ctx);
/* The record, if any, goes when its order has ended.  NULL is allowed. */
void txt_publication_cancel(struct txt_publication *p);

/* Removes the records of orders that have ended, soon, and again later those
 * that could not be removed. */
void txt_records_sweep(struct txt_records *t);

#endif
