#ifndef ROUTER_CONTROL_DOMAIN_STATUS_H
#define ROUTER_CONTROL_DOMAIN_STATUS_H
/*
 * The life of a domain as one pure function: from the facts about it to its
 * status, its fault, whether to order a certificate now, and when to look
 * again.  Nothing else decides any of these.
 */
#include <stdint.h>

#include "base/fault.h"
#include "certs/choose.h"

enum domain_status {
	DOMAIN_PENDING_DNS,
	DOMAIN_CREATING,
	DOMAIN_IN_USE,
	DOMAIN_NOT_USED,
	DOMAIN_ACTION_REQUIRED
};

enum domain_dns {
	DOMAIN_DNS_PENDING, /* never reached us yet */
	DOMAIN_DNS_OK,
	DOMAIN_DNS_LOST /* it did once */
};

const char *domain_status_text(enum domain_status s); /* "Pending DNS" */
const char *domain_dns_text(enum domain_dns d);       /* "pending" */
/* The first value for what is none of them. */
enum domain_status domain_status_of(const char *text);
enum domain_dns domain_dns_of(const char *text);

struct domain_facts {
	int64_t now;
	bool automatic;    /* an automatic certificate is wanted */
	bool can_automate; /* there is a challenge for this kind of name */
	bool terms_agreed;
	enum domain_dns dns;
	const struct fault *dns_fault;   /* of the last look; may be none */
	const struct fault *order_fault; /* of the last order; may be none */
	bool needs_person; /* order_fault will not go away by itself */
	bool order_open;
	bool is_wanted;      /* an order is, whatever stands in the slots */
	int64_t check_at;    /* next look at DNS; 0: none */
	int64_t retry_at;    /* no order before; 0: any time */
	int64_t renew_at;    /* automatic one is due; 0: there is none */
	int64_t expiring_at; /* custom one counts as expiring; 0: none */
	int64_t warned_at;   /* somebody was told so last; 0: never */
	/* Of the last look at what could replace the custom one; may be none.
	 */
	const struct fault *fallback_fault;
	const struct candidate *candidates; /* of choose */
	size_t n_candidates;
};

struct domain_verdict {
	enum domain_status status;
	enum serving serving;
	struct fault fault;
	bool wants_order;
	bool custom_expired; /* there is one, and its time is over */
	bool warns; /* a mark of the custom one's life was passed untold */
	bool fallback_ready; /* valid without the custom one */
	int64_t next_at;     /* earliest reason to look again; 0: none */
};

void domain_derive(
    const struct domain_facts *facts, struct domain_verdict *out);

/* Why no automatic certificate stands by and none could be had today, as far as
 * is known; FAULT_NONE when one does, or could. */
void domain_fallback(const struct domain_facts *facts, struct fault *out);

#endif
