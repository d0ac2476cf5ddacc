#include "router/edge/listener.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/edge/conn.h"

#define ACCEPTS_PER_WAKE 4
#define QUEUE_MAX        4096 /* the kernel's, and more than a flood's end */
#define WARN_SECONDS     10.  /* between two lines about it */
#define PAUSE_SECONDS    0.2  /* when there is no descriptor left */

struct listener {
	struct ev_io watcher;
	struct listeners *owner;
	bool is_tls;
	uint16_t port;
};

struct listeners {
	struct worker *w;
	struct listener *items;
	size_t n, room;
	size_t max;  /* connections; 0: not started, or stopped */
	int reserve; /* a descriptor to give up in need */
	struct ev_timer pause;
	bool is_paused;
	ev_tstamp warned_at;
};

/* The only place that decides whether there is accepting. */
void
listeners_update(struct listeners *ls)
{
	bool wanted = !ls->is_paused && ls->w->n_conns < ls->max;

	for (size_t i = 0; i < ls->n; i++) {
		struct ev_io *watcher = &ls->items[i].watcher;

		if (wanted && !ev_is_active(watcher))
			ev_io_start(ls->w->loop, watcher);
		else if (!wanted && ev_is_active(watcher))
			ev_io_stop(ls->w->loop, watcher);
	}
}

static void
on_pause_over(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct listeners *ls = container_of(t, struct listeners, pause);

	(void)loop;
	(void)events;
	ls->is_paused = false;
	listeners_update(ls);
}

/*
 * No descriptor left: a connection that waits would keep us awake for ever, so
 * the reserve is given up to take it and hang up; then a pause.
 */
static void
shed(struct listener *l)
{
	struct listeners *ls = l->owner;
	ev_tstamp now = ev_now(ls->w->loop);
	int fd;

	if (ls->warned_at == 0 || now > ls->warned_at + WARN_SECONDS) {
		log_warning(
		    "no descriptor left: %zu connections", ls->w->n_conns);
		ls->warned_at = now;
	}
	if (ls->reserve >= 0) {
		close(ls->reserve);
		fd = accept4(l->watcher.fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
		ls->reserve = fcntl(l->watcher.fd, F_DUPFD_CLOEXEC, 0);
	}
	ls->is_paused = true;
	ev_timer_set(&ls->pause, PAUSE_SECONDS, 0.);
	ev_timer_start(ls->w->loop, &ls->pause);
	listeners_update(ls);
}

/* False: nobody waits, or there is no room. */
static bool
accept_one(struct listener *l)
{
	struct worker *w = l->owner->w;
	struct addr peer = {.len = sizeof(peer.u)};
	int fd;

	if (w->n_conns >= l->owner->max)
		return false;
	fd = accept4(
	    l->watcher.fd, &peer.u.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		conn_new(w, fd, &peer, l->is_tls, l->port);
	else if (errno == EMFILE || errno == ENFILE)
		shed(l);
	return fd >= 0;
}

static void
on_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct listener *l = container_of(watcher, struct listener, watcher);

	(void)loop;
	(void)events;
	for (int i = 0; i < ACCEPTS_PER_WAKE && accept_one(l); i++)
		;
	listeners_update(l->owner);
}

struct listeners *
listeners_new(struct worker *w, size_t n)
{
	struct listeners *ls = xcalloc(1, sizeof(*ls));

	ls->w = w;
	ls->items = xcalloc(n + 1, sizeof(*ls->items));
	ls->room = n;
	ls->reserve = -1;
	ev_init(&ls->pause, on_pause_over);
	return ls;
}

void
listeners_add(struct listeners *ls, int fd, bool is_tls)
{
	struct listener *l = &ls->items[ls->n++];
	struct addr local = {.len = sizeof(local.u)};

	assert(ls->n <= ls->room);
	l->owner = ls;
	l->is_tls = is_tls;
	if (getsockname(fd, &local.u.sa, &local.len) == 0)
		l->port = addr_port(&local);
	ev_io_init(&l->watcher, on_readable, fd, EV_READ);
	/* shared: who loses the race for a connection must not wait for one */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (ls->reserve < 0)
		ls->reserve = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

void
listeners_start(struct listeners *ls, size_t max)
{
	ls->max = max;
	listeners_update(ls);
}

void
listeners_take_all(struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		for (int k = 0; k < QUEUE_MAX && accept_one(&ls->items[i]); k++)
			;
}

void
listeners_stop(struct listeners *ls)
{
	ls->max = 0;
	listeners_update(ls);
	ev_timer_stop(ls->w->loop, &ls->pause);
	for (size_t i = 0; i < ls->n; i++)
		close(ls->items[i].watcher.fd);
	ls->n = 0;
	if (ls->reserve >= 0)
		close(ls->reserve);
	ls->reserve = -1;
}

void
listeners_free(struct listeners *ls)
{
	if (ls == NULL)
		return;
	listeners_stop(ls);
	free(ls->items);
	free(ls);
}
