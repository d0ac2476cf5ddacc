#include "router/control/http_conn.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/http1.h"
#include "base/mem.h"
#include "router/control/api_problem.h"
#include "router/control/http_exchange.h"

#define READ_SIZE (64 * 1024)
#define IN_MAX    (HTTP1_HEAD_MAX + READ_SIZE)
#define OTHER_MAX 4096 /* body of an answer of our own */

enum conn_state {
	CONN_HEAD,   /* reading a head, or idle between requests */
	CONN_BODY,   /* reading the body of `x` */
	CONN_BUSY,   /* `x` is with its handler */
	CONN_STREAM, /* `x` is a stream */
	CONN_LAST,   /* sends what is left, then closes */
	CONN_LINGER, /* has refused: lets the peer finish sending, to be read */
	CONN_CLOSED
};

struct http_conn {
	struct list link;
	struct http_shared *shared;
	int fd;
	struct ev_io io;
	struct ev_timer progress;
	struct peer peer;
	enum conn_state state;
	struct http1 *reader;
	struct buf in, out;
	struct http_exchange *x;
	size_t body_max; /* of x */
	bool keep_alive; /* after this exchange */
	bool is_ended;   /* nothing more will come in */
	bool is_reading; /* take_requests is on the stack */
	bool is_refused; /* answered before the request was whole */
	bool has_asked;  /* one request, at least */
};

static void
enter(struct http_conn *c, enum conn_state next)
{
	assert(c->state != CONN_CLOSED);
	c->state = next;
}

/* The connection is over; whoever called goes on with a closed one. */
static void
close_conn(struct http_conn *c)
{
	struct http_exchange *x = c->x;
	enum conn_state was = c->state;

	if (was == CONN_CLOSED)
		return;
	enter(c, CONN_CLOSED);
	ev_io_stop(c->shared->loop, &c->io);
	ev_timer_stop(c->shared->loop, &c->progress);
	close(c->fd);
	list_remove(&c->link);
	list_append(&c->shared->dead, &c->link);
	c->shared->n_conns--;
	c->x = NULL;
	if (x == NULL)
		return;
	/* a handler answers it all the same, and so ends it */
	http_exchange_detach(x, was == CONN_STREAM);
	if (was != CONN_BUSY)
		http_exchange_free(x);
}

/* Who does not read answers is not given more of them. */
static bool
is_unread(const struct http_conn *c)
{
	return c->state == CONN_HEAD && c->out.len > 0;
}

/* The only place that says what the loop waits for. */
static void
update(struct http_conn *c)
{
	int events = 0;

	if (c->state == CONN_CLOSED)
		return;
	if (!c->is_ended && c->state != CONN_LAST && !is_unread(c) &&
	    c->in.len < READ_SIZE)
		events |= EV_READ;
	if (c->out.len > 0)
		events |= EV_WRITE;
	if (events == c->io.events && ev_is_active(&c->io))
		return;
	ev_io_stop(c->shared->loop, &c->io);
	ev_io_set(&c->io, c->fd, events);
	if (events != 0)
		ev_io_start(c->shared->loop, &c->io);
}

static void
flush(struct http_conn *c)
{
	while (c->state != CONN_CLOSED && c->out.len > 0) {
		struct slice s = buf_slice(&c->out);
		ssize_t n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			close_conn(c);
			return;
		}
		buf_consume(&c->out, (size_t)n);
		ev_timer_again(c->shared->loop, &c->progress);
	}
	if (c->out.len == 0)
		buf_wipe(&c->out); /* an idle connection holds no buffer */
	if (c->state == CONN_LAST && c->out.len == 0) {
		if (c->is_refused && !c->is_ended &&
		    shutdown(c->fd, SHUT_WR) == 0)
			enter(c, CONN_LINGER);
		else
			close_conn(c);
	}
	update(c);
}

/* Answers what never becomes, or no longer is, a well-formed request. */
static void
refuse(struct http_conn *c, int status, const struct fault *f)
{
	struct http_reply r = {.status = status, .type = API_PROBLEM_TYPE};
	struct buf body;

	buf_init(&body, OTHER_MAX);
	api_problem_write(f, &body);
	r.body = buf_slice(&body);
	c->keep_alive = false;
	c->is_refused = true;
	http_conn_write_head(c, &r, true);
	(void)buf_add(&c->out, r.body);
	buf_clear(&body);
	if (c->x != NULL) {
		http_exchange_free(c->x);
		c->x = NULL;
	}
	enter(c, CONN_LAST);
}

