#include "router/edge/stream.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "base/mem.h"

/* Who neither reads nor writes now is not watched at all, and hears of its
 * peer's reset so much later. */
#define TICK_SECONDS 1.
#define TICK_BATCH   64

static int
fd_of(const struct stream *s)
{
	return s->watcher.fd;
}

static void
note_paused(struct stream *s, bool is_unwatched)
{
	struct stream_io *io = s->io;

	if (!s->ops->tells_resets || is_unwatched == !list_empty(&s->paused))
		return;
	if (!is_unwatched) {
		list_remove(&s->paused);
		return;
	}
	list_append(&io->paused, &s->paused);
	if (!ev_is_active(&io->tick)) {
		ev_timer_set(&io->tick, TICK_SECONDS, TICK_SECONDS);
		ev_timer_start(io->loop, &io->tick);
	}
}

/* The only place that decides what the loop watches for. */
static void
stream_update(struct stream *s)
{
	int wanted = 0;

	if (!s->is_connecting && !s->is_paused && !s->is_ended)
		wanted |= EV_READ;
	if (s->is_connecting || s->out.len > 0)
		wanted |= EV_WRITE;
	note_paused(s, wanted == 0);
	if (wanted == s->wanted)
		return;
	s->wanted = wanted;
	ev_io_stop(s->io->loop, &s->watcher);
	ev_io_set(&s->watcher, fd_of(s), wanted);
	if (wanted != 0)
		ev_io_start(s->io->loop, &s->watcher);
}

/* --- writing -------------------------------------------------------------- */

/* Writing failed: bytes have nowhere to go.  What the peer said before it
 * went may still be there to read, so reading tells the end, a little later. */
static void
refuse(struct stream *s)
{
	s->is_refused = true;
	buf_clear(&s->out);
	stream_update(s);
	list_remove(&s->refused);
	list_append(&s->io->refused, &s->refused);
}

/* Hands bytes to the kernel; what it does not take is kept in out. */
static void
send_or_keep(struct stream *s, struct slice bytes)
{
	ssize_t n;

	if (s->is_refused)
		return;
	s->has_sent = true;
	do
		n = send(fd_of(s), bytes.p, bytes.n, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN) {
		refuse(s);
		return;
	}
	if (n > 0)
		bytes = slice_from(bytes, (size_t)n);
	if (bytes.n == 0)
		return;
	if (buf_add(&s->out, bytes) != ERR_OK)
		refuse(s); /* past every limit: cut it */
	stream_update(s);
}

void
stream_io_be_small(struct stream_io *io, bool is_small)
{
	io->is_small = is_small;
}

void
stream_io_flush(struct stream_io *io)
{
	struct stream *s = io->writer;

	if (s == NULL)
		return;
	io->writer = NULL;
	send_or_keep(s, slice_of(io->gathered, io->n_gathered));
	io->n_gathered = 0;
}

void
stream_write(struct stream *s, struct slice bytes)
{
	struct stream_io *io = s->io;

	if (s->is_refused || bytes.n == 0)
		return;
	if (s->out.len > 0 || s->is_connecting) {
		if (buf_add(&s->out, bytes) != ERR_OK)
			refuse(s);
		return;
	}
	if (io->writer != s ||
	    io->n_gathered + bytes.n > sizeof(io->gathered)) {
		stream_io_flush(io);
		if (s->out.len > 0 || s->is_refused) {
			stream_write(s, bytes);
			return;
		}
	}
	if (bytes.n > sizeof(io->gathered)) {
		send_or_keep(s, bytes);
		return;
	}
	memcpy(io->gathered + io->n_gathered, bytes.p, bytes.n);
	io->n_gathered += bytes.n;
	io->writer = s;
}

bool
stream_take_back(struct stream *s)
{
	if (s->has_sent)
		return false;
	if (s->io->writer == s) {
		s->io->writer = NULL;
		s->io->n_gathered = 0;
	}
	return true;
}

