#ifndef ACME_SEAT_H
#define ACME_SEAT_H
/*
 * A CA as an issuer has it: its configuration, what orders there share, and
 * whether it is worth asking.  An issuer has one or two (acme/ca_choice.h).
 *
 * Owned by: issuer.   Freed by: seat_clear.
 */
#include "acme/ca_choice.h"
#include "acme/issuance.h"
#include "acme/ledger_rows.h"
#include "acme/line.h"
#include "acme/rows.h"

struct seat {
	bool is_there;               /* else nothing below is set */
	struct issuer_config config; /* own copies of the strings */
	struct ca *ca;
	struct issuance_env env;
	size_t n_running;
	struct ledger_ca ledger;
	struct line_turns turns; /* of those for whom no order is left */
	struct problem limit;    /* of the whole account, until its retry_at */
	struct {
		issuer_told *done; /* NULL: nobody wants another key */
		void *ctx;
		bool is_begun;
		bool is_of_account; /* another account, not only its key */
		ev_timer deadline;  /* for the orders under way */
	} rollover;
	struct {
		issuer_told *done; /* NULL: nothing is being revoked */
		void *ctx;
	} revocation;
	struct fault refusal;  /* why it takes no order of any name... */
	int64_t refuses_until; /* ...before; UTC */
};

/* env is the other seat's or the issuer's; ca and config are set here. */
void seat_open(struct seat *s, const struct issuer_config *config,
    const struct issuance_env *env, struct fetch *fetch);
void seat_clear(struct seat *s); /* also of one that is not there */

/* How an order stands with the ledger. */
struct seat_order {
	struct ledger_order order; /* names[0] is the domain */
	bool keeps_reserve;        /* renewals are due */
	const char *charged_to;    /* where it has its share; NULL: nowhere */
	bool by_hand;              /* any challenge will do */
};

struct seat_order seat_order_of_wish(
    struct db *db, const struct order_wish *wish, bool keeps_reserve);
struct seat_order seat_order_of_row(
    struct db *db, const struct order_row *row, bool keeps_reserve);

/* As an order sees it now. */
struct ca_view seat_view(const struct seat *s, const struct seat_order *o);

/*
 * Would the CA take it now, as far as its limits go?  ERR_AGAIN: A30, and *at
 * is when.  ERR_IO ...: the store is away.
 */
enum err MUST_USE seat_ask(const struct seat *s, const struct seat_order *o,
    int64_t *at, struct fault *f);
/* The same for one that shall be ordered: *at is its turn, and no other's. */
enum err MUST_USE seat_turn(
    struct seat *s, const struct seat_order *o, int64_t *at, struct fault *f);

/* The order takes its share, unless it has it here already or the CA took it.
 * ERR_AGAIN: there is none, *p says so. */
enum err MUST_USE seat_share(struct seat *s, const struct order_row *row,
    bool keeps_reserve, struct problem *p);

/* Why it is not able to take an order for them: A10, A27. */
enum err MUST_USE seat_check(
    const struct seat *s, const struct seat_order *o, struct fault *f);

/* An order for host ended there with p: when the reason was the CA's own, how
 * long it is not asked again. */
struct ca_shun seat_note(
    struct seat *s, const char *host, const struct problem *p);

/* Its limit of all orders is reached: the others need not ask to be refused. */
bool seat_is_limited(const struct seat *s);

/* Another key for the account, or another account, when no order is under way:
 * no new one begins meanwhile.  ERR_EXISTS and A34: one is being changed. */
enum err MUST_USE seat_roll_over(struct seat *s, bool new_account,
    issuer_told *done, void *ctx, struct fault *f);
/* Whether orders have to wait; begins the change when the last has ended. */
bool seat_is_resting(struct seat *s);

#endif
