#include "router/control/domain_order.h"

#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#include "acme/ledger_rows.h"
#include "acme/rows.h"
#include "acme/schedule.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/prove.h"
#include "router/control/control.h"
#include "router/control/diagnosis.h"
#include "router/control/domain.h"
#include "router/control/domain_ca.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"
#include "router/control/name_set.h"
#include "router/control/renewals.h"

/* Orders that wait in memory, for each one in flight; the others wait in the
 * store. */
#define WAITING_FACTOR 4
#define URGENT_FACTOR  8 /* those near their end push in */
#define PERSON_AGAIN_S INT64_C(86400)
#define ROOM_S         5  /* who found no room comes again after this... */
#define ROOM_STEP_MS   20 /* ...one behind the other */

/* A number for a key that has no row yet (certs/keyring.h). */
static uint64_t
passing_id(void)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		die("no random bytes");
	return (id & ~(UINT64_C(1) << 63)) | (UINT64_C(1) << 62);
}

static void
put_off(struct control *c, const char *host)
{
	static const char sql[] =
	    "UPDATE domain SET next_at = ?2 WHERE host = ?1";
	int64_t now_ms = clock_now_ms(), at_ms;
	struct fault f = {0};
	struct stmt *s;

	if (change_begin(c, &f) != ERR_OK)
		return;
	at_ms = line_turn(
	    &c->orders.turns, now_ms + ROOM_S * 1000, ROOM_STEP_MS, now_ms);
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, host);
	stmt_int(s, 2, at_ms / 1000 + 1);
	if (stmt_run(s) != ERR_OK || change_commit(c, &f) != ERR_OK)
		change_abort(c);
}

/* The order was not even sent: it has its turn later, and nothing failed. */
static bool
is_put_off(const struct fault *f)
{
	return f->code == FAULT_A30_NO_BUDGET;
}

/* The end of what its automatic slot holds; 0: nothing. */
static int64_t
automatic_until(struct control *c, const char *host)
{
	struct installation i;
	int64_t not_after;

	if (install_current(c->db, host, SLOT_AUTOMATIC, &i) != ERR_OK)
		return 0;
	not_after = i.not_after;
	installation_clear(&i);
	return not_after;
}

/* An order failed and it is held against host; inside a change. */
static enum err
hold_against(struct control *c, const char *host, const struct fault *f,
    int64_t retry_at, bool needs_person)
{
	int64_t now = clock_now(), delay;
	struct domain d;
	enum err e = domain_load(c, host, &d, NULL);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (!is_put_off(f))
		d.failures++;
	delay = schedule_retry(d.failures, automatic_until(c, host) - now);
	if (needs_person && delay < PERSON_AGAIN_S)
		delay = PERSON_AGAIN_S;
	d.retry_at = retry_at > now ? retry_at : now + delay;
	d.order_fault = *f;
	d.needs_person = needs_person;
	e = domain_settle(c, &d, EVENT_BY_ITSELF);
	if (e == ERR_OK && !is_put_off(f))
		e = domain_event(
		    c, &d, "certificate.fail", EVENT_BY_ITSELF, NULL);
	domain_unload(&d);
	return e;
}

static void
on_failed(void *ctx, int64_t order_id, const char *host, const struct fault *f,
    int64_t retry_at, bool needs_person)
{
	struct control *c = ctx;
	struct name_set blamed;
	enum err e;

	c->orders.failed += !is_put_off(f);
	if (change_begin(c, NULL) != ERR_OK)
		return;
	e = name_set_failed(c, order_id, host, f, &blamed);
	for (size_t i = 0; i < blamed.n_names && e == ERR_OK; i++)
		e = hold_against(c, blamed.names[i], f, retry_at, needs_person);
	name_set_unload(&blamed);
	if (e != ERR_OK || change_commit(c, NULL) != ERR_OK)
		change_abort(c);
}

/* Does the first one's automatic certificate have exactly these names? */
static bool
names_are_held(struct control *c, const char *const *names, size_t n_names)
{
	json_t *list = NULL;
	struct installation i;
	bool all;

	if (install_current(c->db, names[0], SLOT_AUTOMATIC, &i) != ERR_OK)
		return false;
	all = json_parse(slice_str(i.names), &list, NULL) == ERR_OK &&
	      json_array_size(list) == n_names;
	installation_clear(&i);
	for (size_t at = 0; at < n_names && all; at++) {
		size_t k;
		json_t *item;
		bool found = false;

		json_array_foreach(list, k, item)
		{
			const char *name = json_string_value(item);

			found |= name != NULL && strcmp(name, names[at]) == 0;
		}
		all = found;
	}
	json_decref(list);
	return all;
}

