#include "router/edge/upstream_h2_conn.h"

#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/upstream_h2.h"
#include "router/edge/worker.h"

#define IDLE_SECONDS  60.
#define YOUNG_SECONDS 1.

static void
set_idle(struct upstream_h2_conn *c, bool is_idle)
{
	if (c->is_idle == is_idle)
		return;
	c->is_idle = is_idle;
	c->backend->n_idle += is_idle ? 1u : -1u;
	c->w->n_idle += is_idle ? 1 : (size_t)-1;
	if (is_idle)
		deadline_set(&c->deadline, IDLE_SECONDS, 0);
	else
		deadline_none(&c->deadline);
}

static void
free_conn(struct upstream_ended *ended)
{
	struct upstream_h2_conn *c =
	    container_of(ended, struct upstream_h2_conn, ended);

	upstream_socket_clear(&c->socket);
	h2_client_free(c->session);
	free(c);
}

/* No stream is left on it. */
static void
close_conn(struct upstream_h2_conn *c)
{
	if (c->is_closed)
		return;
	set_idle(c, false);
	c->is_closed = true;
	deadline_clear(&c->deadline);
	upstream_socket_close(&c->socket);
	list_remove(&c->link);
	list_remove(&c->woken);
	upstream_end(c->w, &c->ended, free_conn);
}

/* All at once, for the connection ends; whoever tries again does not find it.
 */
static void
lose_all(struct upstream_h2_conn *c, enum upstream_loss why, const char *cause)
{
	struct list *first;

	close_conn(c);
	while ((first = list_first(&c->streams)) != NULL) {
		struct upstream_h2 *u =
		    container_of(first, struct upstream_h2, link);

		upstream_h2_lose(
		    u, u->is_responded ? LOST_CUT_BODY : why, cause);
	}
}

/* --- its streams ---------------------------------------------------------- */

void
upstream_h2_conn_add(struct upstream_h2_conn *c, struct upstream_h2 *u)
{
	set_idle(c, false);
	list_append(&c->streams, &u->link);
	c->n_streams++;
}

void
upstream_h2_conn_remove(struct upstream_h2_conn *c, struct upstream_h2 *u)
{
	list_remove(&u->link);
	c->n_streams--;
}

/* --- after every event ---------------------------------------------------- */

static struct upstream_h2 *
who_has_room(const struct upstream_h2_conn *c)
{
	LIST_FOREACH(it, &c->streams) {
		struct upstream_h2 *u =
		    container_of(it, struct upstream_h2, link);

		if (u->was_full && !upstream_is_full(&u->base))
			return u;
	}
	return NULL;
}

static void
tell_room(struct upstream_h2_conn *c)
{
	struct upstream_h2 *u;

	while ((u = who_has_room(c)) != NULL) {
		u->was_full = false;
		exchange_on_upstream_room(u->base.ex);
	}
}

/* Without streams: it waits for the next one, or is of no use. */
static void
rest(struct upstream_h2_conn *c)
{
	if (c->is_private || c->opened_at == 0 ||
	    h2_client_is_leaving(c->session) ||
	    (!c->is_idle && c->w->n_idle >= c->w->max_idle))
		close_conn(c);
	else
		set_idle(c, true);
}

static void
step(struct upstream_h2_conn *c)
{
	if (c->opened_at != 0) {
		h2_client_send(c->session);
		tell_room(c);
	}
	if (!c->is_closed && h2_client_is_over(c->session))
		lose_all(c, LOST_GARBAGE, NULL);
	if (!c->is_closed && c->n_streams == 0)
		rest(c);
}

void
upstream_h2_conn_wake(struct upstream_h2_conn *c)
{
	if (!c->is_closed && list_empty(&c->woken))
		list_append(&c->w->woken_upstreams, &c->woken);
}

bool
upstream_h2_conns_step(struct worker *w)
{
	struct list *first;
	bool did = false;

	while ((first = list_first(&w->woken_upstreams)) != NULL) {
		did = true;
		list_remove(first);
		step(container_of(first, struct upstream_h2_conn, woken));
	}
	return did;
}

