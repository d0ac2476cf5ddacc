#include "router/edge/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/edge/stats.h"

#define ARENA_MAX   (256 * 1024)
#define PENDING_MAX (256 * 1024) /* full far earlier: exchange_is_full */
#define FREE_MAX    64           /* exchanges kept warm */

/* --- state ---------------------------------------------------------------- */

static const char *
state_name(enum exchange_state s)
{
	static const char *const names[] = {
	    [EXCHANGE_ROUTING] = "routing",
	    [EXCHANGE_QUEUED] = "queued",
	    [EXCHANGE_CONNECTING] = "connecting",
	    [EXCHANGE_WAITING] = "waiting",
	    [EXCHANGE_RESPONDING] = "responding",
	    [EXCHANGE_DONE] = "done",
	};
	return names[s];
}

/* Forward only, but for another try: from waiting back to connecting. */
static bool
may_follow(enum exchange_state now, enum exchange_state next)
{
	if (now == EXCHANGE_WAITING && next == EXCHANGE_CONNECTING)
		return true;
	return next > now ||
	       (now == EXCHANGE_CONNECTING && next == EXCHANGE_CONNECTING);
}

void
exchange_enter(struct exchange *ex, enum exchange_state next)
{
	assert(may_follow(ex->state, next));
	log_debug("request %" SLICE_FMT ": %s", SLICE_ARG(ex->request_id),
	    state_name(next));
	ex->state = next;
}

/* --- deadlines ------------------------------------------------------------ */

static void
on_deadline(struct deadline *d)
{
	struct exchange *ex = container_of(d, struct exchange, deadline);

	switch ((enum exchange_deadline)d->reason) {
	case DEADLINE_CONNECT:
		quarantine_failed(&ex->backend->quarantine, clock_mono_ms());
		exchange_try_again(ex, CODE_H19);
		break;
	case DEADLINE_QUEUE:
		exchange_waited_too_long(ex);
		break;
	case DEADLINE_FIRST_BYTE:
		exchange_blame(ex);
		exchange_fail(ex, CODE_H12, 0);
		break;
	case DEADLINE_BACKEND:
		ex->sock = "backend";
		exchange_fail(ex, CODE_H15, 0);
		break;
	case DEADLINE_CLIENT:
		ex->sock = "client";
		exchange_fail(ex, CODE_H28, 0);
		break;
	}
}

/* The client holds its body back until the backend wants it. */
static bool
waits_for_continue(const struct exchange *ex)
{
	return ex->request.expects_continue && ex->body_received == 0;
}

static enum exchange_deadline
waits_for(const struct exchange *ex)
{
	if (ex->state == EXCHANGE_RESPONDING)
		return ex->ops->is_full(ex->front) ? DEADLINE_CLIENT
						   : DEADLINE_BACKEND;
	if (ex->body_ended || waits_for_continue(ex))
		return DEADLINE_FIRST_BYTE;
	return upstream_is_full(ex->upstream) ? DEADLINE_BACKEND
					      : DEADLINE_CLIENT;
}

/* gRPC sends what and when it likes before a first answer. */
static bool
may_be_slow(const struct exchange *ex)
{
	return ex->state == EXCHANGE_WAITING &&
	       ex->backend->protocol == BACKEND_H2C;
}

void
exchange_wait(struct exchange *ex)
{
	const struct app_policy *set = &ex->app->set;
	enum exchange_deadline why;
	bool holds;

	if (ex->state != EXCHANGE_WAITING && ex->state != EXCHANGE_RESPONDING)
		return;
	why = waits_for(ex);
	deadline_set(&ex->deadline,
	    why == DEADLINE_FIRST_BYTE ? set->first_byte_s : set->idle_s, why);
	holds = pace_holds(&ex->pace, ev_now(ex->w->loop),
	    (uint64_t)ex->body_received + ex->bytes, why == DEADLINE_CLIENT,
	    set->idle_s);
	if (holds || may_be_slow(ex))
		return;
	ex->sock = "client";
	ex->cause = "too slow";
	exchange_fail(ex, CODE_H28, 0);
}

/* --- the end -------------------------------------------------------------- */

void
exchange_finish(struct exchange *ex)
{
	int64_t now_us = clock_mono_us();

	exchange_leave_queue(ex);
	exchange_enter(ex, EXCHANGE_DONE);
	deadline_clear(&ex->deadline);
	if (ex->sent_mono_ms != 0)
		ex->service_ms = now_us / 1000 - ex->sent_mono_ms;
	exchange_record(ex, now_us);
}

/* Nobody is left to answer, or it is not ours to: a cut, and the log. */
static void
cut(struct exchange *ex, int status)
{
	ex->status = status;
	exchange_finish(ex);
	ex->ops->on_cut(ex->front);
}

void
exchange_fail(struct exchange *ex, enum code code, int status)
{
	const struct code_row *row = code_row(code);

	if (exchange_is_done(ex))
		return;
	ex->code = code;
	if (status == 0)
		status = row->status;
	exchange_let_go(ex, false);
	deadline_none(&ex->deadline);
	if (ex->state == EXCHANGE_RESPONDING || code == CODE_H27 ||
	    code == CODE_H28)
		cut(ex, status);
	else
		exchange_page(ex, code, status);
}

/* --- what the front says -------------------------------------------------- */

