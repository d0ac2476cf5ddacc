#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/exchange.h"
#include "router/edge/sticky.h"
#include "router/edge/trailers.h"

#define INTERIMS_MAX 64 /* of one response: then it never means to answer */

/* --- out ------------------------------------------------------------------ */

void
exchange_on_connected(struct exchange *ex)
{
	struct upstream *u = ex->upstream;

	exchange_enter(ex, EXCHANGE_WAITING);
	ex->cause = NULL; /* of a try before this one */
	ex->sent_mono_ms = clock_mono_ms();
	ex->connect_ms = ex->sent_mono_ms - ex->tried_mono_ms;
	upstream_send_head(u, &ex->request, &ex->to_backend);
	if (ex->pending.len > 0) {
		ex->body_sent = true;
		upstream_send_body(u, buf_slice(&ex->pending));
		buf_clear(&ex->pending);
	}
	if (ex->body_ended)
		upstream_send_end(u, ex->trailers);
	exchange_wait(ex);
	if (!ex->body_ended)
		ex->ops->on_wanted(ex->front);
}

void
exchange_on_upstream_room(struct exchange *ex)
{
	exchange_wait(ex);
	if (!ex->body_ended)
		ex->ops->on_wanted(ex->front);
}

/* --- in ------------------------------------------------------------------- */

/* The head as it goes on; its slices stay loans, for the front uses them at
 * once. */
static bool
make_head(struct exchange *ex, const struct response *r, struct response *out)
{
	struct headers h = r->headers;

	if (r->status >= 200)
		h = headers_ruled(
		    &ex->arena, &h, &ex->app->set.response_headers);
	if (h.items == NULL)
		return false;
	*out = *r;
	out->headers = headers_to_client(&ex->arena, &h, ex->request_id,
	    ex->forwarded.is_https ? ex->app->set.hsts_s : 0);
	return out->headers.items != NULL;
}

/* The visitor's next request goes to the same backend. */
static void
set_cookie(struct exchange *ex, struct response *r)
{
	struct slice cookie;

	if (ex->cookie == 0)
		return;
	cookie = sticky_cookie(&ex->arena, ex->cookie, ex->forwarded.is_https);
	if (cookie.p != NULL)
		headers_add(&r->headers, SLICE("Set-Cookie"), cookie);
}

void
exchange_on_interim(struct exchange *ex, const struct response *from_backend)
{
	struct response r;

	if (++ex->n_interims > INTERIMS_MAX ||
	    !make_head(ex, from_backend, &r)) {
		ex->cause = "endless interim responses";
		exchange_fail(ex, CODE_H25, 0);
		return;
	}
	ex->ops->on_interim(ex->front, &r);
	exchange_wait(ex);
}

/* In HTTP/2 any 2xx says that the tunnel is open (RFC 8441, 5), so what
 * HTTP/1.1 says by an ordinary answer cannot be said with one. */
static bool
is_false_success(const struct exchange *ex, int status)
{
	return ex->request.version == HTTP_2 && ex->request.upgrade.n > 0 &&
	       status >= 200 && status < 300;
}

void
exchange_on_head(struct exchange *ex, const struct response *from_backend)
{
	struct response r;

	quarantine_worked(&ex->backend->quarantine, clock_mono_ms());
	if (!make_head(ex, from_backend, &r)) {
		ex->cause = "response head too large";
		exchange_fail(ex, CODE_H25, 0);
		return;
	}
	if (r.status == 101 && ex->request.upgrade.n == 0) {
		ex->cause = "unasked for upgrade";
		exchange_fail(ex, CODE_H17, 0);
		return;
	}
	if (is_false_success(ex, r.status)) {
		ex->cause = "upgrade ignored";
		exchange_fail(ex, CODE_H25, 0);
		return;
	}
	if (r.status == 101) { /* from now on the client may send again */
		ex->is_tunnel = true;
		ex->body_ended = false;
	}
	set_cookie(ex, &r);
	ex->status = r.status;
	exchange_enter(ex, EXCHANGE_RESPONDING);
	ex->ops->on_head(ex->front, &r);
	exchange_wait(ex);
}

void
exchange_on_body(struct exchange *ex, struct slice piece)
{
	ex->bytes += piece.n;
	ex->ops->on_body(ex->front, piece);
	if (ex->ops->is_full(ex->front))
		upstream_pause(ex->upstream, true);
	exchange_wait(ex);
}

void
exchange_on_response_end(struct exchange *ex, const struct headers *trailers)
{
	if (ex->is_tunnel && !ex->body_ended) {
		ex->response_ended = true;
		ex->ops->on_end(ex->front, NULL);
		exchange_wait(ex);
		return;
	}
	if (trailers != NULL) /* they are the connection's, which goes now */
		trailers = trailers_keep(&ex->arena, trailers);
	/* an answer before all was asked: the rest of the body is in the way */
	exchange_let_go(ex, ex->body_ended && !ex->is_tunnel);
	exchange_finish(ex);
	ex->ops->on_end(ex->front, trailers);
}

/* --- lost ----------------------------------------------------------------- */

/* Nothing was answered, and to ask again does no harm. */
static bool
may_repeat(const struct exchange *ex)
{
	return !ex->body_sent && method_is_idempotent(ex->request.method);
}

static void
on_silent(struct exchange *ex)
{
	bool was_old;

	assert(ex->upstream != NULL);
	was_old = ex->upstream->was_used && !ex->is_fresh;
	if (!was_old)
		exchange_blame(ex);
	if (may_repeat(ex) && was_old)
		exchange_try_fresh(ex);
	else if (may_repeat(ex))
		exchange_try_again(ex, CODE_H13);
	else
		exchange_fail(ex, CODE_H13, 0);
}

static void
on_not_connected(struct exchange *ex, enum upstream_loss why)
{
	quarantine_failed(&ex->backend->quarantine, clock_mono_ms());
	if (why == LOST_UNREACHABLE)
		ex->cause = "unreachable";
	exchange_try_again(ex, CODE_H21);
}

/* The backend says that it has not begun, so any request may go again. */
static void
on_unprocessed(struct exchange *ex)
{
	assert(ex->upstream != NULL);
	if (ex->body_sent && upstream_take_back(ex->upstream, &ex->pending))
		ex->body_sent = false;
	if (ex->body_sent)
		exchange_fail(ex, CODE_H13, 0);
	else if (ex->is_fresh)
		exchange_try_again(ex, CODE_H13);
	else
		exchange_try_fresh(ex);
}

void
exchange_on_lost(struct exchange *ex, enum upstream_loss why)
{
	if (ex->upstream != NULL) /* else it never came to be */
		ex->cause = ex->upstream->cause;
	switch (why) {
	case LOST_REFUSED:
	case LOST_UNREACHABLE:
	case LOST_UNPROVED:
		on_not_connected(ex, why);
		break;
	case LOST_UNPROCESSED:
		on_unprocessed(ex);
		break;
	case LOST_SILENT:
		on_silent(ex);
		break;
	case LOST_CUT_HEAD:
		exchange_blame(ex);
		exchange_fail(ex, CODE_H13, 0);
		break;
	case LOST_CUT_BODY:
		ex->sock = "backend";
		exchange_fail(ex, CODE_H18, 0);
		break;
	case LOST_GARBAGE:
		exchange_blame(ex);
		exchange_fail(ex, CODE_H17, 0);
		break;
	}
}
