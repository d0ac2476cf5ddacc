#include "router/edge/conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/conn_tls.h"
#include "router/edge/half_open.h"
#include "router/edge/listener.h"
#include "router/edge/proxy_header.h"
#include "router/edge/stats.h"
#include "router/edge/tls.h"

#define FLUSH_SECONDS  60. /* for all of it, so that no trickle holds it */
#define LINGER_SECONDS 5.  /* without a byte */
#define LINGER_MAX     30. /* in all */

/* --- state ---------------------------------------------------------------- */

/* Who is counted apart; NULL: shakes hands, is parked, or is gone. */
static _Atomic uint64_t *
gauge_of(struct stats_page *stats, enum conn_state s)
{
	if (s == CONN_OPEN)
		return &stats->connections_serving;
	if (s == CONN_CLOSING || s == CONN_LINGERING)
		return &stats->connections_closing;
	return NULL;
}

void
conn_enter(struct conn *c, enum conn_state next)
{
	struct stats_page *stats = c->w->stats;
	_Atomic uint64_t *was = gauge_of(stats, c->state);
	_Atomic uint64_t *is = gauge_of(stats, next);

	if (was != NULL)
		stats_sub(was, 1);
	if (is != NULL)
		stats_add(is, 1);
	c->state = next;
	if (next >= CONN_OPEN)
		half_open_remove(c);
}

/* --- closing -------------------------------------------------------------- */

static void
close_now(struct conn *c)
{
	struct worker *w = c->w;

	if (c->state == CONN_CLOSED)
		return;
	if (c->front != NULL)
		c->front->gone(c);
	conn_enter(c, CONN_CLOSED);
	conn_tls_clear(c);
	stream_close(&c->stream);
	deadline_clear(&c->deadline);
	list_remove(&c->woken);
	list_remove(&c->link);
	list_append(&w->closed, &c->link);
	w->n_conns--;
	stats_sub(&w->stats->connections_open, 1);
	listeners_update(w->listeners);
}

/* Many clients send all of a body before they read: as long as it comes, but
 * not for ever, it is thrown away. */
static void
linger_on(struct conn *c)
{
	double left = c->lingers_until - ev_now(c->w->loop);

	conn_deadline(c, left < LINGER_SECONDS ? left : LINGER_SECONDS,
	    CONN_DEADLINE_LINGER);
}

/* All has been written: a FIN, or first let the client finish. */
static void
close_or_linger(struct conn *c)
{
	if (!c->lingers) {
		close_now(c);
		return;
	}
	conn_enter(c, CONN_LINGERING);
	stream_shut_down(&c->stream);
	stream_pause(&c->stream, false);
	c->lingers_until = ev_now(c->w->loop) + LINGER_MAX;
	linger_on(c);
}

void
conn_finish(struct conn *c, bool lingers)
{
	if (c->state >= CONN_CLOSING)
		return;
	if (c->tls != NULL && c->state == CONN_OPEN && !c->is_shut)
		tls_close(c->tls);
	conn_enter(c, CONN_CLOSING);
	c->lingers = lingers;
	tls_flush(c->w->tls);
	stream_io_flush(c->w->io);
	if (stream_is_drained(&c->stream))
		close_or_linger(c);
	else
		conn_deadline(c, FLUSH_SECONDS, CONN_DEADLINE_FLUSH);
}

void
conn_shut_down(struct conn *c)
{
	if (c->state != CONN_OPEN || c->is_shut)
		return;
	if (c->tls != NULL)
		tls_close(c->tls);
	c->is_shut = true;
	stream_shut_down(&c->stream);
}

void
conn_abort(struct conn *c, bool resets)
{
	/* what is there goes out, but not the words that would end it well */
	tls_flush(c->w->tls);
	stream_io_flush(c->w->io);
	if (resets && c->tls == NULL)
		stream_reset_on_close(&c->stream);
	close_now(c);
}

void
conns_reap(struct worker *w)
{
	struct list *first;

	while ((first = list_first(&w->closed)) != NULL) {
		struct conn *c = container_of(first, struct conn, link);

		list_remove(first);
		if (c->front != NULL)
			c->front->clear(c);
		site_unref(c->client.site);
		snapshot_unref(c->snapshot);
		free(c);
	}
}