bool
stream_is_full(const struct stream *s)
{
	return s->out.len >
	       (s->io->is_small ? STREAM_HIGH_WATER_SMALL : STREAM_HIGH_WATER);
}

bool
stream_is_drained(const struct stream *s)
{
	return s->out.len == 0 && s->io->writer != s;
}

static void
on_writable(struct stream *s)
{
	struct slice rest = buf_slice(&s->out);
	ssize_t n = send(fd_of(s), rest.p, rest.n, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		refuse(s);
		return;
	}
	if (n > 0)
		buf_consume(&s->out, (size_t)n);
	if (s->out.len == 0) {
		buf_clear(&s->out);
		if (s->is_shut)
			(void)shutdown(fd_of(s), SHUT_WR);
		stream_update(s);
	}
	if (n > 0)
		s->ops->on_room(s);
}

/* --- connecting ----------------------------------------------------------- */

/* ERR_AGAIN: it is us who have no descriptor, port or memory left, which is
 * nobody else's fault. */
static enum err
connect_error(int error)
{
	if (error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM || error == EADDRNOTAVAIL)
		return ERR_AGAIN;
	/* a Unix socket that nobody made is as good as refused */
	return error == ECONNREFUSED || error == ENOENT ? ERR_DENIED : ERR_IO;
}

static void
on_connected(struct stream *s)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(fd_of(s), SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	s->is_connecting = false;
	if (error != 0) {
		s->is_ended = true;
		s->is_refused = true;
		buf_clear(&s->out);
		stream_update(s);
		s->ops->on_end(s, connect_error(error));
		return;
	}
	stream_update(s);
	s->ops->on_room(s);
}

/* --- reading -------------------------------------------------------------- */

static void
end(struct stream *s, enum err why)
{
	s->is_ended = true;
	stream_update(s);
	s->ops->on_end(s, why);
}

static void
on_readable(struct stream *s)
{
	ssize_t n = recv(fd_of(s), s->io->received, sizeof(s->io->received), 0);

	if (n > 0)
		s->io->n_received += (uint64_t)n;
	if (n > 0)
		s->ops->on_bytes(s, slice_of(s->io->received, (size_t)n));
	else if (n == 0)
		end(s, s->is_refused ? ERR_PEER : ERR_CLOSED);
	else if ((errno != EAGAIN && errno != EINTR) || s->is_refused)
		end(s, ERR_PEER); /* refused: it neither reads nor speaks */
}

static void
on_event(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct stream *s = container_of(watcher, struct stream, watcher);

	(void)loop;
	if (s->is_connecting) {
		on_connected(s);
		return;
	}
	/* out may have been thrown away, or the stream closed, in between */
	if ((events & EV_WRITE) != 0 && s->out.len > 0)
		on_writable(s);
	if ((events & EV_READ) != 0 && stream_is_open(s) && !s->is_ended &&
	    !s->is_paused)
		on_readable(s);
}

bool
stream_io_settle(struct stream_io *io)
{
	bool did = io->writer != NULL;
	struct list *first;

	stream_io_flush(io);
	while ((first = list_first(&io->refused)) != NULL) {
		struct stream *s = container_of(first, struct stream, refused);

		did = true;
		list_remove(&s->refused);
		if (s->is_ended)
			s->ops->on_end(s, ERR_PEER);
		else
			on_readable(s);
	}
	return did;
}

/* --- resets that nobody is watching for ----------------------------------- */