static void
begin(struct exchange *ex)
{
	stats_add(&ex->w->stats->requests_total, 1);
	stats_add(&ex->w->stats->requests_active, 1);
	ex->began_ms = clock_now_ms();
	ex->began_us = clock_mono_us();
	ex->forwarded =
	    headers_origin(&ex->arena, &ex->request, &ex->client->origin);
	ex->request_id = headers_request_id(&ex->request);
	if (ex->request_id.p == NULL) {
		char uuid[UUID_TEXT_SIZE];

		random_uuid(&ex->w->random, uuid);
		ex->request_id = arena_copy(&ex->arena, slice_str(uuid));
	}
}

void
exchange_begin(struct exchange *ex)
{
	begin(ex);
	ex->body_ended = !ex->request.has_body;
	route(ex);
}

void
exchange_refuse(struct exchange *ex, int status, const char *cause)
{
	if (ex->began_ms == 0)
		begin(ex);
	ex->cause = cause;
	exchange_fail(ex, CODE_H26, status);
}

static bool
is_too_much(const struct exchange *ex)
{
	return ex->app != NULL && ex->app->set.max_body > 0 && !ex->is_tunnel &&
	       ex->body_received > ex->app->set.max_body;
}

void
exchange_body(struct exchange *ex, struct slice piece)
{
	ex->body_received += (int64_t)piece.n;
	if (exchange_is_done(ex))
		return; /* answered already: nobody wants it */
	if (is_too_much(ex)) {
		exchange_refuse(ex, 413, "body too large");
		return;
	}
	if (ex->state == EXCHANGE_WAITING || ex->state == EXCHANGE_RESPONDING) {
		ex->body_sent = true;
		upstream_send_body(ex->upstream, piece);
		exchange_wait(ex);
	} else if (buf_add(&ex->pending, piece) != ERR_OK) {
		exchange_fail(ex, CODE_H99, 0); /* the front did not stop */
	}
}

void
exchange_body_end(struct exchange *ex, const struct headers *trailers)
{
	ex->body_ended = true;
	ex->trailers = trailers;
	if (exchange_is_done(ex))
		return;
	if (ex->response_ended) { /* a tunnel's second way has ended */
		exchange_let_go(ex, false);
		exchange_finish(ex);
		return;
	}
	if (ex->state == EXCHANGE_WAITING || ex->state == EXCHANGE_RESPONDING) {
		upstream_send_end(ex->upstream, trailers);
		exchange_wait(ex);
	}
}

bool
exchange_is_full(const struct exchange *ex)
{
	if (exchange_is_done(ex))
		return false;
	if (ex->upstream != NULL && upstream_is_connected(ex->upstream))
		return upstream_is_full(ex->upstream);
	return ex->pending.len > 0;
}

void
exchange_room(struct exchange *ex)
{
	if (ex->state != EXCHANGE_RESPONDING)
		return;
	if (!ex->ops->is_full(ex->front))
		upstream_pause(ex->upstream, false);
	exchange_wait(ex);
}

void
exchange_client_gone(struct exchange *ex)
{
	if (exchange_is_done(ex))
		return;
	if (ex->began_ms == 0)
		begin(ex);
	if (ex->is_tunnel && ex->body_ended) { /* it had said all it would */
		exchange_let_go(ex, false);
		cut(ex, ex->status);
		return;
	}
	ex->sock = "client";
	exchange_fail(ex, CODE_H27, 0);
}

void
exchange_force_end(struct exchange *ex)
{
	exchange_fail(ex, CODE_H24, 0);
}

/* --- life ----------------------------------------------------------------- */

static struct exchange *
take_free(struct worker *w)
{
	struct list *first = list_first(&w->free_exchanges);
	struct exchange *ex;

	if (first == NULL) {
		ex = xcalloc(1, sizeof(*ex));
		arena_init(&ex->arena, ARENA_MAX);
		return ex;
	}
	list_remove(first);
	w->n_free_exchanges--;
	return container_of(first, struct exchange, free);
}

struct exchange *
exchange_new(struct worker *w, const struct front_ops *ops, void *front,
    const struct client *client)
{
	struct exchange *ex = take_free(w);
	struct arena arena = ex->arena;

	*ex = (struct exchange){.w = w,
	    .ops = ops,
	    .front = front,
	    .client = client,
	    .arena = arena,
	    .connect_ms = -1,
	    .service_ms = -1};
	ex->forwarded.chain = client->origin.peer;
	ex->forwarded.is_https = client->origin.is_tls;
	buf_init(&ex->pending, PENDING_MAX);
	deadline_init(&ex->deadline, w->loop, on_deadline);
	list_init(&ex->free);
	return ex;
}

void
exchange_free(struct exchange *ex)
{
	struct worker *w;

	if (ex == NULL)
		return;
	assert(exchange_is_done(ex));
	w = ex->w;
	deadline_clear(&ex->deadline);
	buf_clear(&ex->pending);
	site_unref(ex->site);
	app_unref(ex->app);
	arena_reset(&ex->arena);
	if (w->n_free_exchanges >= FREE_MAX) {
		arena_clear(&ex->arena);
		free(ex);
		return;
	}
	list_push(&w->free_exchanges, &ex->free);
	w->n_free_exchanges++;
}

void
exchanges_clear(struct worker *w)
{
	struct list *first;

	while ((first = list_first(&w->free_exchanges)) != NULL) {
		struct exchange *ex =
		    container_of(first, struct exchange, free);

		list_remove(first);
		arena_clear(&ex->arena);
		free(ex);
	}
	w->n_free_exchanges = 0;
}