/* One certificate for all of these, names[0] the domain that it is for;
 * replaces is room for the id of what it renews. */
static struct order_wish
wish_for(struct control *c, const char *const *names, size_t n_names,
    char replaces[RENEWALS_ID_SIZE])
{
	struct order_wish wish = {.names = names, .n_names = n_names};

	for (size_t i = 0; i < n_names; i++) {
		int64_t until = automatic_until(c, names[i]);

		if (i == 0 || until < wish.needed_at)
			wish.needed_at = until;
	}
	wish.ca = domain_ca_of(c, names[0]);
	wish.is_renewal = names_are_held(c, names, n_names);
	if (renewals_id(c, names[0], replaces) == ERR_OK) {
		wish.replaces = replaces;
		wish.is_suggested = renewals_are_welcome(c, names[0]);
	}
	return wish;
}

bool
domain_order_is_renewal(struct control *c, const char *host)
{
	return names_are_held(c, &host, 1);
}

enum err
domain_order_may(
    struct control *c, const char *host, int64_t *at, struct fault *f)
{
	char replaces[RENEWALS_ID_SIZE];
	struct order_wish wish = wish_for(c, &host, 1, replaces);

	*at = 0;
	return c->issuer == NULL ? ERR_OK
				 : issuer_may_order(c->issuer, &wish, at, f);
}

enum err
domain_order_by_hand(
    struct control *c, const char *host, int64_t *at, struct fault *f)
{
	enum err e;

	*at = 0;
	if (c->issuer == NULL || issuer_has_order(c->issuer, host))
		return ERR_OK;
	e = ledger_ask_by_hand(c->db, host, at, f);
	return e == ERR_OK ? ledger_add_by_hand(c->db, host) : e;
}

static void
order(struct control *c, const char *const *names, size_t n_names)
{
	char replaces[RENEWALS_ID_SIZE];
	struct order_wish wish = wish_for(c, names, n_names, replaces);
	struct fault f = {0};
	int64_t at = 0;

	if (issuer_order(c->issuer, &wish, &at, &f) != ERR_OK)
		on_failed(c, 0, names[0], &f, at,
		    f.code == FAULT_A27_NO_USABLE_CHALLENGE);
}

enum err
domain_order_elsewhere(
    struct control *c, const char *host, int64_t *at, struct fault *f)
{
	char replaces[RENEWALS_ID_SIZE];
	struct order_wish wish = wish_for(c, &host, 1, replaces);
	enum err e = ledger_ask_by_hand(c->db, host, at, f);

	if (e != ERR_OK)
		return e;
	wish.by_hand = true;
	e = issuer_order(c->issuer, &wish, at, f);
	if (e == ERR_OK)
		e = ledger_add_by_hand(c->db, host);
	return e;
}

static void
order_set(struct control *c, const struct name_set *set)
{
	const char **names = xcalloc(set->n_names, sizeof(*names));

	for (size_t i = 0; i < set->n_names; i++)
		names[i] = set->names[i];
	order(c, names, set->n_names);
	free(names);
}

static bool
has_room(struct control *c, const char *host)
{
	bool is_urgent = line_is_urgent(automatic_until(c, host), clock_now());
	size_t factor = is_urgent ? URGENT_FACTOR : WAITING_FACTOR;
	struct issuer_status status;

	issuer_status(c->issuer, &status);
	return status.in_flight + status.waiting <
	       (size_t)c->config.acme.max_orders * factor;
}

void
domain_order_start(struct control *c, const char *host)
{
	struct name_set set;
	enum err e;

	if (c->issuer == NULL)
		return;
	if (issuer_waits_for_hands(c->issuer, host)) {
		/* the name leads here by now: nobody else is needed */
		log_info("acme: no longer by hand host=%s", host);
		issuer_cancel(c->issuer, host);
	}
	if (issuer_has_order(c->issuer, host))
		return;
	if (!has_room(c, host)) {
		put_off(c, host);
		return;
	}
	if (renewals_refresh(c, host))
		return; /* it is settled anew when its CA has answered */
	e = name_set_begin(c, host, &set);
	if (e == ERR_OK)
		order_set(c, &set);
	else if (e == ERR_NOT_FOUND)
		order(c, &host, 1);
	name_set_unload(&set);
}