/* --- for the front -------------------------------------------------------- */

void
conn_write(struct conn *c, struct slice bytes)
{
	if (c->state != CONN_OPEN || c->is_shut)
		return;
	if (c->tls != NULL)
		tls_write(c->tls, bytes);
	else
		stream_write(&c->stream, bytes);
}

bool
conn_is_full(const struct conn *c)
{
	return stream_is_full(&c->stream);
}

bool
conn_is_waiting(const struct conn *c)
{
	return c->stream.out.len > 0;
}

void
conn_pause(struct conn *c, bool paused)
{
	stream_pause(&c->stream, paused);
}

void
conn_deadline(struct conn *c, double seconds, enum conn_deadline why)
{
	deadline_set(&c->deadline, seconds, why);
}

void
conn_no_deadline(struct conn *c)
{
	deadline_none(&c->deadline);
}

void
conn_wake(struct conn *c)
{
	if (c->state == CONN_OPEN && list_empty(&c->woken))
		list_append(&c->w->woken, &c->woken);
}

bool
conns_step(struct worker *w)
{
	struct list *first;
	bool did = false;

	while ((first = list_first(&w->woken)) != NULL) {
		struct conn *c = container_of(first, struct conn, woken);

		did = true;
		list_remove(first);
		if (c->state == CONN_OPEN)
			c->front->step(c);
	}
	return did;
}

static void on_bytes(struct stream *s, struct slice bytes);

/* --- before the client's first byte ----------------------------------------
 */

static void
set_peer(struct conn *c, const struct addr *peer)
{
	const struct config_networks *nets =
	    &c->snapshot->config.router.trusted_proxies;
	struct origin *o = &c->client.origin;
	char text[ADDR_TEXT_SIZE];

	(void)snprintf(
	    c->address, sizeof(c->address), "%s", addr_format_ip(peer, text));
	o->peer = slice_str(c->address);
	o->peer_port = addr_port(peer);
	o->trusted = nets->items;
	o->n_trusted = nets->n;
	o->peer_is_trusted = false;
	for (size_t i = 0; i < nets->n; i++)
		o->peer_is_trusted |= network_has(&nets->items[i], peer);
}

static void
begin(struct conn *c)
{
	if (!c->is_tls) {
		conn_open(c, &front_h1_conn_ops);
		return;
	}
	conn_enter(c, CONN_HELLO);
	conn_deadline(c, HANDSHAKE_SECONDS, CONN_DEADLINE_HANDSHAKE);
}

void
conn_open(struct conn *c, const struct conn_front_ops *front)
{
	conn_enter(c, CONN_OPEN);
	c->front = front;
	front->start(c);
}

/* What a balancer says of its client; who does not say it is no balancer. */
static void
read_proxy_header(struct conn *c, struct slice bytes)
{
	struct addr source;
	struct buf first = c->hello;
	bool is_known;
	size_t used;
	enum err e = ERR_SYNTAX;

	if (buf_add(&first, bytes) == ERR_OK)
		e = proxy_header_read(
		    buf_slice(&first), &source, &is_known, &used);
	c->hello = first;
	if (e == ERR_AGAIN)
		return;
	if (e != ERR_OK) {
		conn_finish(c, false);
		return;
	}
	if (is_known)
		set_peer(c, &source);
	buf_init(&c->hello, first.max);
	buf_consume(&first, used);
	begin(c);
	if (first.len > 0)
		on_bytes(&c->stream, buf_slice(&first));
	buf_clear(&first);
}

/* --- what the socket tells ------------------------------------------------ */

static void
on_bytes(struct stream *s, struct slice bytes)
{
	struct conn *c = container_of(s, struct conn, stream);

	switch (c->state) {
	case CONN_PROXY:
		read_proxy_header(c, bytes);
		break;
	case CONN_HELLO:
	case CONN_PARKED:
	case CONN_HANDSHAKE:
		conn_tls_bytes(c, bytes);
		break;
	case CONN_OPEN:
		if (c->tls != NULL)
			conn_tls_bytes(c, bytes);
		else
			c->front->bytes(c, bytes);
		break;
	case CONN_LINGERING:
		linger_on(c);
		break;
	case CONN_CLOSING:
	case CONN_CLOSED:
		break;
	}
}

