#include "router/edge/front_h2.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/edge/conn.h"
#include "router/edge/stats.h"

#define IDLE_SECONDS 75.
#define HEAD_SECONDS 10.
#define LAST_SECONDS 1. /* for the notice to arrive, or a first request */

/* --- writing -------------------------------------------------------------- */

/* What exchanges could not be told while the session ran. */
static void
tell(struct front_h2 *f)
{
	struct list *first;

	while ((first = list_first(&f->moved)) != NULL) {
		struct h2_stream *s =
		    container_of(first, struct h2_stream, moved);

		list_remove(first);
		if (s->id == 0)
			continue;
		if (s->opens && !s->is_tunnel)
			h2_stream_open_tunnel(s);
		if (s->was_full && !exchange_is_done(s->ex)) {
			s->was_full = false;
			exchange_room(s->ex);
		}
	}
}

void
front_h2_send(struct front_h2 *f)
{
	if (f->c->state != CONN_OPEN)
		return;
	if (f->is_locked || h2_scratch_is_used(f->c->w->h2_scratch)) {
		conn_wake(f->c);
		return;
	}
	f->is_locked = true;
	h2_session_send(f->session);
	f->is_locked = false;
	tell(f);
}

/* --- deadlines ------------------------------------------------------------ */

/* An older deadline of the same kind stays as it is. */
static void
arm(struct conn *c, double seconds, enum conn_deadline why)
{
	if (c->deadline.at == 0 || c->deadline.reason != (int)why)
		conn_deadline(c, seconds, why);
}

/* What is waited for now.  Exchanges that are under way have deadlines of their
 * own. */
static void
update(struct front_h2 *f)
{
	struct conn *c = f->c;

	if (f->n_heads > 0)
		arm(c, HEAD_SECONDS, CONN_DEADLINE_HEAD);
	else if (f->is_leaving && !f->has_left)
		arm(c, LAST_SECONDS,
		    f->n_streams == 0 ? CONN_DEADLINE_IDLE
				      : CONN_DEADLINE_BODY);
	else if (f->n_complete > 0)
		arm(c, f->patience_s, CONN_DEADLINE_BODY);
	else if (f->n_streams == 0)
		arm(c, IDLE_SECONDS, CONN_DEADLINE_IDLE);
	else
		conn_no_deadline(c);
}

/* --- the end -------------------------------------------------------------- */

/* The last word: which request was the last.  Those under way go on. */
static void
leave(struct front_h2 *f)
{
	f->is_leaving = f->has_left = true;
	h2_session_go_away(f->session);
	conn_wake(f->c);
}

static void
notice(struct front_h2 *f)
{
	if (f->is_leaving)
		return;
	f->is_leaving = true;
	h2_session_notice(f->session);
	conn_wake(f->c);
}

static void
abandon_all(struct front_h2 *f)
{
	LIST_FOREACH_SAFE(it, &f->streams)
		h2_stream_abandon(container_of(it, struct h2_stream, link));
}

/* What the client may still be sending must not turn the last frames into a
 * reset: so it lingers. */
static void
finish(struct front_h2 *f)
{
	int why = (int)h2_session_abuse(f->session) - 1;

	if (why >= 0) {
		stats_add(&f->c->w->stats->http2_abuses[why], 1);
		log_debug("http2 from %s ended: %s", f->c->address,
		    stats_http2_abuses[why]);
	}
	abandon_all(f); /* backends need not work for it any more */
	conn_finish(f->c, true);
}

static void
free_all(struct list *streams)
{
	struct list *first;

	while ((first = list_first(streams)) != NULL)
		h2_stream_free(container_of(first, struct h2_stream, link));
}

/* Responses that the client has not taken anything of for too long. */
static void
give_up_stalled(struct front_h2 *f)
{
	ev_tstamp since = ev_now(f->c->w->loop) - f->patience_s;

	if (conn_is_full(f->c) && f->moved_at <= since) {
		finish(f); /* not even a reset would get through */
		return;
	}
	LIST_FOREACH_SAFE(it, &f->streams) {
		struct h2_stream *s = container_of(it, struct h2_stream, link);

		if (s->is_complete && exchange_is_done(s->ex) &&
		    s->moved_at <= since)
			h2_stream_give_up(s);
	}
	conn_wake(f->c);
}

