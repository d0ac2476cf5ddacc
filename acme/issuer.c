#include <assert.h>
#include <stdlib.h>

#include "acme/issuer_inside.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define OPEN_MAX    ((size_t)1 << 24) /* orders that are open at once */
#define LINE_MS     1000 /* how often it is looked at while it stands */
#define SKIPPED_MAX 64   /* whose CA is away, in one look at the line */

/* --- the line ------------------------------------------------------------ */

void
issuer_kick(struct issuer *is, int64_t ms)
{
	if (ev_is_active(&is->pump) && ms > 0)
		return;
	ev_timer_stop(is->env.loop, &is->pump);
	ev_timer_set(&is->pump, (double)ms / 1000., 0.);
	ev_timer_start(is->env.loop, &is->pump);
}

/* Behind the last one that goes before it, soonest needed first. */
static void
enter_line(struct issuer *is, struct issuance *i)
{
	int64_t now = clock_now();
	struct list *at = is->waiting.prev;

	while (at != &is->waiting &&
	       line_precedes(i->needed_at,
		   container_of(at, struct issuance, link)->needed_at, now))
		at = at->prev;
	list_insert_after(at, &i->link);
	is->n_waiting++;
}

static void
leave_line(struct issuer *is, struct issuance *i)
{
	list_remove(&i->link);
	list_append(&is->running, &i->link);
	i->is_running = true;
	i->seat->n_running++;
	is->n_waiting--;
	is->n_running++;
}

static void
back_in_line(struct issuer *is, struct issuance *i)
{
	list_remove(&i->link);
	list_push(&is->waiting, &i->link);
	i->is_running = false;
	i->seat->n_running--;
	is->n_waiting++;
	is->n_running--;
}

/* Out of the books; freed from the loop, when nobody stands in it any more. */
static void
bury(struct issuer *is, struct issuance *i)
{
	issuer_on_waits(is, i, false);
	if (i->is_running) {
		i->seat->n_running--;
		is->n_running--;
	} else {
		is->n_waiting--;
	}
	map_remove(&is->by_host, slice_str(i->host));
	list_remove(&i->link);
	list_append(&is->over, &i->link);
	issuer_kick(is, 0);
}

static enum ca_seat
choose(const struct issuer *is, enum wish_ca wish, const struct seat_order *o)
{
	struct ca_view views[CA_SEATS];

	for (int i = 0; i < CA_SEATS; i++)
		views[i] = seat_view(&is->seats[i], o);
	return ca_choose(wish, views, clock_now());
}

struct seat *
issuer_seat_of(struct issuer *is, const char *directory)
{
	for (int i = 0; i < CA_SEATS; i++)
		if (is->seats[i].is_there &&
		    strcmp(is->seats[i].config.directory, directory) == 0)
			return &is->seats[i];
	return NULL;
}

/* One that a CA knows goes on there, whatever became of that CA; the choice
 * for the others is made now, not when they began to wait. */
static enum err
pick(struct issuer *is, struct issuance *i, const struct order_row *row)
{
	struct seat_order o =
	    seat_order_of_row(is->env.db, row, is->keeps_reserve);
	struct seat *seat = NULL;
	enum ca_seat chosen;

	if (row->url != NULL || row->is_moved)
		seat = issuer_seat_of(is, row->directory);
	if (seat == NULL) {
		chosen = choose(is, row->ca, &o);
		seat = &is->seats[chosen == CA_SEATS ? CA_FIRST : chosen];
	}
	i->seat = seat;
	i->env = &seat->env;
	i->ca = row->ca;
	i->is_moved = row->is_moved;
	if (strcmp(seat->config.directory, row->directory) == 0 ||
	    row->url != NULL)
		return ERR_OK;
	return rows_set_directory(is->env.db, i->id, seat->config.directory);
}

static void
drop(struct issuer *is, struct issuance *i)
{
	log_warning("acme: order=%lld host=%s is not open (any more)",
	    (long long)i->id, i->host);
	bury(is, i);
}

static bool
is_gone(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_SYNTAX;
}

static enum err
start(struct issuer *is, struct issuance *i, const struct order_row *row)
{
	struct problem p;
	enum err e;

	if (seat_is_limited(i->seat))
		return issuance_refuse(i, &i->seat->limit);
	e = seat_share(i->seat, row, is->keeps_reserve, &p);
	if (e == ERR_AGAIN)
		return issuance_refuse(i, &p);
	if (e == ERR_OK)
		e = issuance_start(i);
	if (!is_gone(e))
		return e;
	drop(is, i);
	return ERR_OK;
}

