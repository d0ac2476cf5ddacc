#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/channel_inside.h"
#include "base/clock.h"
#include "base/datagram.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/parcel.h"
#include "base/wire.h"

struct request {
	struct list link;
	uint32_t number;
	int64_t deadline_ms; /* monotonic */
	channel_answer *done;
	void *ctx;
};

enum err
channel_pair(int fds[2])
{
	return datagram_pair(fds, 2 * CHANNEL_MESSAGE_MAX);
}

/* Closes the descriptor and stops all watchers but `soon`. */
static void
shut(struct channel *c)
{
	if (c->fd < 0)
		return;
	if (c->loop != NULL) {
		ev_io_stop(c->loop, &c->readable);
		ev_io_stop(c->loop, &c->writable);
		ev_timer_stop(c->loop, &c->deadline);
	}
	close(c->fd);
	c->fd = -1;
	parcels_free(&c->unsent);
	c->unsent_bytes = 0;
}

void
channel_tell_soon(struct channel *c)
{
	if (c->loop != NULL && !ev_is_active(&c->soon)) {
		ev_timer_set(&c->soon, 0., 0.);
		ev_timer_start(c->loop, &c->soon);
	}
}

/* The peer is gone or broke the rules; its owner hears of it from the loop. */
void
channel_cut(struct channel *c)
{
	if (c->fd < 0)
		return;
	shut(c);
	c->lost = true;
	channel_tell_soon(c);
}

static void
finish_request(
    struct request *r, enum err e, struct slice body, const struct fault *f)
{
	list_remove(&r->link);
	r->done(r->ctx, e, body, f);
	free(r);
}

static void
fail_requests(struct channel *c, enum err e, int64_t due_ms)
{
	struct fault f = {0};
	struct list due;
	struct list *first;

	/* set apart first: a callback may ask again, which is for later */
	list_init(&due);
	LIST_FOREACH_SAFE(it, &c->requests) {
		if (container_of(it, struct request, link)->deadline_ms >
		    due_ms)
			continue;
		list_remove(it);
		list_append(&due, it);
	}
	fault_set(
	    &f, FAULT_S25_INTERNAL, "%s did not answer", role_name(c->peer));
	while ((first = list_first(&due)) != NULL)
		finish_request(container_of(first, struct request, link), e,
		    SLICE(""), &f);
}

static void
set_deadline(struct channel *c)
{
	int64_t earliest = INT64_MAX, now = clock_mono_ms();

	if (c->loop == NULL)
		return;
	ev_timer_stop(c->loop, &c->deadline);
	LIST_FOREACH(it, &c->requests) {
		struct request *r = container_of(it, struct request, link);

		if (r->deadline_ms < earliest)
			earliest = r->deadline_ms;
	}
	if (earliest == INT64_MAX || c->fd < 0)
		return;
	ev_now_update(c->loop);
	ev_timer_set(&c->deadline,
	    earliest <= now ? 0. : (double)(earliest - now + 1) / 1000., 0.);
	ev_timer_start(c->loop, &c->deadline);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct channel *c = container_of(w, struct channel, deadline);

	(void)loop;
	(void)events;
	fail_requests(c, ERR_TIMEOUT, clock_mono_ms());
	set_deadline(c);
}

/* An answer to one of our requests; a late or unknown one is dropped. */
static void
take_answer(struct channel *c, const struct channel_message *m)
{
	LIST_FOREACH(it, &c->requests) {
		struct request *r = container_of(it, struct request, link);
		struct fault f = {0};

		if (r->number != m->number)
			continue;
		if (m->type == MSG_ANSWER) {
			finish_request(r, ERR_OK, m->body, &f);
		} else {
			struct wire w = wire_open(m->body);

			wire_fault(&w, &f);
			finish_request(r, ERR_DENIED, SLICE(""), &f);
		}
		return;
	}
}