static void
on_room(struct stream *s)
{
	struct conn *c = container_of(s, struct conn, stream);

	if (c->state == CONN_OPEN)
		c->front->room(c);
	else if (c->state == CONN_CLOSING && stream_is_drained(s))
		close_or_linger(c);
}

static void
on_end(struct stream *s, enum err why)
{
	struct conn *c = container_of(s, struct conn, stream);

	if (c->state == CONN_OPEN)
		c->front->end(c, why);
	else if (c->state != CONN_CLOSING || why != ERR_CLOSED)
		close_now(c);
}

static const struct stream_ops stream_ops = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
    .tells_resets = true,
};

static void
on_deadline(struct deadline *d)
{
	struct conn *c = container_of(d, struct conn, deadline);

	switch ((enum conn_deadline)d->reason) {
	case CONN_DEADLINE_HANDSHAKE:
		stats_add(&c->w->stats->handshakes_failed, 1);
		close_now(c);
		break;
	case CONN_DEADLINE_PARKED:
		conn_tls_give_up(c);
		break;
	case CONN_DEADLINE_IDLE:
	case CONN_DEADLINE_HEAD:
	case CONN_DEADLINE_BODY:
	case CONN_DEADLINE_TAIL:
		c->front->late(c);
		break;
	case CONN_DEADLINE_FLUSH:
	case CONN_DEADLINE_LINGER:
		close_now(c);
		break;
	}
}

/* --- life ----------------------------------------------------------------- */

void
conn_new(struct worker *w, int fd, const struct addr *peer, bool is_tls,
    uint16_t port)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->w = w;
	c->snapshot = snapshot_ref(w->snapshot);
	list_init(&c->woken);
	list_init(&c->parked);
	list_init(&c->half_open);
	list_append(&w->conns, &c->link);
	w->n_conns++;
	stats_add(&w->stats->connections_open, 1);
	stats_add(&w->stats->connections_total, 1);
	buf_init(&c->hello, CLIENT_HELLO_INPUT + STREAM_IO_SIZE);
	deadline_init(&c->deadline, w->loop, on_deadline);
	c->client.origin.is_tls = c->is_tls = is_tls;
	c->client.origin.port = port;
	c->client.stream = &c->stream;
	set_peer(c, peer);
	stream_open(&c->stream, w->io, fd, &stream_ops);
	if (is_tls || w->config.listen.proxy_protocol)
		half_open_add(c);
	if (!w->config.listen.proxy_protocol) {
		begin(c);
		return;
	}
	conn_enter(c, CONN_PROXY);
	conn_deadline(c, HANDSHAKE_SECONDS, CONN_DEADLINE_HANDSHAKE);
}

/* --- for the worker ------------------------------------------------------- */

size_t
conns_shed_idle(struct worker *w, size_t n)
{
	size_t shed = 0;

	LIST_FOREACH_SAFE(it, &w->conns) {
		struct conn *c = container_of(it, struct conn, link);

		if (shed == n)
			break;
		if (c->state != CONN_OPEN || c->deadline.at == 0 ||
		    c->deadline.reason != CONN_DEADLINE_IDLE ||
		    !stream_is_quiet(&c->stream))
			continue;
		c->front->drain(c, true);
		shed++;
	}
	return shed;
}

void
conns_drain(struct worker *w)
{
	LIST_FOREACH_SAFE(it, &w->conns) {
		struct conn *c = container_of(it, struct conn, link);

		if (c->state == CONN_OPEN)
			c->front->drain(c, false);
	}
}

void
conns_close(struct worker *w)
{
	LIST_FOREACH_SAFE(it, &w->conns)
		close_now(container_of(it, struct conn, link));
}

void
conns_force(struct worker *w)
{
	LIST_FOREACH_SAFE(it, &w->conns) {
		struct conn *c = container_of(it, struct conn, link);

		if (c->state == CONN_OPEN)
			c->front->drain(c, true);
		else
			close_now(c);
	}
}
