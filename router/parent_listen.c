/* The part of router/parent.h that opens sockets for the Internet. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/parent.h"

/* As many as the kernel allows (net.core.somaxconn). */
#define BACKLOG 65535

/* Workers of a parent that was killed close their sockets at once, but not in
 * no time. */
#define BIND_WAIT_MS 2000
#define BIND_STEP_US 20000

#define SOCKET_TYPE  (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

void
parent_listeners_close(struct parent_listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->items[i].fd);
	free(l->items);
	*l = (struct parent_listeners){0};
}

void
parent_listeners_append(
    struct parent_listeners *l, const struct parent_listener *item)
{
	l->items = xrealloc(l->items, (l->n + 1) * sizeof(*l->items));
	l->items[l->n++] = *item;
}

/* --- one socket -------------------------------------------------------------
 */

static bool
same_addr(const struct addr *a, const struct addr *b)
{
	char x[ADDR_TEXT_SIZE], y[ADDR_TEXT_SIZE];

	return strcmp(addr_format(a, x), addr_format(b, y)) == 0;
}

static void
set_shared(int fd, int on)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static bool
has_port(const struct parent_listeners *own, const struct addr *a)
{
	for (size_t i = 0; own != NULL && i < own->n; i++)
		if (addr_port(&own->items[i].addr) == addr_port(a))
			return true;
	return false;
}

/*
 * 0.0.0.0:443 that becomes 192.0.2.1:443, or the reverse: for a moment there
 * are both, which the kernel allows to those that say that they share.  It asks
 * again in listen(2), so no longer than that.
 */
static void
share(int fd, const struct parent_listeners *own, int on)
{
	set_shared(fd, on);
	for (size_t i = 0; own != NULL && i < own->n; i++)
		set_shared(own->items[i].fd, on);
}

/* own: the sockets that there are while running; NULL at the start, when it
 * is worth to wait. */
static int
bind_at(int fd, const struct addr *a, const struct parent_listeners *own)
{
	int64_t deadline_ms =
	    clock_mono_ms() + (own == NULL ? BIND_WAIT_MS : 0);

	while (bind(fd, &a->u.sa, a->len) != 0) {
		if (errno != EADDRINUSE)
			return -1;
		if (has_port(own, a)) {
			share(fd, own, 1);
			return bind(fd, &a->u.sa, a->len);
		}
		if (clock_mono_ms() >= deadline_ms)
			return -1;
		usleep(BIND_STEP_US);
	}
	return 0;
}

static enum err
listen_fault(const struct addr *a, struct fault *f)
{
	char text[ADDR_TEXT_SIZE];
	enum fault_code code = FAULT_S23_CONFIG_VALUE;
	const char *reason = strerror(errno);

	if (errno == EADDRINUSE) {
		code = FAULT_S12_PORT_IN_USE;
		reason = "another program listens there";
	} else if (errno == EACCES || errno == EPERM) {
		code = FAULT_S21_PORT_DENIED;
		reason = "this user may not listen there";
	}
	fault_set(f, code, "%s: %s", addr_format(a, text), reason);
	return ERR_IO;
}

/* A listening socket for an address; -1 and errno. */
static int
listen_at(const struct addr *a, const struct parent_listeners *own)
{
	int fd = socket(a->u.sa.sa_family, SOCKET_TYPE, 0);
	int on = 1, error;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (a->u.sa.sa_family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	error =
	    bind_at(fd, a, own) == 0 && listen(fd, BACKLOG) == 0 ? 0 : errno;
	share(fd, own, 0);
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/* A machine without IPv6 has no [::] to listen on, which the defaults ask
 * for: then 0.0.0.0 is all there is. */
static bool
is_missing_family(const struct addr *a)
{
	return a->u.sa.sa_family == AF_INET6 &&
	       (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	       IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
}

/* --- all of them ------------------------------------------------------------
 */

/* The one that listens there already is kept, and keeps who waits in it. */
static bool
keep(const struct parent_listeners *own, const struct addr *a,
    struct parent_listener *out)
{
	for (size_t i = 0; own != NULL && i < own->n; i++) {
		if (!same_addr(&own->items[i].addr, a))
			continue;
		*out = own->items[i];
		out->is_new = false;
		return true;
	}
	return false;
}

static enum err
add_place(struct parent_listeners *next, const struct parent_listeners *own,
    const struct addr *a, struct parent_listener kind, struct fault *f)
{
	struct parent_listener item;

	if (!keep(own, a, &item)) {
		item = (struct parent_listener){.addr = *a, .is_new = true};
		item.fd = listen_at(a, own);
		if (item.fd < 0 && is_missing_family(a)) {
			if (own == NULL)
				log_warning("this machine has no IPv6: not "
					    "listening on it");
			return ERR_OK;
		}
		if (item.fd < 0)
			return listen_fault(a, f);
		item.id = ++next->last_id;
	}
	item.is_tls = kind.is_tls;
	item.is_metrics = kind.is_metrics;
	parent_listeners_append(next, &item);
	return ERR_OK;
}

static enum err
add_places(struct parent_listeners *next, const struct parent_listeners *own,
    const struct config_addrs *list, struct parent_listener kind,
    struct fault *f)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < list->n; i++) {
		if (next->n >= CHANNEL_FDS_MAX) {
			fault_set(f, FAULT_S23_CONFIG_VALUE,
			    "[listen] names more than %d addresses",
			    CHANNEL_FDS_MAX);
			return ERR_TOO_BIG;
		}
		e = add_place(next, own, &list->items[i], kind, f);
	}
	return e;
}

void
parent_listeners_forget(struct parent_listeners *next)
{
	for (size_t i = 0; i < next->n; i++)
		if (next->items[i].is_new)
			close(next->items[i].fd);
	free(next->items);
	*next = (struct parent_listeners){0};
}

enum err
parent_listeners_plan(const struct config *c,
    const struct parent_listeners *own, struct parent_listeners *next,
    struct fault *f)
{
	static const struct parent_listener http = {.is_tls = false},
					    https = {.is_tls = true},
					    metrics = {.is_metrics = true};
	enum err e;

	*next = (struct parent_listeners){0};
	next->last_id = own == NULL ? 0 : own->last_id;
	e = add_places(next, own, &c->listen.http, http, f);
	if (e == ERR_OK)
		e = add_places(next, own, &c->listen.https, https, f);
	if (e == ERR_OK)
		e = add_places(next, own, &c->listen.metrics, metrics, f);
	if (e != ERR_OK)
		parent_listeners_forget(next);
	return e;
}

/* Whose descriptor is not among the next ones. */
static bool
is_gone(const struct parent_listener *l, const struct parent_listeners *next)
{
	for (size_t i = 0; i < next->n; i++)
		if (next->items[i].id == l->id)
			return false;
	return true;
}

void
parent_listeners_take(
    struct parent_listeners *own, struct parent_listeners *next)
{
	for (size_t i = 0; i < own->n; i++)
		if (is_gone(&own->items[i], next))
			close(own->items[i].fd);
	free(own->items);
	*own = *next;
	*next = (struct parent_listeners){0};
}

enum err
parent_listen(struct parent *p, struct fault *f)
{
	struct parent_listeners next;
	enum err e = parent_listen_for_control(p, f);

	if (e == ERR_OK)
		e = parent_listeners_plan(&p->config, NULL, &next, f);
	if (e == ERR_OK)
		parent_listeners_take(&p->listeners, &next);
	return e;
}
