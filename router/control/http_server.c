#include "router/control/http_server.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/control/http_conn.h"

#define ACCEPTS_MAX 16 /* per wake */

struct http_server {
	int fd;
	struct ev_io accept;
	struct ev_prepare reaper;
	struct http_shared shared;
	void (*on_quiet)(void *ctx); /* NULL: it is not draining */
	void *quiet_ctx;
};

static void
on_acceptable(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct http_server *s = container_of(w, struct http_server, accept);

	(void)loop;
	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int fd =
		    accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				log_warning(
				    "control socket: %s", strerror(errno));
			return;
		}
		if (s->shared.n_conns >= HTTP_CONNECTIONS_MAX)
			close(fd);
		else
			http_conn_new(&s->shared, fd);
	}
}

static void
on_prepare(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct http_server *s = container_of(w, struct http_server, reaper);

	(void)loop;
	(void)events;
	http_conns_reap(&s->shared);
	if (s->on_quiet != NULL && s->shared.n_conns == 0) {
		void (*tell)(void *ctx) = s->on_quiet;

		s->on_quiet = NULL;
		tell(s->quiet_ctx);
	}
}

struct http_server *
http_server_new(struct ev_loop *loop, int fd, const struct peer_policy *policy,
    const struct http_server_ops *ops, void *ctx)
{
	struct http_server *s = xcalloc(1, sizeof(*s));

	s->fd = fd;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	s->shared.loop = loop;
	s->shared.policy = policy;
	s->shared.ops = ops;
	s->shared.ctx = ctx;
	list_init(&s->shared.conns);
	list_init(&s->shared.dead);
	ev_io_init(&s->accept, on_acceptable, fd, EV_READ);
	ev_io_start(loop, &s->accept);
	ev_prepare_init(&s->reaper, on_prepare);
	ev_prepare_start(loop, &s->reaper);
	return s;
}

void
http_server_drain(struct http_server *s, void (*on_quiet)(void *ctx), void *ctx)
{
	ev_io_stop(s->shared.loop, &s->accept);
	s->on_quiet = on_quiet;
	s->quiet_ctx = ctx;
	http_conns_drain(&s->shared);
}

void
http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	http_conns_close(&s->shared);
	http_conns_reap(&s->shared);
	ev_io_stop(s->shared.loop, &s->accept);
	ev_prepare_stop(s->shared.loop, &s->reaper);
	close(s->fd);
	free(s);
}
