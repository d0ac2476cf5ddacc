#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/exchange.h"

#define BACKENDS_SEEN_MAX 1000

/* --- which ---------------------------------------------------------------- */

static bool
was_tried(const struct exchange *ex, const struct backend *b)
{
	for (size_t i = 0; i < ex->n_tried; i++)
		if (ex->tried[i] == b)
			return true;
	return false;
}

/* This worker's share of what a backend may have at once. */
static bool
is_crowded(const struct exchange *ex, const struct backend *b)
{
	int64_t workers = ex->w->config.router.workers;
	int64_t max = ex->app->set.max_active;

	if (max <= 0)
		return false;
	return b->active >= (max + workers - 1) / workers;
}

static bool
is_excluded(struct exchange *ex, const struct app_backend *row, int64_t now_ms)
{
	if (row->is_draining || was_tried(ex, row->backend) ||
	    !quarantine_allows(&row->backend->quarantine, now_ms))
		return true;
	if (!is_crowded(ex, row->backend))
		return false;
	ex->is_crowded = true;
	return true;
}

static struct backend *
pick_healthy(struct exchange *ex, int64_t now_ms)
{
	struct balance_item items[BACKENDS_SEEN_MAX];
	struct app *app = ex->app;
	size_t n = app->n_backends, at;

	if (n > BACKENDS_SEEN_MAX)
		n = BACKENDS_SEEN_MAX;
	for (size_t i = 0; i < n; i++) {
		const struct app_backend *row = &app->backends[i];

		items[i] = (struct balance_item){
		    .weight = row->weight,
		    .active = row->backend->active,
		    .is_excluded = is_excluded(ex, row, now_ms),
		    .credit = &app->backends[i].credit,
		};
	}
	at = balance_pick(app->set.balance, items, n, &ex->w->random);
	return at == BALANCE_NONE ? NULL : app->backends[at].backend;
}

/* All are quarantined: the one whose time is up first is tried even so, by
 * one request at a time, for it may be the only one the app has. */
static struct backend *
pick_last_resort(const struct exchange *ex)
{
	struct backend *best = NULL;

	for (size_t i = 0; i < ex->app->n_backends; i++) {
		const struct app_backend *row = &ex->app->backends[i];
		struct backend *b = row->backend;

		if (row->is_draining || b->quarantine.is_probing ||
		    was_tried(ex, b))
			continue;
		if (best == NULL ||
		    b->quarantine.until_ms < best->quarantine.until_ms)
			best = b;
	}
	return best;
}

static bool
has_backend(const struct app *app)
{
	for (size_t i = 0; i < app->n_backends; i++)
		if (!app->backends[i].is_draining)
			return true;
	return false;
}

static struct backend *
pick(struct exchange *ex)
{
	struct backend *b;

	ex->is_crowded = false;
	ex->is_last_resort = false;
	b = pick_healthy(ex, clock_mono_ms());
	if (b != NULL || ex->is_crowded || ex->n_tried > 0)
		return b;
	ex->is_last_resort = true;
	return pick_last_resort(ex);
}

/* --- trying --------------------------------------------------------------- */

void
exchange_let_go(struct exchange *ex, bool reusable)
{
	struct backend *b = ex->backend;

	if (ex->upstream != NULL)
		upstream_let_go(ex->upstream, reusable);
	ex->upstream = NULL;
	if (b == NULL)
		return;
	backend_end(b);
	quarantine_undecided(&b->quarantine);
	ex->backend = NULL;
}

static void
connect_to(struct exchange *ex, struct backend *b)
{
	enum upstream_choice which = UPSTREAM_ANY;
	enum err e;

	if (ex->is_fresh)
		which = UPSTREAM_FRESH;
	else if (!method_is_idempotent(ex->request.method))
		which = UPSTREAM_SURE; /* it cannot be repeated */
	ex->backend = b;
	backend_begin(b);
	quarantine_sent(&b->quarantine);
	if (!was_tried(ex, b))
		ex->tried[ex->n_tried++] = b;
	ex->tried_mono_ms = clock_mono_ms();
	exchange_enter(ex, EXCHANGE_CONNECTING);
	e = upstream_open(ex->w, b, ex, which, &ex->upstream);
	if (e != ERR_OK)
		exchange_on_lost(
		    ex, e == ERR_DENIED ? LOST_REFUSED : LOST_UNREACHABLE);
	else if (upstream_is_connected(ex->upstream))
		exchange_on_connected(ex);
	else
		deadline_set(
		    &ex->deadline, ex->app->set.connect_s, DEADLINE_CONNECT);
}

void
exchange_try(struct exchange *ex)
{
	struct backend *b;

	if (!has_backend(ex->app)) {
		exchange_fail(
		    ex, ex->app->had_backends ? CODE_H14 : CODE_H81, 0);
		return;
	}
	b = pick(ex);
	if (b == NULL)
		exchange_fail(ex, ex->is_crowded ? CODE_H22 : CODE_H10, 0);
	else
		connect_to(ex, b);
}

void
exchange_try_again(struct exchange *ex, enum code code)
{
	bool was_last_resort = ex->is_last_resort;
	struct backend *b = NULL;

	deadline_none(&ex->deadline);
	exchange_let_go(ex, false);
	if (ex->n_tried < EXCHANGE_TRIES_MAX)
		b = pick(ex);
	if (b != NULL)
		connect_to(ex, b);
	else
		exchange_fail(ex,
		    was_last_resort && code == CODE_H21 ? CODE_H10 : code, 0);
}

void
exchange_try_fresh(struct exchange *ex)
{
	struct backend *b = ex->backend;

	deadline_none(&ex->deadline);
	exchange_let_go(ex, false);
	ex->is_fresh = true;
	connect_to(ex, b);
}
