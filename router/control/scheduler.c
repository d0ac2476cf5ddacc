#include "router/control/scheduler.h"

#include <sys/random.h>

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/ledger_rows.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain.h"
#include "router/control/domain_check.h"
#include "router/control/event.h"
#include "router/control/follow.h"
#include "router/control/page.h"
#include "router/control/revocation.h"

#define BATCH    16 /* a turn of the loop: callers of the API wait for it */
#define TICK_S   1.
#define BUSY_S   0.0125 /* while there is more due than a batch */
#define HOURLY_S 3600
#define MINUTE_S 60
#define DAILY_S  86400
/* Nothing is planned further ahead: a look is a day away at most, a CA's
 * Retry-After a week (acme/problem.h). */
#define AHEAD_MAX_S (8 * DAILY_S)
#define NO_ROOM_S   2
/* One that could not be made for so long keeps nothing from the others. */
#define RENEWAL_DUE_S (30 * DAILY_S)
#define LEASE_S       120 /* a look that never ended is begun again after this */

struct scheduler {
	struct control *control;
	struct ev_timer tick;
	int64_t prune_at;
	int64_t reserve_at; /* when it is looked whether renewals are due */
	struct scheduler_figures figures;
};

/* Adds the hosts that a statement gives for a time. */
static void
add_hosts(struct stmt *s, int64_t at, char hosts[BATCH][HOST_SIZE], size_t *n)
{
	stmt_int(s, 1, at);
	stmt_int(s, 2, (int64_t)(BATCH - *n));
	while (*n < BATCH && stmt_step(s) == ERR_OK)
		(void)snprintf(
		    hosts[(*n)++], HOST_SIZE, "%s", stmt_get_str(s, 0));
	stmt_done(s);
}

static size_t
due_hosts(struct control *c, int64_t now, char hosts[BATCH][HOST_SIZE])
{
	static const char due[] = "SELECT host FROM domain WHERE next_at <= ?1"
				  " ORDER BY next_at LIMIT ?2";
	static const char astray[] = "SELECT host FROM domain WHERE"
				     " next_at > ?1 LIMIT ?2";
	size_t n = 0;

	add_hosts(db_stmt(c->db, due), now, hosts, &n);
	if (n < BATCH)
		add_hosts(db_stmt(c->db, astray), now + AHEAD_MAX_S, hosts, &n);
	return n;
}

/* What was planned before the clock was set back is due now, and not in the
 * year it was planned for. */
static void
forget_far_future(struct domain *d, int64_t now)
{
	if (d->check_at > now + AHEAD_MAX_S)
		d->check_at = now;
	if (d->retry_at > now + AHEAD_MAX_S)
		d->retry_at = 0;
}

/* One domain's turn; *room is how many looks may still begin. */
static enum err
attend(struct control *c, const char *host, int64_t now, size_t *room)
{
	struct fault f = {0};
	struct domain d;
	enum err e = domain_load(c, host, &d, &f);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	forget_far_future(&d, now);
	if (d.check_at != 0 && d.check_at <= now) {
		/* who finds no room goes to the end of the line: the others in
		 * it may be due for something that needs none */
		d.check_at = now + (*room == 0 ? NO_ROOM_S : LEASE_S);
		if (*room > 0) {
			(*room)--;
			change_check(c, host);
		}
	}
	e = domain_settle(c, &d, EVENT_BY_ITSELF);
	domain_unload(&d);
	return e;
}

static size_t
find(struct scheduler *s, int64_t now, char hosts[BATCH][HOST_SIZE])
{
	struct scheduler_figures *f = &s->figures;
	int64_t begun_us = clock_mono_us();
	size_t n = due_hosts(s->control, now, hosts);

	f->find_us = clock_mono_us() - begun_us;
	if (f->find_us > f->find_worst_us)
		f->find_worst_us = f->find_us;
	f->attended += n;
	return n;
}

/* Returns whether there may be more that is due. */
static bool
attend_batch(struct scheduler *s)
{
	struct control *c = s->control;
	char(*hosts)[HOST_SIZE] = xcalloc(BATCH, sizeof(*hosts));
	int64_t now = clock_now();
	size_t n = find(s, now, hosts), room = 0;
	struct fault f = {0};
	enum err e = ERR_OK;

	if (n > 0 && change_begin(c, &f) == ERR_OK) {
		room = checks_room(c);
		for (size_t i = 0; i < n && e == ERR_OK; i++)
			e = attend(c, hosts[i], now, &room);
		if (e != ERR_OK || change_commit(c, &f) != ERR_OK) {
			change_abort(c);
			log_error("schedule: %s", err_name(e));
			n = 0;
		}
	}
	free(hosts);
	return n == BATCH;
}