static void
tell_resets(struct stream *const *streams, struct pollfd *fds, nfds_t n)
{
	if (poll(fds, n, 0) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++) {
		struct stream *s = streams[i];

		/* what the one before was told may have ended this one */
		if ((fds[i].revents & POLLERR) == 0 || !stream_is_open(s) ||
		    s->is_refused || list_empty(&s->paused))
			continue;
		s->is_refused = true;
		end(s, ERR_PEER);
	}
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct stream_io *io = container_of(t, struct stream_io, tick);
	struct stream *streams[TICK_BATCH];
	struct pollfd fds[TICK_BATCH];
	struct list seen;
	nfds_t n = 0;

	(void)events;
	if (list_empty(&io->paused)) {
		ev_timer_stop(loop, t);
		return;
	}
	/* what is told may change the list: those seen go into another */
	list_init(&seen);
	while (!list_empty(&io->paused)) {
		struct list *first = list_first(&io->paused);

		streams[n] = container_of(first, struct stream, paused);
		fds[n] = (struct pollfd){.fd = fd_of(streams[n])};
		list_remove(first);
		list_append(&seen, first);
		if (++n == TICK_BATCH || list_empty(&io->paused)) {
			tell_resets(streams, fds, n);
			n = 0;
		}
	}
	while (!list_empty(&seen)) {
		struct list *first = list_first(&seen);

		list_remove(first);
		list_append(&io->paused, first);
	}
}

/* --- life ----------------------------------------------------------------- */

struct stream_io *
stream_io_new(struct ev_loop *loop)
{
	struct stream_io *io = xmalloc(sizeof(*io));

	io->loop = loop;
	io->writer = NULL;
	io->is_small = false;
	io->n_received = 0;
	io->n_gathered = 0;
	list_init(&io->refused);
	list_init(&io->paused);
	ev_init(&io->tick, on_tick);
	return io;
}

void
stream_io_free(struct stream_io *io)
{
	if (io == NULL)
		return;
	ev_timer_stop(io->loop, &io->tick);
	free(io);
}

static void
start(struct stream *s, struct stream_io *io, int fd,
    const struct stream_ops *ops)
{
	*s = (struct stream){.io = io, .ops = ops};
	buf_init(&s->out, STREAM_OUT_MAX);
	list_init(&s->refused);
	list_init(&s->paused);
	ev_io_init(&s->watcher, on_event, fd, 0);
}

void
stream_open(struct stream *s, struct stream_io *io, int fd,
    const struct stream_ops *ops)
{
	start(s, io, fd, ops);
	stream_update(s);
}

enum err
stream_connect(struct stream *s, struct stream_io *io, const struct addr *to,
    const struct stream_ops *ops)
{
	int family = to->u.sa.sa_family, one = 1, error = 0;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	start(s, io, fd, ops);
	if (fd < 0)
		return connect_error(errno);
	if (family != AF_UNIX)
		(void)setsockopt(
		    fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, &to->u.sa, to->len) != 0)
		error = errno;
	s->is_connecting = true;
	/* an answer at once is told like a later one: from the loop */
	if (error == EINPROGRESS) {
		stream_update(s);
		return ERR_OK;
	}
	if (error == 0) {
		stream_update(s);
		return ERR_OK;
	}
	stream_close(s);
	return connect_error(error);
}

void
stream_close(struct stream *s)
{
	if (!stream_is_open(s))
		return;
	if (s->io->writer == s)
		stream_io_flush(s->io);
	list_remove(&s->refused);
	list_remove(&s->paused);
	ev_io_stop(s->io->loop, &s->watcher);
	close(fd_of(s));
	s->watcher.fd = -1;
	buf_clear(&s->out);
	s->is_ended = true;
	s->is_refused = true;
}

bool
stream_is_open(const struct stream *s)
{
	return s->io != NULL && fd_of(s) >= 0;
}

void
stream_shut_down(struct stream *s)
{
	if (s->io->writer == s)
		stream_io_flush(s->io);
	s->is_shut = true;
	if (s->out.len == 0 && !s->is_connecting)
		(void)shutdown(fd_of(s), SHUT_WR);
}

void
stream_reset_on_close(struct stream *s)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(
	    fd_of(s), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void
stream_pause(struct stream *s, bool paused)
{
	s->is_paused = paused;
	if (stream_is_open(s))
		stream_update(s);
}

bool
stream_is_quiet(const struct stream *s)
{
	char byte;

	return recv(fd_of(s), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

bool
stream_local_addr(const struct stream *s, struct addr *out)
{
	out->len = sizeof(out->u.storage);
	return getsockname(fd_of(s), &out->u.sa, &out->len) == 0;
}
