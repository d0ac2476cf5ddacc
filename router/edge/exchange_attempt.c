/* A request's tries: on which backend, how often, and what waits in between. */
#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/exchange.h"

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
	exchange_queue_moves(ex);
}

void
exchange_blame(struct exchange *ex)
{
	quarantine_answered_badly(&ex->backend->quarantine, clock_mono_ms());
}

static void
remember(struct exchange *ex)
{
	for (size_t i = 0; i < ex->n_tried; i++)
		if (ex->tried[i] == ex->backend)
			return;
	assert(ex->n_tried < EXCHANGE_TRIES_MAX);
	ex->tried[ex->n_tried++] = ex->backend;
}

/* To the backend that was chosen. */
static void
connect_there(struct exchange *ex)
{
	enum upstream_choice which = UPSTREAM_ANY;
	enum err e;

	if (ex->is_fresh)
		which = UPSTREAM_FRESH;
	else if (!method_is_idempotent(ex->request.method))
		which = UPSTREAM_SURE; /* it cannot be repeated */
	remember(ex);
	ex->tried_mono_ms = clock_mono_ms();
	exchange_enter(ex, EXCHANGE_CONNECTING);
	e = upstream_open(ex->w, ex->backend, ex, which, &ex->upstream);
	if (e == ERR_AGAIN) {
		ex->cause = "no descriptor or port left";
		exchange_fail(ex, CODE_H99, 0);
	} else if (e != ERR_OK)
		exchange_on_lost(
		    ex, e == ERR_DENIED ? LOST_REFUSED : LOST_UNREACHABLE);
	else if (upstream_is_connected(ex->upstream))
		exchange_on_connected(ex);
	else
		deadline_set(
		    &ex->deadline, ex->app->set.connect_s, DEADLINE_CONNECT);
}

void
exchange_begin_choice(struct exchange *ex, enum exchange_choice choice)
{
	bool had = ex->app->had_backends;

	switch (choice) {
	case CHOICE_MADE:
		connect_there(ex);
		break;
	case CHOICE_NONE:
		exchange_fail(ex, had ? CODE_H14 : CODE_H81, 0);
		break;
	case CHOICE_DOWN:
		exchange_fail(ex, CODE_H10, 0);
		break;
	case CHOICE_FULL:
		exchange_fail(ex, CODE_H22, 0);
		break;
	}
}

void
exchange_try(struct exchange *ex)
{
	enum exchange_choice choice = CHOICE_FULL;

	/* who comes later does not overtake those who wait */
	if (!exchange_has_queue(ex))
		choice = exchange_choose(ex);
	if (!exchange_queues_for(ex, choice))
		exchange_begin_choice(ex, choice);
}

void
exchange_try_again(struct exchange *ex, enum code code)
{
	bool was_last_resort = ex->is_last_resort;
	enum exchange_choice choice = CHOICE_NONE;

	deadline_none(&ex->deadline);
	exchange_tried(ex, code);
	exchange_let_go(ex, false);
	if (ex->n_tried < EXCHANGE_TRIES_MAX)
		choice = exchange_choose(ex);
	if (choice == CHOICE_MADE)
		connect_there(ex);
	else
		exchange_fail(ex,
		    was_last_resort && code == CODE_H21 ? CODE_H10 : code, 0);
}

void
exchange_try_fresh(struct exchange *ex)
{
	struct backend *b = ex->backend;

	assert(b != NULL && ex->upstream != NULL);
	deadline_none(&ex->deadline);
	/* it keeps its place at the backend */
	upstream_let_go(ex->upstream, false);
	ex->upstream = NULL;
	quarantine_sent(&b->quarantine);
	ex->is_fresh = true;
	connect_there(ex);
}
