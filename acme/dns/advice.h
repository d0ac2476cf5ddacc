#ifndef ACME_DNS_ADVICE_H
#define ACME_DNS_ADVICE_H
/*
 * From what is in DNS to what should be: the exact records to create, delete or
 * change, ready to paste.  Pure.
 */
#include "acme/dns/evidence.h"

/* Fills out->records.  evidence NULL: nothing is known of the name. */
void advice_records(const char *host, const struct evidence *evidence,
    const struct reach_target *target, struct reach_verdict *out);

/* The name is a CNAME to one of ours already. */
bool advice_cname_is_right(
    const struct evidence *evidence, const struct reach_target *target);

/* Says the records as a sentence in out->fault.action: "In DNS, create CNAME
 * www.example.com edge.example.com".  Keeps the action when there are none. */
void advice_say(struct reach_verdict *out);

#endif
