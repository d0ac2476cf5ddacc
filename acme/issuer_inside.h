#ifndef ACME_ISSUER_INSIDE_H
#define ACME_ISSUER_INSIDE_H
/*
 * The inside of an issuer, for issuer.c (orders) and issuer_account.c.
 */
#include "acme/seat.h"
#include "base/map.h"

struct issuer {
	struct seat seats[CA_SEATS];
	struct issuance_env env;
	struct fetch *fetch;
	const struct issuer_ops *ops;
	void *owner;
	struct map by_host;
	struct list running, waiting, over; /* over: freed from the loop */
	size_t n_running, n_waiting;
	bool keeps_reserve; /* renewals are due */
	ev_timer pump;
};

/* The line is looked at after ms, or earlier. */
void issuer_kick(struct issuer *is, int64_t ms);

/* The CA of that directory; NULL: none of ours. */
struct seat *issuer_seat_of(struct issuer *is, const char *directory);

/* An issuance_env's on_waits: a person may take days, which is no order in
 * flight. */
void issuer_on_waits(void *ctx, struct issuance *i, bool waits);

#endif