/* --- what the connection tells -------------------------------------------- */

static void
on_step(struct conn *c)
{
	struct front_h2 *f = c->h2;

	if (f->is_leaving && !f->has_left && h2_session_was_noticed(f->session))
		leave(f);
	front_h2_send(f);
	free_all(&f->over);
	if (h2_session_is_over(f->session))
		finish(f);
	if (c->state == CONN_OPEN)
		update(f);
}

static void
begin_fresh(struct front_h2 *f)
{
	struct list *first;

	while ((first = list_first(&f->fresh)) != NULL)
		h2_stream_begin(container_of(first, struct h2_stream, moved));
}

static void
on_bytes(struct conn *c, struct slice bytes)
{
	struct front_h2 *f = c->h2;

	f->is_locked = true;
	h2_session_receive(
	    f->session, bytes, (int64_t)(ev_now(c->w->loop) * 1000.));
	f->is_locked = false;
	begin_fresh(f);
	conn_wake(c);
}

static void
on_room(struct conn *c)
{
	conn_wake(c);
}

static void
on_gone(struct conn *c)
{
	abandon_all(c->h2);
}

/* Half a connection is none: nobody could open windows any more. */
static void
on_end(struct conn *c, enum err why)
{
	(void)why;
	abandon_all(c->h2);
	conn_finish(c, false);
}

static void
on_drain(struct conn *c, bool force)
{
	struct front_h2 *f = c->h2;

	if (!force) {
		notice(f);
		return;
	}
	LIST_FOREACH_SAFE(it, &f->streams) {
		struct h2_stream *s = container_of(it, struct h2_stream, link);

		if (!exchange_is_done(s->ex) && s->has_begun)
			exchange_force_end(s->ex);
	}
	leave(f);
	front_h2_send(f);
	conn_finish(c, false);
}

static void
on_late(struct conn *c)
{
	struct front_h2 *f = c->h2;

	switch ((enum conn_deadline)c->deadline.reason) {
	case CONN_DEADLINE_BODY:
		if (f->is_leaving && !f->has_left)
			leave(f);
		else
			give_up_stalled(f);
		break;
	case CONN_DEADLINE_IDLE:
		leave(f);
		break;
	case CONN_DEADLINE_HEAD:
	case CONN_DEADLINE_HANDSHAKE:
	case CONN_DEADLINE_PARKED:
	case CONN_DEADLINE_TAIL:
	case CONN_DEADLINE_FLUSH:
	case CONN_DEADLINE_LINGER:
		finish(f);
		break;
	}
}

static size_t
on_held(const struct conn *c)
{
	return c->h2->n_waiting;
}

static void
on_start(struct conn *c)
{
	struct front_h2 *f = xcalloc(1, sizeof(*f));

	f->c = c;
	list_init(&f->streams);
	list_init(&f->over);
	list_init(&f->fresh);
	list_init(&f->moved);
	f->session = h2_session_new(&front_h2_session_ops, f, c->w->h2_scratch,
	    (int64_t)(ev_now(c->w->loop) * 1000.));
	c->h2 = f;
	if (c->w->is_draining)
		notice(f);
	conn_wake(c);
}

static void
on_clear(struct conn *c)
{
	struct front_h2 *f = c->h2;

	free_all(&f->over);
	free_all(&f->streams);
	h2_session_free(f->session);
	free(f);
	c->h2 = NULL;
}

const struct conn_front_ops front_h2_conn_ops = {
    .start = on_start,
    .bytes = on_bytes,
    .room = on_room,
    .end = on_end,
    .step = on_step,
    .drain = on_drain,
    .late = on_late,
    .held = on_held,
    .gone = on_gone,
    .clear = on_clear,
};