static void
refuse_syntax(struct http_conn *c)
{
	enum http1_cause why = http1_why(c->reader);
	struct fault f = {0};

	fault_set(&f, FAULT_P21_HTTP_SYNTAX, "The request is not HTTP/1.1: %s",
	    http1_cause_text(why));
	refuse(c, http1_cause_status(why), &f);
}

static void
refuse_size(struct http_conn *c, size_t max)
{
	struct fault f = {0};

	fault_set(&f, FAULT_P14_BODY_TOO_LARGE,
	    "The request's body is larger than %zu bytes", max);
	refuse(c, 413, &f);
}

/* Reads a head; false when the connection has to wait or is over. */
static bool
take_head(struct http_conn *c)
{
	struct http_shared *s = c->shared;
	struct http1_head h;
	struct fault f = {0};
	size_t used;
	enum err e;

	if (c->in.len == 0)
		return false;
	e = http1_head(c->reader, buf_slice(&c->in), &h, &used);
	if (e == ERR_AGAIN)
		return false;
	if (e != ERR_OK) {
		refuse_syntax(c);
		return false;
	}
	c->keep_alive = h.keep_alive && !c->is_ended && !s->is_draining;
	c->x = http_exchange_new(
	    c, &c->peer, &h, slice_of(buf_slice(&c->in).p, used));
	buf_consume(&c->in, used);
	c->has_asked = true;
	if (s->policy != NULL &&
	    peer_check(&c->peer, s->policy, &f) != ERR_OK) {
		refuse(c, api_problem_status(&f), &f);
		return false;
	}
	c->body_max = s->ops->body_max(s->ctx, http_path(c->x));
	if (h.content_length > (int64_t)c->body_max) {
		refuse_size(c, c->body_max);
		return false;
	}
	http_exchange_take_body(c->x, c->body_max);
	if (h.expects_continue && h.has_body && c->in.len == 0)
		(void)buf_add_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	enter(c, CONN_BODY);
	return true;
}

/* Reads on in the body; true when it is whole. */
static bool
take_body(struct http_conn *c)
{
	struct slice piece;
	size_t used;
	bool end = false;

	do {
		if (http1_body(c->reader, buf_slice(&c->in), &piece, &used,
			&end) != ERR_OK) {
			refuse_syntax(c);
			return false;
		}
		if (http_exchange_add_body(c->x, piece) != ERR_OK) {
			refuse_size(c, c->body_max);
			return false;
		}
		buf_consume(&c->in, used);
	} while (used > 0 && !end);
	return end;
}

/* Takes whatever is complete in the input, request after request. */
static void
take_requests(struct http_conn *c)
{
	if (c->is_reading)
		return;
	c->is_reading = true;
	for (;;) {
		flush(c);
		if (is_unread(c))
			break;
		if (c->state == CONN_HEAD && !take_head(c))
			break;
		if (c->state != CONN_BODY || !take_body(c))
			break;
		enter(c, CONN_BUSY);
		c->shared->ops->on_request(c->shared->ctx, c->x);
	}
	if (c->is_ended && !is_unread(c) &&
	    (c->state == CONN_HEAD || c->state == CONN_BODY))
		close_conn(c); /* cut in the middle, or idle */
	c->is_reading = false;
	if (c->in.len == 0)
		buf_wipe(&c->in); /* it may have carried a private key */
	flush(c);
}

static void
on_readable(struct http_conn *c)
{
	char *room = buf_room(&c->in, READ_SIZE);
	ssize_t n;

	if (room == NULL)
		return;
	n = recv(c->fd, room, READ_SIZE, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (n == 0 && c->state == CONN_STREAM)) {
		close_conn(c);
		return;
	}
	if (n == 0) {
		c->is_ended = true;
		c->keep_alive = false;
	}
	buf_added(&c->in, (size_t)n);
	if (c->state == CONN_LINGER) {
		buf_reset(&c->in);
		if (n == 0)
			close_conn(c);
		return;
	}
	ev_timer_again(c->shared->loop, &c->progress);
	take_requests(c);
}

