/*
 * Requests that wait for a backend: because all have max_active requests, or
 * because the app has none yet.  `queue` says how many may, queue_timeout how
 * long; without a queue nobody waits.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/exchange.h"

static struct queue *
queue_of(const struct exchange *ex)
{
	return &ex->app->counts->queue;
}

bool
exchange_has_queue(const struct exchange *ex)
{
	return queue_of(ex)->n > 0;
}

static bool
is_worth_waiting(enum exchange_choice choice)
{
	return choice == CHOICE_FULL || choice == CHOICE_NONE;
}

bool
exchange_queues_for(struct exchange *ex, enum exchange_choice choice)
{
	const struct app_policy *set = &ex->app->set;
	struct queues *qs = &ex->w->queues;

	if (set->queue <= 0 || !is_worth_waiting(choice))
		return false;
	if (queue_length(qs, queue_of(ex)) >= (uint64_t)set->queue) {
		exchange_fail(ex, CODE_H11, 0);
		return true;
	}
	exchange_enter(ex, EXCHANGE_QUEUED);
	ex->queued_for = choice;
	queue_join(qs, queue_of(ex), &ex->place);
	deadline_set(&ex->deadline, set->queue_s, DEADLINE_QUEUE);
	return true;
}

void
exchange_leave_queue(struct exchange *ex)
{
	if (ex->place.queue == NULL)
		return;
	queue_leave(&ex->w->queues, &ex->place);
	ex->queue_ms = clock_mono_ms() - ex->began_us / 1000;
}

void
exchange_waited_too_long(struct exchange *ex)
{
	if (ex->queued_for == CHOICE_FULL)
		ex->cause = "queue_timeout";
	exchange_fail(
	    ex, ex->queued_for == CHOICE_FULL ? CODE_H11 : CODE_H20, 0);
}

void
exchange_queue_moves(struct exchange *ex)
{
	struct queues *qs = &ex->w->queues;
	struct queue *q = queue_of(ex);

	/* where others wait in other workers, they have their turn too */
	if (q->n > 0 && queue_length_elsewhere(qs, q) > 0 &&
	    random_below(&ex->w->random, 2) == 0)
		return;
	queue_is_due(qs, q);
}

/* The app as it is by now: it may have got a backend. */
static void
refresh(struct exchange *ex)
{
	struct app *now;

	if (app_get(&ex->w->apps, slice_str(ex->app->key), &now) != ERR_OK)
		return;
	if (now->counts != ex->app->counts || now->tally != ex->app->tally) {
		app_unref(now); /* another app of the same name */
		return;
	}
	app_unref(ex->app);
	ex->app = now;
}

/* The next in line has its turn.  False: it must wait on. */
static bool
let_in(struct exchange *ex)
{
	enum exchange_choice choice;

	refresh(ex);
	choice = exchange_choose(ex);
	if (is_worth_waiting(choice)) {
		ex->queued_for = choice;
		return false;
	}
	exchange_leave_queue(ex);
	deadline_none(&ex->deadline);
	exchange_begin_choice(ex, choice);
	return true;
}

bool
exchanges_step(struct worker *w)
{
	bool did = false;
	struct queue *q;

	while ((q = queues_next_due(&w->queues)) != NULL) {
		struct queue_place *p;

		while ((p = queue_first(q)) != NULL &&
		       let_in(container_of(p, struct exchange, place)))
			did = true;
	}
	return did;
}