static void
rotate_masters(struct control *c)
{
	struct ticket_master masters[2], next;
	int64_t now = clock_now();

	if (shared_masters(c->shared, masters) == ERR_OK &&
	    masters[0].made_at <= now && now - masters[0].made_at < DAILY_S)
		return;
	if (getrandom(&next, sizeof(next), 0) != sizeof(next))
		die("no random bytes");
	next.made_at = now;
	shared_rotate_master(c->shared, &next);
	explicit_bzero(&next, sizeof(next));
}

static void
prune_events(struct scheduler *s)
{
	struct control *c = s->control;
	int64_t now = clock_now();
	int64_t keep_s = c->config.store.keep_events_ms / 1000;
	struct fault f = {0};

	if (change_begin(c, &f) != ERR_OK)
		return;
	if (event_prune(c->db, now - keep_s) != ERR_OK)
		change_abort(c);
	else if (db_changes(c->db) > 0)
		s->prune_at = now; /* a batch went; there may be more */
	if (db_in_transaction(c->db) && change_commit(c, &f) != ERR_OK)
		change_abort(c);
}

/* In batches, as events are; orders are told of as long as they. */
static void
prune_acme(struct scheduler *s)
{
	struct control *c = s->control;
	int64_t keep_s = c->config.store.keep_events_ms / 1000;
	struct fault f = {0};
	bool more = false;

	if (change_begin(c, &f) != ERR_OK)
		return;
	if (ledger_prune(c->db, &more) != ERR_OK ||
	    rows_prune_orders(c->db, clock_now() - keep_s, &more) != ERR_OK ||
	    change_commit(c, &f) != ERR_OK)
		change_abort(c);
	else if (more)
		s->prune_at = clock_now();
}

static void
prune(struct scheduler *s)
{
	int64_t now = clock_now();

	if (now < s->prune_at && s->prune_at - now <= HOURLY_S)
		return;
	s->prune_at = now + HOURLY_S;
	prune_events(s);
	prune_acme(s);
}

/* Part of the CAs' limits is kept for renewals while some are due. */
static void
keep_reserve(struct scheduler *s)
{
	static const char sql[] =
	    "SELECT 1 FROM domain WHERE renew_at BETWEEN ?1 AND ?2"
	    " AND automatic = 1 AND dns = 'ok' LIMIT 1";
	struct control *c = s->control;
	int64_t now = clock_now();
	struct stmt *stmt;

	if (now < s->reserve_at && s->reserve_at - now <= MINUTE_S)
		return;
	s->reserve_at = now + MINUTE_S;
	stmt = db_stmt(c->db, sql);
	stmt_int(stmt, 1, now - RENEWAL_DUE_S);
	stmt_int(stmt, 2, now);
	issuer_keep_reserve(c->issuer, stmt_step(stmt) == ERR_OK);
	stmt_done(stmt);
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct scheduler *s = container_of(w, struct scheduler, tick);
	bool more;

	(void)events;
	rotate_masters(s->control);
	more = attend_batch(s);
	prune(s);
	keep_reserve(s);
	revocations_tick(s->control);
	pages_tick(s->control);
	follow_tick(s->control);
	w->repeat = more ? BUSY_S : TICK_S;
	ev_timer_again(loop, w);
}

struct scheduler *
scheduler_new(struct control *c)
{
	struct scheduler *s = xcalloc(1, sizeof(*s));

	s->control = c;
	rotate_masters(c);
	ev_init(&s->tick, on_tick);
	s->tick.repeat = TICK_S;
	ev_timer_again(c->loop, &s->tick);
	return s;
}

void
scheduler_free(struct scheduler *s)
{
	if (s == NULL)
		return;
	ev_timer_stop(s->control->loop, &s->tick);
	free(s);
}

struct scheduler_figures
scheduler_figures(const struct scheduler *s)
{
	return s == NULL ? (struct scheduler_figures){0} : s->figures;
}
