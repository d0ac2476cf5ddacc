#include "acme/dns/dns_tcp.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define TIMEOUT_S   10.
#define LENGTH_SIZE ((size_t)2)
#define MESSAGE_MAX ((size_t)65535)

struct dns_tcp {
	struct ev_loop *loop;
	ev_io io;
	ev_timer timer;
	struct buf out, in; /* each message behind its length */
	dns_tcp_done *done;
	void *ctx;
};

void
dns_tcp_cancel(struct dns_tcp *t)
{
	if (t == NULL)
		return;
	ev_io_stop(t->loop, &t->io);
	ev_timer_stop(t->loop, &t->timer);
	if (t->io.fd >= 0)
		close(t->io.fd);
	buf_clear(&t->out);
	buf_clear(&t->in);
	free(t);
}

static void
finish(struct dns_tcp *t, enum err e, struct slice message)
{
	ev_io_stop(t->loop, &t->io);
	ev_timer_stop(t->loop, &t->timer);
	t->done(t->ctx, e, message);
	dns_tcp_cancel(t);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct dns_tcp *t = container_of(w, struct dns_tcp, timer);

	(void)loop;
	(void)revents;
	finish(t, t->io.fd < 0 ? ERR_PEER : ERR_TIMEOUT, SLICE(""));
}

/* The answer, when it is whole. */
static bool
is_whole(const struct dns_tcp *t, struct slice *message)
{
	const unsigned char *p = (const unsigned char *)t->in.p;
	size_t n;

	if (t->in.len < LENGTH_SIZE)
		return false;
	n = (size_t)p[0] << 8 | p[1];
	*message = slice_of(p + LENGTH_SIZE, n);
	return t->in.len >= LENGTH_SIZE + n;
}

static void
receive(struct dns_tcp *t)
{
	char bytes[4096];
	ssize_t n = recv(t->io.fd, bytes, sizeof(bytes), 0);
	struct slice message;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || buf_add(&t->in, slice_of(bytes, (size_t)n)) != ERR_OK)
		finish(t, ERR_PEER, SLICE(""));
	else if (is_whole(t, &message))
		finish(t, ERR_OK, message);
}

static void
send_some(struct dns_tcp *t)
{
	ssize_t n = send(t->io.fd, t->out.p, t->out.len, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		finish(t, ERR_PEER, SLICE(""));
		return;
	}
	buf_consume(&t->out, (size_t)n);
	if (t->out.len > 0)
		return;
	ev_io_stop(t->loop, &t->io);
	ev_io_set(&t->io, t->io.fd, EV_READ);
	ev_io_start(t->loop, &t->io);
}

static void
on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	struct dns_tcp *t = container_of(w, struct dns_tcp, io);

	(void)loop;
	if (revents & EV_READ)
		receive(t);
	else
		send_some(t);
}

static int
open_socket(const struct addr *server)
{
	int fd = socket(server->u.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, &server->u.sa, server->len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

struct dns_tcp *
dns_tcp_ask(struct ev_loop *loop, const struct addr *server,
    struct slice message, dns_tcp_done *done, void *ctx)
{
	struct dns_tcp *t = xcalloc(1, sizeof(*t));
	int fd = open_socket(server);

	t->loop = loop;
	t->done = done;
	t->ctx = ctx;
	buf_init(&t->out, LENGTH_SIZE + MESSAGE_MAX);
	buf_init(&t->in, LENGTH_SIZE + MESSAGE_MAX);
	(void)buf_add_char(&t->out, (char)(message.n >> 8));
	(void)buf_add_char(&t->out, (char)(message.n & 0xff));
	(void)buf_add(&t->out, message);
	ev_io_init(&t->io, on_ready, fd, EV_WRITE);
	/* no way there: told by the timer, from the loop */
	ev_timer_init(&t->timer, on_timer, fd < 0 ? 0. : TIMEOUT_S, 0.);
	ev_timer_start(loop, &t->timer);
	if (fd >= 0)
		ev_io_start(loop, &t->io);
	return t;
}