/* Into the automatic slot of every name.  A domain that was removed meanwhile
 * has it all the same: it is there when the domain comes back. */
static enum err
store(struct control *c, const struct order_row *row, const struct chain *chain,
    struct slice sealed)
{
	struct fault why = {0};
	bool trusted = chain_is_trusted(chain, c->trust, clock_now(), &why);
	int64_t id, number;
	enum err e;

	e = install_certificate(
	    c->db, chain, sealed, trusted, trusted ? "" : why.text, &id);
	if (e == ERR_OK)
		e = install_set_directory(c->db, id, row->directory);
	if (e == ERR_OK)
		e = renewals_add(c, id, chain, row->id);
	for (size_t i = 0; i < row->n_names && e == ERR_OK; i++)
		e = install_put(c->db, row->names[i], SLOT_AUTOMATIC, id,
		    EVENT_BY_ITSELF, &number);
	return e;
}

static enum err
take(struct control *c, struct domain *d, bool renews)
{
	struct installation i;
	enum err e;

	d->failures = 0;
	d->retry_at = 0;
	d->needs_person = false;
	fault_clear(&d->order_fault);
	e = domain_certificate_changed(c, d);
	if (e == ERR_OK)
		e = domain_settle(c, d, EVENT_BY_ITSELF);
	if (e == ERR_OK)
		e = install_current(c->db, d->host, SLOT_AUTOMATIC, &i);
	if (e != ERR_OK)
		return e;
	e = domain_event(c, d,
	    renews ? "certificate.renew" : "certificate.issue", EVENT_BY_ITSELF,
	    installation_json(&i));
	installation_clear(&i);
	return e;
}

/* Keys that are away come back; what a handshake refuses it refuses again. */
static enum err
prove_issued(struct control *c, const char *host, const struct chain *chain,
    struct slice sealed, struct fault *unfit)
{
	struct key_ref key = {passing_id(), KEY_TLS, sealed};
	char sample[HOST_SIZE + 16];
	struct fault f = {0};
	enum err e;

	domain_sample(host, sample);
	e = prove(chain, c->keyring, &key, sample, 12, &f);
	if (e != ERR_OK && f.code != FAULT_C37_KEYS_AWAY)
		fault_set(unfit, FAULT_A24_CERTIFICATE_UNFIT,
		    "The CA's certificate cannot be served: %s", f.text);
	return e;
}

static enum err
take_all(struct control *c, const struct order_row *row, const bool *renews)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < row->n_names && e == ERR_OK; i++) {
		struct domain d;

		e = domain_load(c, row->names[i], &d, NULL);
		if (e == ERR_OK)
			e = take(c, &d, renews[i]);
		else if (e == ERR_NOT_FOUND)
			e = ERR_OK;
		domain_unload(&d);
	}
	return e;
}

/* All or nothing: every name has it, or the order stays. */
static enum err
install(struct control *c, struct order_row *row, const struct chain *chain,
    struct slice sealed)
{
	bool *renews = xcalloc(row->n_names, sizeof(*renews));
	enum err e;

	for (size_t i = 0; i < row->n_names; i++)
		renews[i] = automatic_until(c, row->names[i]) != 0;
	e = store(c, row, chain, sealed);
	if (e == ERR_OK)
		e = issuer_close_order(c->db, row->id);
	if (e == ERR_OK)
		e = name_set_issued(c, row->names, row->n_names);
	if (e == ERR_OK)
		e = take_all(c, row, renews);
	free(renews);
	return e;
}

static enum err
on_issued(void *ctx, int64_t order_id, const char *host,
    const struct chain *chain, struct slice sealed, struct fault *unfit)
{
	struct control *c = ctx;
	struct order_row row = {0};
	enum err e = prove_issued(c, host, chain, sealed, unfit);

	if (e == ERR_OK)
		e = rows_order(c->db, order_id, &row);
	if (e == ERR_OK)
		e = change_begin(c, NULL);
	if (e == ERR_OK) {
		e = install(c, &row, chain, sealed);
		if (e == ERR_OK)
			e = change_commit(c, NULL);
		if (e != ERR_OK)
			change_abort(c);
	}
	order_row_clear(&row);
	c->orders.issued += e == ERR_OK;
	return e;
}

const struct issuer_ops domain_order_ops = {
    .on_issued = on_issued,
    .on_failed = on_failed,
    .is_fronted = diagnosis_is_fronted,
    .on_moved = domain_ca_moved,
};