/* --- what the socket tells ------------------------------------------------ */

static struct upstream_h2 *
who_waits(const struct upstream_h2_conn *c)
{
	LIST_FOREACH(it, &c->streams) {
		struct upstream_h2 *u =
		    container_of(it, struct upstream_h2, link);

		if (!u->base.is_connected)
			return u;
	}
	return NULL;
}

static void
on_open(struct upstream_socket *socket)
{
	struct upstream_h2_conn *c =
	    container_of(socket, struct upstream_h2_conn, socket);
	struct upstream_h2 *u;

	c->opened_at = ev_now(c->w->loop);
	while ((u = who_waits(c)) != NULL) {
		u->base.is_connected = true;
		exchange_on_connected(u->base.ex);
	}
	upstream_h2_conn_wake(c);
}

static void
on_bytes(struct upstream_socket *socket, struct slice bytes)
{
	struct upstream_h2_conn *c =
	    container_of(socket, struct upstream_h2_conn, socket);

	h2_client_receive(c->session, bytes);
	upstream_h2_conn_wake(c);
}

static void
on_room(struct upstream_socket *socket)
{
	upstream_h2_conn_wake(
	    container_of(socket, struct upstream_h2_conn, socket));
}

static void
on_socket_end(struct upstream_socket *socket, enum err why)
{
	struct upstream_h2_conn *c =
	    container_of(socket, struct upstream_h2_conn, socket);

	if (c->opened_at != 0)
		lose_all(c, LOST_SILENT, NULL);
	else
		lose_all(c, why == ERR_DENIED ? LOST_REFUSED : LOST_UNREACHABLE,
		    NULL);
}

static const struct upstream_socket_ops socket_ops = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_socket_end,
};

/* --- opening -------------------------------------------------------------- */

static void
on_idle_too_long(struct deadline *d)
{
	close_conn(container_of(d, struct upstream_h2_conn, deadline));
}

static bool
will_do(const struct upstream_h2_conn *c, enum upstream_choice which)
{
	if (!h2_client_has_room(c->session, c->n_streams))
		return false;
	if (c->opened_at == 0)
		return true; /* nothing is newer */
	switch (which) {
	case UPSTREAM_ANY:
		return true;
	case UPSTREAM_SURE:
		return c->n_streams > 0 || upstream_socket_is_quiet(&c->socket);
	case UPSTREAM_FRESH:
		return !c->has_refused &&
		       ev_now(c->w->loop) - c->opened_at <= YOUNG_SECONDS;
	}
	return false;
}

struct upstream_h2_conn *
upstream_h2_conn_find(const struct backend *b, enum upstream_choice which)
{
	LIST_FOREACH(it, &b->shared) {
		struct upstream_h2_conn *c =
		    container_of(it, struct upstream_h2_conn, link);

		if (will_do(c, which))
			return c;
	}
	return NULL;
}

enum err
upstream_h2_conn_new(struct worker *w, struct backend *b, struct slice first,
    struct upstream_h2_conn **out)
{
	struct upstream_h2_conn *c = xcalloc(1, sizeof(*c));
	enum err e;

	e = upstream_socket_connect(&c->socket, w, b, first, &socket_ops);
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	c->w = w;
	c->backend = b;
	c->session = h2_client_new(&upstream_h2_session_ops, c);
	c->is_private = b->proxy != BACKEND_PROXY_OFF;
	list_init(&c->link);
	list_init(&c->woken);
	list_init(&c->streams);
	deadline_init(&c->deadline, w->loop, on_idle_too_long);
	if (!c->is_private)
		list_push(&b->shared, &c->link);
	*out = c;
	return ERR_OK;
}

void
upstream_h2_close_idle(struct backend *b)
{
	struct list *first;

	while ((first = list_first(&b->shared)) != NULL)
		close_conn(container_of(first, struct upstream_h2_conn, link));
}