static void
reap(struct issuer *is)
{
	LIST_FOREACH_SAFE(it, &is->over) {
		issuance_free(container_of(it, struct issuance, link));
	}
}

/* Whoever waits for a CA that is away lets the others go first. */
static void
to_the_end(struct issuer *is, struct issuance *i)
{
	list_remove(&i->link);
	list_append(&is->waiting, &i->link);
}

/* ERR_AGAIN: there is no room for it; ERR_CLOSED: its CA is away. */
static enum err
start_row(struct issuer *is, struct issuance *i, const struct order_row *row)
{
	if (pick(is, i, row) != ERR_OK)
		return ERR_AGAIN; /* the store is away */
	if (seat_is_resting(i->seat) || ca_is_away(i->seat->ca, NULL)) {
		to_the_end(is, i);
		return ERR_CLOSED;
	}
	if (i->seat->n_running >= i->seat->config.max_orders)
		return ERR_AGAIN;
	leave_line(is, i);
	if (start(is, i, row) == ERR_OK)
		return ERR_OK;
	back_in_line(is, i);
	return ERR_AGAIN;
}

/* Starts the first in the line; as start_row. */
static enum err
start_first(struct issuer *is)
{
	struct issuance *i =
	    container_of(list_first(&is->waiting), struct issuance, link);
	struct order_row row;
	enum err e = rows_order(is->env.db, i->id, &row);

	if (is_gone(e)) {
		drop(is, i);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return ERR_AGAIN;
	e = start_row(is, i, &row);
	order_row_clear(&row);
	return e;
}

static bool
has_room(const struct issuer *is)
{
	for (int i = 0; i < CA_SEATS; i++) {
		const struct seat *s = &is->seats[i];

		if (s->is_there && s->n_running < s->config.max_orders &&
		    !ca_is_away(s->ca, NULL))
			return true;
	}
	return false;
}

static void
on_pump(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct issuer *is = container_of(w, struct issuer, pump);
	bool is_resting = false;
	size_t skipped = 0;
	enum err e;

	(void)loop;
	(void)revents;
	reap(is);
	for (int i = 0; i < CA_SEATS; i++)
		is_resting |= seat_is_resting(&is->seats[i]);
	while (!list_empty(&is->waiting) && has_room(is) &&
	       skipped < SKIPPED_MAX && skipped < is->n_waiting) {
		e = start_first(is);
		if (e == ERR_AGAIN)
			break;
		skipped += e == ERR_CLOSED;
	}
	if (!list_empty(&is->waiting) || is_resting)
		issuer_kick(is, LINE_MS);
}

/* --- what becomes of them ------------------------------------------------ */

static enum err
on_issued(void *ctx, struct issuance *i, const struct chain *chain,
    struct fault *unfit)
{
	struct issuer *is = ctx;
	enum err e = is->ops->on_issued(
	    is->owner, i->id, i->host, chain, buf_slice(&i->sealed), unfit);

	if (e == ERR_OK && !i->is_over) {
		log_info("acme: issued host=%s order=%lld", i->host,
		    (long long)i->id);
		bury(is, i);
	}
	return e;
}

static void add(void *ctx, int64_t id, const char *host, int64_t needed_at);

/* The other CA goes on with what this one refuses for a reason of its own. */
static bool
move(struct issuer *is, struct issuance *i, const struct order_row *row)
{
	enum ca_seat from =
	    i->seat == &is->seats[CA_FIRST] ? CA_FIRST : CA_FALLBACK;
	struct seat_order o =
	    seat_order_of_row(is->env.db, row, is->keeps_reserve);
	struct ca_view views[CA_SEATS];
	enum ca_seat to;
	int64_t id;

	if (i->is_moved)
		return false;
	for (int at = 0; at < CA_SEATS; at++)
		views[at] = seat_view(&is->seats[at], &o);
	to = ca_move(i->ca, from, views, clock_now());
	if (to == CA_SEATS ||
	    rows_move_order(is->env.db, i->id, is->seats[to].config.directory,
		&id) != ERR_OK)
		return false;
	log_warning("acme: order=%lld host=%s goes on at %s as order=%lld",
	    (long long)i->id, i->host, is->seats[to].config.directory,
	    (long long)id);
	bury(is, i);
	add(is, id, i->host, row->needed_at);
	return true;
}

/* Notes what kept the CA from it; true: the other one takes over. */
static bool
goes_on(struct issuer *is, struct issuance *i, const struct problem *p)
{
	struct ca_shun shun = seat_note(i->seat, i->host, p);
	struct order_row row;
	bool moves;

	if (rows_note_failure(is->env.db, i->id, shun.until, p->fault.action) !=
		ERR_OK ||
	    shun.until == 0 ||
	    rows_ended_order(is->env.db, i->id, &row) != ERR_OK)
		return false;
	moves = move(is, i, &row);
	order_row_clear(&row);
	return moves;
}

static void
on_failed(void *ctx, struct issuance *i, const struct problem *p)
{
	struct issuer *is = ctx;

	if (goes_on(is, i, p)) {
		if (is->ops->on_moved != NULL)
			is->ops->on_moved(is->owner, i->host, &p->fault);
		return;
	}
	bury(is, i);
	is->ops->on_failed(is->owner, i->id, i->host, &p->fault, p->retry_at,
	    p->class == PROBLEM_PERSON);
}

static bool
is_fronted(void *ctx, const char *host)
{
	const struct issuer *is = ctx;

	return is->ops != NULL && is->ops->is_fronted != NULL &&
	       is->ops->is_fronted(is->owner, host);
}

/* --- life ---------------------------------------------------------------- */

struct issuer *
issuer_new(struct ev_loop *loop, struct db *db, struct shared *shared,
    struct keyring *keyring, struct fetch *fetch,
    const struct issuer_config *config)
{
	struct issuer *is = xcalloc(1, sizeof(*is));

	is->fetch = fetch;
	is->env = (struct issuance_env){
	    .loop = loop,
	    .db = db,
	    .shared = shared,
	    .keyring = keyring,
	    .is_fronted = is_fronted,
	    .on_issued = on_issued,
	    .on_failed = on_failed,
	    .on_waits = issuer_on_waits,
	    .hands = {.loop = loop, .fetch = fetch, .http_port = BY_HAND_PORT},
	    .ctx = is,
	};
	map_init(&is->by_host, OPEN_MAX);
	list_init(&is->running);
	list_init(&is->waiting);
	list_init(&is->over);
	ev_init(&is->pump, on_pump);
	seat_open(&is->seats[CA_FIRST], config, &is->env, fetch);
	return is;
}

void
issuer_set_fallback(struct issuer *is, const struct issuer_config *config)
{
	assert(!is->seats[CA_FALLBACK].is_there);
	seat_open(&is->seats[CA_FALLBACK], config, &is->env, is->fetch);
}

void
issuer_set_dns(struct issuer *is, struct dns *dns, struct txt_records *txt)
{
	is->env.dns = is->env.hands.dns = dns;
	is->env.txt = txt;
	for (int i = 0; i < CA_SEATS; i++) {
		is->seats[i].env.dns = is->seats[i].env.hands.dns = dns;
		is->seats[i].env.txt = txt;
	}
}

void
issuer_set_owner(struct issuer *is, const struct issuer_ops *ops, void *ctx)
{
	is->ops = ops;
	is->owner = ctx;
}

void
issuer_free(struct issuer *is)
{
	struct list *const lists[] = {&is->running, &is->waiting, &is->over};

	for (size_t at = 0; at < COUNT_OF(lists); at++) {
		LIST_FOREACH_SAFE(it, lists[at]) {
			issuance_free(container_of(it, struct issuance, link));
		}
	}
	for (int i = 0; i < CA_SEATS; i++)
		seat_clear(&is->seats[i]);
	ev_timer_stop(is->env.loop, &is->pump);
	map_clear(&is->by_host);
	free(is);
}

/* --- orders -------------------------------------------------------------- */

static void
add(void *ctx, int64_t id, const char *host, int64_t needed_at)
{
	struct issuer *is = ctx;
	struct issuance *i = issuance_new(&is->env, id, host);

	i->needed_at = needed_at;
	if (map_put(&is->by_host, slice_str(host), i) != ERR_OK) {
		log_error("acme: too many open orders host=%s", host);
		issuance_free(i); /* its row stays for the next start */
		return;
	}
	enter_line(is, i);
	issuer_kick(is, 0);
}

void
issuer_resume(struct issuer *is)
{
	if (rows_open_orders(is->env.db, add, is) != ERR_OK)
		log_error("acme: open orders cannot be read");
	if (is->env.txt != NULL)
		txt_records_sweep(is->env.txt);
	for (int i = 0; i < CA_SEATS; i++)
		if (is->seats[i].is_there)
			ca_resume(is->seats[i].ca);
}

/* *seat is the CA it would go to now. */
static enum err
check_order(const struct issuer *is, const struct order_wish *wish,
    enum ca_seat *seat, struct fault *f)
{
	struct seat_order o =
	    seat_order_of_wish(is->env.db, wish, is->keeps_reserve);

	if (wish->n_names > ORDER_NAMES_MAX) {
		fault_set(f, FAULT_C24_TOO_MANY_NAMES,
		    "%zu names are more than one certificate may have (%d)",
		    wish->n_names, ORDER_NAMES_MAX);
		return ERR_TOO_BIG;
	}
	*seat = choose(is, wish->ca, &o);
	if (*seat != CA_SEATS)
		return ERR_OK;
	return seat_check(&is->seats[CA_FIRST], &o, f);
}

enum err
issuer_may_order(const struct issuer *is, const struct order_wish *wish,
    int64_t *at, struct fault *f)
{
	struct seat_order o =
	    seat_order_of_wish(is->env.db, wish, is->keeps_reserve);
	enum ca_seat seat;
	enum err e = check_order(is, wish, &seat, f);

	*at = 0;
	return e == ERR_OK ? seat_ask(&is->seats[seat], &o, at, f) : e;
}

void
issuer_keep_reserve(struct issuer *is, bool renewals_are_due)
{
	is->keeps_reserve = renewals_are_due;
}

/* Row and share, in the owner's transaction or in one of their own. */
static enum err
write_order(struct issuer *is, const struct order_wish *wish,
    const struct seat *seat, int64_t *id)
{
	struct seat_order o =
	    seat_order_of_wish(is->env.db, wish, is->keeps_reserve);
	bool is_own = !db_in_transaction(is->env.db);
	enum err e = is_own ? db_begin(is->env.db) : ERR_OK;

	if (e != ERR_OK)
		return e;
	e = rows_add_order(is->env.db, wish, seat->config.directory, id);
	if (e == ERR_OK)
		e = ledger_charge(is->env.db, *id, &seat->ledger, &o.order);
	if (e == ERR_OK && is_own)
		e = db_commit(is->env.db);
	if (e != ERR_OK && is_own)
		db_rollback(is->env.db);
	return e;
}

enum err
issuer_order(struct issuer *is, const struct order_wish *wish, int64_t *at,
    struct fault *f)
{
	struct seat_order o =
	    seat_order_of_wish(is->env.db, wish, is->keeps_reserve);
	enum ca_seat seat;
	enum err e = check_order(is, wish, &seat, f);
	int64_t id;

	assert(wish->n_names > 0 && is->ops != NULL);
	*at = 0;
	if (e != ERR_OK)
		return e;
	if (issuer_has_order(is, wish->names[0]))
		return ERR_OK;
	e = seat_turn(&is->seats[seat], &o, at, f);
	if (e == ERR_AGAIN)
		return e;
	if (e == ERR_OK)
		e = write_order(is, wish, &is->seats[seat], &id);
	if (e == ERR_EXISTS)
		return ERR_OK;
	if (e != ERR_OK) {
		fault_set(f, FAULT_S19_STORE_AWAY, NULL);
		return e;
	}
	add(is, id, wish->names[0], wish->needed_at);
	return ERR_OK;
}

bool
issuer_has_order(const struct issuer *is, const char *host)
{
	return map_get(&is->by_host, slice_str(host)) != NULL;
}

void
issuer_cancel(struct issuer *is, const char *host)
{
	struct issuance *i = map_get(&is->by_host, slice_str(host));

	if (i == NULL)
		return;
	issuance_cancel(i);
	bury(is, i);
}

struct ca *
issuer_ca(struct issuer *is, const char *directory)
{
	for (size_t at = 0; at < COUNT_OF(is->seats); at++)
		if (is->seats[at].is_there &&
		    strcmp(is->seats[at].config.directory, directory) == 0)
			return is->seats[at].ca;
	return NULL;
}

const struct seat *
issuer_seat(const struct issuer *is, enum ca_seat which)
{
	const struct seat *s = &is->seats[which];

	return s->is_there ? s : NULL;
}