static void
on_io(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct http_conn *c = container_of(w, struct http_conn, io);

	(void)loop;
	if ((events & EV_WRITE) != 0)
		flush(c);
	if (c->state == CONN_STREAM && c->out.len > HTTP_STREAM_MAX)
		close_conn(c); /* cannot keep up */
	if (c->state == CONN_HEAD && !is_unread(c) &&
	    (c->in.len > 0 || c->is_ended))
		take_requests(c);
	if ((events & EV_READ) != 0 && c->state != CONN_CLOSED)
		on_readable(c);
	update(c);
}

/* No byte moved for a while: fine while we are the ones to act. */
static void
on_progress_timeout(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct http_conn *c = container_of(w, struct http_conn, progress);

	(void)loop;
	(void)events;
	if (c->out.len == 0 &&
	    (c->state == CONN_BUSY || c->state == CONN_STREAM))
		return;
	close_conn(c);
}

void
http_conn_new(struct http_shared *shared, int fd)
{
	struct http_conn *c = xcalloc(1, sizeof(*c));

	if (shared->policy != NULL &&
	    peer_read(fd, shared->policy, &c->peer) != ERR_OK) {
		close(fd);
		free(c);
		return;
	}
	c->shared = shared;
	c->fd = fd;
	c->state = CONN_HEAD;
	c->reader = http1_new(HTTP1_REQUEST);
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, HTTP_UNSENT_MAX);
	ev_io_init(&c->io, on_io, fd, EV_READ);
	ev_init(&c->progress, on_progress_timeout);
	c->progress.repeat = HTTP_PROGRESS_S;
	ev_timer_again(shared->loop, &c->progress);
	list_append(&shared->conns, &c->link);
	shared->n_conns++;
	update(c);
}

void
http_conns_close(struct http_shared *shared)
{
	LIST_FOREACH_SAFE(it, &shared->conns) {
		close_conn(container_of(it, struct http_conn, link));
	}
}

/* What it has asked already is heard before it is hung up on, and who has just
 * come is about to ask. */
static void
drain(struct http_conn *c)
{
	c->keep_alive = false;
	if (c->state == CONN_HEAD)
		on_readable(c);
	if ((c->state == CONN_HEAD && c->in.len == 0 && c->has_asked) ||
	    c->state == CONN_STREAM)
		close_conn(c);
}

void
http_conns_drain(struct http_shared *shared)
{
	shared->is_draining = true;
	LIST_FOREACH_SAFE(it, &shared->conns)
		drain(container_of(it, struct http_conn, link));
}

void
http_conns_reap(struct http_shared *shared)
{
	LIST_FOREACH_SAFE(it, &shared->dead) {
		struct http_conn *c = container_of(it, struct http_conn, link);

		list_remove(&c->link);
		http1_free(c->reader);
		buf_wipe(&c->in);
		buf_wipe(&c->out);
		free(c);
	}
}

struct buf *
http_conn_out(struct http_conn *c)
{
	return &c->out;
}

void
http_conn_write_head(
    struct http_conn *c, const struct http_reply *r, bool has_length)
{
	(void)buf_printf(&c->out,
	    "HTTP/1.1 %d %s\r\nCache-Control: no-store\r\n", r->status,
	    http1_reason(r->status));
	if (r->type != NULL)
		(void)buf_printf(&c->out, "Content-Type: %s\r\n", r->type);
	if (has_length && r->status != 204)
		(void)buf_printf(&c->out, "Content-Length: %zu\r\n", r->body.n);
	if (r->extra != NULL)
		(void)buf_add_str(&c->out, r->extra);
	if (!c->keep_alive)
		(void)buf_add_str(&c->out, "Connection: close\r\n");
	(void)buf_add_str(&c->out, "\r\n");
}

void
http_conn_next(struct http_conn *c)
{
	c->x = NULL;
	http1_next(c->reader);
	enter(c, c->keep_alive ? CONN_HEAD : CONN_LAST);
	take_requests(c);
	flush(c);
}

void
http_conn_abandon(struct http_conn *c)
{
	c->x = NULL;
	close_conn(c);
}

void
http_conn_stream(struct http_conn *c)
{
	c->keep_alive = false; /* the end of the stream is the end */
	enter(c, CONN_STREAM);
}

void
http_conn_kick(struct http_conn *c)
{
	ev_feed_event(c->shared->loop, &c->io, EV_WRITE);
}
