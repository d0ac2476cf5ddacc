#include "router/edge/listener.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/edge/conn.h"

#define ACCEPTS_PER_WAKE 4
#define QUEUE_MAX        4096 /* the kernel's, and more than a flood's end */
#define WARN_SECONDS     10.  /* between two lines about it */
#define PAUSE_SECONDS    0.2  /* when there is no room, or no descriptor */

struct listener {
	struct list link;
	struct ev_io watcher;
	struct listeners *owner;
	uint32_t id;
	bool is_tls;
	uint16_t port;
};

struct listeners {
	struct worker *w;
	struct list all;
	size_t max;   /* connections; 0: not started, or stopped */
	bool is_full; /* so many, and none of them idle */
	int reserve;  /* a descriptor to give up in need */
	struct ev_timer pause;
	size_t paused_at; /* connections then; SIZE_MAX: it is not paused */
	ev_tstamp warned_at;
};

#define NOT_PAUSED SIZE_MAX

/* A descriptor that does nothing but be there. */
static void
take_reserve(struct listeners *ls)
{
	if (ls->reserve < 0)
		ls->reserve = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
give_reserve(struct listeners *ls)
{
	if (ls->reserve >= 0)
		close(ls->reserve);
	ls->reserve = -1;
}

/* The only place that decides whether there is accepting. */
void
listeners_update(struct listeners *ls)
{
	bool wanted;

	if (ls->w->n_conns < ls->max)
		ls->is_full = false;
	wanted = ls->max > 0 && !ls->is_full && memory_accepts(&ls->w->memory);
	/* a connection less is a descriptor more */
	if (ls->paused_at != NOT_PAUSED && ls->w->n_conns >= ls->paused_at)
		wanted = false;
	LIST_FOREACH(it, &ls->all) {
		struct ev_io *watcher =
		    &container_of(it, struct listener, link)->watcher;

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
	ls->paused_at = NOT_PAUSED;
	ls->is_full = false;
	take_reserve(ls);
	listeners_update(ls);
}

static void
wait_a_while(struct listeners *ls)
{
	ev_timer_stop(ls->w->loop, &ls->pause);
	ev_timer_set(&ls->pause, PAUSE_SECONDS, 0.);
	ev_timer_start(ls->w->loop, &ls->pause);
}

/*
 * No descriptor left: a connection that waits would keep us awake for ever.  It
 * waits in the kernel's queue until another one has ended, or for a while; the
 * connection that has been idle for longest makes room, and the reserve is
 * there for the backends of those under way.
 */
static void
pause_accepting(struct listeners *ls)
{
	ev_tstamp now = ev_now(ls->w->loop);

	if (ls->warned_at == 0 || now > ls->warned_at + WARN_SECONDS) {
		log_warning("no descriptor left: connections=%zu, accepting "
			    "waits",
		    ls->w->n_conns);
		ls->warned_at = now;
	}
	give_reserve(ls);
	ls->paused_at = ls->w->n_conns;
	wait_a_while(ls);
	(void)conns_shed_idle(ls->w, 1);
	listeners_update(ls);
}

static bool
somebody_waits(const struct listener *l)
{
	struct pollfd p = {.fd = l->watcher.fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* For somebody who waits, the connection that has been there for longest
 * without a request makes room.  It may need a while to say goodbye, and where
 * there is none there will be one. */
static bool
has_room(struct listener *l)
{
	struct listeners *ls = l->owner;

	if (ls->w->n_conns < ls->max)
		return true;
	if (ls->max == 0 || !somebody_waits(l))
		return false;
	(void)conns_shed_idle(ls->w, 1);
	ls->is_full = ls->w->n_conns >= ls->max;
	if (ls->is_full)
		wait_a_while(ls);
	return !ls->is_full;
}

/* False: nobody waits, or there is no room. */
static bool
accept_one(struct listener *l)
{
	struct listeners *ls = l->owner;
	struct addr peer = {.len = sizeof(peer.u)};
	int fd;

	if (!has_room(l))
		return false;
	fd = accept4(
	    l->watcher.fd, &peer.u.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		conn_new(ls->w, fd, &peer, l->is_tls, l->port);
	else if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		     errno == ENOMEM) &&
		 ls->paused_at == NOT_PAUSED)
		pause_accepting(ls);
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

static void
take_queue(struct listener *l)
{
	for (int i = 0; i < QUEUE_MAX && accept_one(l); i++)
		;
}

/* --- which there are ------------------------------------------------------ */

struct listeners *
listeners_new(struct worker *w)
{
	struct listeners *ls = xcalloc(1, sizeof(*ls));

	ls->w = w;
	list_init(&ls->all);
	ls->reserve = -1;
	ls->paused_at = NOT_PAUSED;
	ev_init(&ls->pause, on_pause_over);
	return ls;
}

static void
add(struct listeners *ls, const struct listener_place *place)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	struct addr local = {.len = sizeof(local.u)};
	int fd = place->fd, one = 1;

	l->owner = ls;
	l->id = place->id;
	l->is_tls = place->is_tls;
	if (getsockname(fd, &local.u.sa, &local.len) == 0)
		l->port = addr_port(&local);
	ev_io_init(&l->watcher, on_readable, fd, EV_READ);
	/* what it accepts has it from here: one system call less for each */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* shared: who loses the race for a connection must not wait for one */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	list_append(&ls->all, &l->link);
}

static void
drop(struct listener *l)
{
	ev_io_stop(l->owner->w->loop, &l->watcher);
	close(l->watcher.fd);
	list_remove(&l->link);
	free(l);
}

static const struct listener_place *
place_of(
    const struct listener *l, const struct listener_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (places[i].id == l->id)
			return &places[i];
	return NULL;
}

static struct listener *
find(const struct listeners *ls, uint32_t id)
{
	LIST_FOREACH(it, &ls->all) {
		struct listener *l = container_of(it, struct listener, link);

		if (l->id == id)
			return l;
	}
	return NULL;
}

void
listeners_set(
    struct listeners *ls, const struct listener_place *places, size_t n)
{
	LIST_FOREACH_SAFE(it, &ls->all) {
		struct listener *l = container_of(it, struct listener, link);

		if (place_of(l, places, n) != NULL)
			continue;
		take_queue(l);
		drop(l);
	}
	for (size_t i = 0; i < n; i++) {
		struct listener *l = find(ls, places[i].id);

		if (l == NULL) {
			add(ls, &places[i]);
			continue;
		}
		l->is_tls = places[i].is_tls;
		close(places[i].fd);
	}
	take_reserve(ls);
	listeners_update(ls);
}

/* --- life ----------------------------------------------------------------- */

void
listeners_start(struct listeners *ls, size_t max)
{
	ls->max = max;
	listeners_update(ls);
}

void
listeners_take_all(struct listeners *ls)
{
	LIST_FOREACH(it, &ls->all)
		take_queue(container_of(it, struct listener, link));
}

void
listeners_stop(struct listeners *ls)
{
	ls->max = 0;
	ev_timer_stop(ls->w->loop, &ls->pause);
	LIST_FOREACH_SAFE(it, &ls->all)
		drop(container_of(it, struct listener, link));
	give_reserve(ls);
}

void
listeners_free(struct listeners *ls)
{
	if (ls == NULL)
		return;
	listeners_stop(ls);
	free(ls);
}
