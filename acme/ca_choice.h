#ifndef ACME_CA_CHOICE_H
#define ACME_CA_CHOICE_H
/*
 * Which of two CAs an order goes to: pure functions of what is known of each.
 * The first is taken as long as it will; when it refuses for a reason of its
 * own, the fallback is, until the first is worth another try.  What is the
 * name's own fault (DNS, a failed challenge) never wanders: the other CA would
 * find the same.
 */
#include "acme/problem.h"
#include "acme/wish.h"

enum ca_seat {
	CA_FIRST,
	CA_FALLBACK,
	CA_SEATS
};

/* One of them, as an order for certain names sees it. */
struct ca_view {
	bool is_able; /* configured, agreed to, has a challenge for the names */
	int64_t all_ready_at;  /* it takes no order at all before; 0: it does */
	int64_t name_ready_at; /* the same, for these names */
};

/*
 * The wish when that CA is able; else the first unless it is not ready and the
 * fallback is, or will be earlier.  CA_SEATS: none is able.
 */
enum ca_seat ca_choose(
    enum wish_ca wish, const struct ca_view views[CA_SEATS], int64_t now);

/*
 * An order failed at `from` for a reason of that CA's own: where it goes at
 * once.  CA_SEATS: nowhere, it has failed.  What the other CA said of the name
 * some time ago does not count, what it says of all does.
 */
enum ca_seat ca_move(enum wish_ca wish, enum ca_seat from,
    const struct ca_view views[CA_SEATS], int64_t now);

/* How long a refusal keeps orders away. */
struct ca_shun {
	int64_t until;  /* 0: it was no reason of the CA's own */
	bool is_of_all; /* orders of every name, not of this one alone */
};
struct ca_shun ca_shun_of(
    enum fault_code code, bool is_account_wide, int64_t retry_at, int64_t now);

const char *wish_ca_text(enum wish_ca wish); /* "auto" */
bool wish_ca_read(const char *text, enum wish_ca *out);

#endif