static void
deliver(struct channel *c, struct slice bytes, int *fds, size_t n_fds)
{
	struct wire w = wire_open(bytes);
	struct channel_message m = {.fds = fds, .n_fds = n_fds};

	m.type = (enum message)wire_u32(&w);
	m.number = wire_u32(&w);
	m.body = slice_from(bytes, PARCEL_HEADER_SIZE);
	if (w.bad || !message_allowed(m.type, c->peer, c->self)) {
		log_error("%s %u sent %s, which it may not: cut off",
		    role_name(c->peer), c->peer_instance, message_name(m.type));
		channel_cut(c);
	} else if (m.type == MSG_ANSWER || m.type == MSG_REFUSAL) {
		take_answer(c, &m);
	} else if (c->ops->on_message(c->ctx, c, &m) == ERR_SYNTAX) {
		log_error("%s %u sent a malformed %s: cut off",
		    role_name(c->peer), c->peer_instance, message_name(m.type));
		channel_cut(c);
	}
	for (size_t i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* One message into c->incoming; as datagram_receive. */
enum err
channel_receive(struct channel *c, size_t *n, int fds[CHANNEL_FDS_MAX],
    size_t *n_fds, bool waits)
{
	if (c->incoming == NULL)
		c->incoming = xmalloc(PARCEL_HEADER_SIZE + CHANNEL_MESSAGE_MAX);
	*n = PARCEL_HEADER_SIZE + CHANNEL_MESSAGE_MAX;
	*n_fds = CHANNEL_FDS_MAX;
	return datagram_receive(c->fd, c->incoming, n, fds, n_fds, waits);
}

static void
deliver_kept(struct channel *c)
{
	struct list *first;

	while ((first = list_first(&c->kept)) != NULL) {
		struct parcel *p = container_of(first, struct parcel, link);
		size_t n_fds = p->n_fds;

		list_remove(&p->link);
		p->n_fds = 0; /* deliver closes what the handler leaves */
		deliver(c, buf_slice(&p->bytes), p->fds, n_fds);
		parcel_free(p);
	}
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct channel *c = container_of(w, struct channel, readable);
	int fds[CHANNEL_FDS_MAX];
	size_t n, n_fds;
	enum err e;

	(void)loop;
	(void)events;
	deliver_kept(c);
	if (c->fd < 0)
		return;
	/* One a turn: the loop knows for less whether there are more, and one
	 * channel starves nobody. */
	e = channel_receive(c, &n, fds, &n_fds, false);
	if (e == ERR_OK)
		deliver(c, slice_of(c->incoming, n), fds, n_fds);
	else if (e != ERR_AGAIN)
		channel_cut(c);
}

enum err
channel_flush(struct channel *c)
{
	struct list *first;

	while ((first = list_first(&c->unsent)) != NULL) {
		struct parcel *p = container_of(first, struct parcel, link);
		enum err e = datagram_send(
		    c->fd, buf_slice(&p->bytes), p->fds, p->n_fds);

		if (e != ERR_OK)
			return e;
		c->unsent_bytes -= p->bytes.len;
		parcel_free(p);
	}
	return ERR_OK;
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	struct channel *c = container_of(w, struct channel, writable);
	enum err e = channel_flush(c);

	(void)events;
	if (e == ERR_OK)
		ev_io_stop(loop, &c->writable);
	else if (e == ERR_CLOSED)
		channel_cut(c);
}

static void
on_soon(struct ev_loop *loop, ev_timer *w, int events)
{
	struct channel *c = container_of(w, struct channel, soon);

	(void)loop;
	(void)events;
	deliver_kept(c);
	if (!c->lost)
		return;
	c->lost = false;
	fail_requests(c, ERR_CLOSED, INT64_MAX);
	c->ops->on_closed(c->ctx, c);
}

struct channel *
channel_new(int fd, enum role self, enum role peer, uint32_t peer_instance,
    const struct channel_ops *ops, void *ctx)
{
	struct channel *c = xcalloc(1, sizeof(*c));

	/* a call waits in the kernel; all else says MSG_DONTWAIT */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->peer_instance = peer_instance;
	c->ops = ops;
	c->ctx = ctx;
	list_init(&c->unsent);
	list_init(&c->kept);
	list_init(&c->requests);
	ev_io_init(&c->readable, on_readable, fd, EV_READ);
	ev_io_init(&c->writable, on_writable, fd, EV_WRITE);
	ev_timer_init(&c->deadline, on_deadline, 0., 0.);
	ev_timer_init(&c->soon, on_soon, 0., 0.);
	return c;
}

void
channel_free(struct channel *c)
{
	if (c == NULL)
		return;
	channel_close(c);
	LIST_FOREACH_SAFE(it, &c->requests) {
		list_remove(it);
		free(container_of(it, struct request, link));
	}
	parcels_free(&c->kept);
	if (c->incoming != NULL)
		secret_free(
		    c->incoming, PARCEL_HEADER_SIZE + CHANNEL_MESSAGE_MAX);
	free(c);
}

void
channel_start(struct channel *c, struct ev_loop *loop)
{
	c->loop = loop;
	if (c->fd >= 0)
		ev_io_start(loop, &c->readable);
	if (!list_empty(&c->kept) || c->lost)
		channel_tell_soon(c);
}

void
channel_close(struct channel *c)
{
	shut(c);
	c->lost = false;
	if (c->loop != NULL)
		ev_timer_stop(c->loop, &c->soon);
}

bool
channel_is_open(const struct channel *c)
{
	return c->fd >= 0;
}

bool
channel_is_alive(struct channel *c)
{
	char byte;

	if (c->fd < 0)
		return false;
	/* 0 is the end: no message of ours is empty */
	if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		channel_cut(c);
	return c->fd >= 0;
}

bool
channel_is_idle(const struct channel *c)
{
	return list_empty(&c->unsent) && list_empty(&c->requests) &&
	       list_empty(&c->kept);
}

int
channel_fd(const struct channel *c)
{
	return c->fd;
}

enum role
channel_peer(const struct channel *c)
{
	return c->peer;
}

static enum err
queue(struct channel *c, struct slice bytes, const int *fds, size_t n_fds)
{
	struct parcel *p;

	if (c->unsent_bytes + bytes.n > CHANNEL_QUEUE_MAX) {
		log_error("%s %u does not read its messages: cut off",
		    role_name(c->peer), c->peer_instance);
		channel_cut(c);
		return ERR_CLOSED;
	}
	p = parcel_new(&c->unsent, bytes);
	parcel_add_copies(p, fds, n_fds);
	c->unsent_bytes += p->bytes.len;
	if (c->loop != NULL)
		ev_io_start(c->loop, &c->writable);
	return ERR_OK;
}

enum err
channel_send_numbered(struct channel *c, enum message type, uint32_t number,
    struct slice body, const int *fds, size_t n_fds)
{
	struct buf whole;
	enum err e;

	assert(n_fds <= CHANNEL_FDS_MAX);
	if (c->fd < 0)
		return ERR_CLOSED;
	if (body.n > CHANNEL_MESSAGE_MAX)
		return ERR_TOO_BIG;
	buf_init(&whole, PARCEL_HEADER_SIZE + CHANNEL_MESSAGE_MAX);
	wire_put_u32(&whole, type);
	wire_put_u32(&whole, number);
	(void)buf_add(&whole, body);
	e = list_empty(&c->unsent)
		? datagram_send(c->fd, buf_slice(&whole), fds, n_fds)
		: ERR_AGAIN;
	if (e == ERR_AGAIN)
		e = queue(c, buf_slice(&whole), fds, n_fds);
	else if (e == ERR_CLOSED)
		channel_cut(c);
	buf_wipe(&whole);
	return e;
}

enum err
channel_send(struct channel *c, enum message type, struct slice body,
    const int *fds, size_t n_fds)
{
	return channel_send_numbered(c, type, 0, body, fds, n_fds);
}

enum err
channel_answer_ok(struct channel *c, uint32_t number, struct slice body)
{
	return channel_send_numbered(c, MSG_ANSWER, number, body, NULL, 0);
}

enum err
channel_refuse(struct channel *c, uint32_t number, const struct fault *f)
{
	struct buf body;
	enum err e;

	buf_init(&body, CHANNEL_MESSAGE_MAX);
	wire_put_fault(&body, f);
	e = channel_send_numbered(
	    c, MSG_REFUSAL, number, buf_slice(&body), NULL, 0);
	buf_clear(&body);
	return e;
}

/* Numbers are never 0, which means "no request". */
uint32_t
channel_new_number(struct channel *c)
{
	if (++c->next_number == 0)
		c->next_number = 1;
	return c->next_number;
}

void
channel_request(struct channel *c, enum message type, struct slice body,
    int timeout_ms, channel_answer *done, void *ctx)
{
	struct request *r = xcalloc(1, sizeof(*r));
	enum err e;

	r->number = channel_new_number(c);
	r->deadline_ms = clock_mono_ms() + timeout_ms;
	r->done = done;
	r->ctx = ctx;
	list_append(&c->requests, &r->link);
	e = channel_send_numbered(c, type, r->number, body, NULL, 0);
	/* what could not be sent is told from the loop, as every answer */
	if (e != ERR_OK)
		r->deadline_ms = 0;
	if (c->fd < 0) {
		c->lost = true;
		channel_tell_soon(c);
	}
	set_deadline(c);
}
