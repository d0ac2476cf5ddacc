#include <stdlib.h>

#include "acme/dns/dns_inside.h"
#include "base/mem.h"

#define TRY_MS   2000 /* of the first try; c-ares doubles it */
#define TRIES    2
#define DNS_PORT 53

/* A descriptor of c-ares' that it wants watched. */
struct watched {
	ev_io io;
	struct resolver *resolver;
	struct list link;
};

/* --- c-ares on the loop -------------------------------------------------- */

void
dns_update_timer(struct resolver *r)
{
	struct timeval tv;

	ev_timer_stop(r->dns->loop, &r->timer);
	if (ares_timeout(r->channel, NULL, &tv) == NULL)
		return;
	ev_timer_set(
	    &r->timer, (double)tv.tv_sec + (double)tv.tv_usec / 1e6, 0.);
	ev_timer_start(r->dns->loop, &r->timer);
}

static void
on_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct resolver *r = container_of(w, struct resolver, timer);

	(void)loop;
	(void)revents;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	dns_update_timer(r);
}

static void
on_socket(struct ev_loop *loop, ev_io *w, int revents)
{
	/* w may be gone when c-ares comes back */
	struct resolver *r = container_of(w, struct watched, io)->resolver;
	int fd = w->fd;

	(void)loop;
	ares_process_fd(r->channel, revents & EV_READ ? fd : ARES_SOCKET_BAD,
	    revents & EV_WRITE ? fd : ARES_SOCKET_BAD);
	dns_update_timer(r);
}

static struct watched *
find_watched(struct resolver *r, int fd)
{
	LIST_FOREACH(it, &r->sockets) {
		struct watched *s = container_of(it, struct watched, link);

		if (s->io.fd == fd)
			return s;
	}
	return NULL;
}

static void
on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = data;
	struct watched *s = find_watched(r, fd);
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (s == NULL && events == 0)
		return;
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->resolver = r;
		ev_init(&s->io, on_socket);
		list_append(&r->sockets, &s->link);
	}
	ev_io_stop(r->dns->loop, &s->io);
	if (events == 0) {
		list_remove(&s->link);
		free(s);
		return;
	}
	ev_io_set(&s->io, fd, events);
	ev_io_start(r->dns->loop, &s->io);
}

/* --- resolvers ----------------------------------------------------------- */

static void
addr_of_node(const struct ares_addr_port_node *node, struct addr *out)
{
	in_port_t port =
	    htons((uint16_t)(node->udp_port > 0 ? node->udp_port : DNS_PORT));

	memset(out, 0, sizeof(*out));
	out->u.sa.sa_family = (sa_family_t)node->family;
	if (node->family == AF_INET6) {
		memcpy(&out->u.in6.sin6_addr, &node->addr.addr6,
		    sizeof(out->u.in6.sin6_addr));
		out->u.in6.sin6_port = port;
		out->len = sizeof(out->u.in6);
	} else {
		out->u.in4.sin_addr = node->addr.addr4;
		out->u.in4.sin_port = port;
		out->len = sizeof(out->u.in4);
	}
}

enum err
dns_system_resolvers(struct addr *out, size_t *n, struct fault *f)
{
	struct ares_addr_port_node *nodes = NULL;
	ares_channel channel;
	int status = ares_init(&channel);

	*n = 0;
	if (status == ARES_SUCCESS) {
		status = ares_get_servers_ports(channel, &nodes);
		ares_destroy(channel);
	}
	for (struct ares_addr_port_node *it = nodes;
	     it != NULL && *n < DNS_RESOLVERS_MAX; it = it->next)
		addr_of_node(it, &out[(*n)++]);
	if (nodes != NULL)
		ares_free_data(nodes);
	if (*n > 0)
		return ERR_OK;
	fault_set(f, FAULT_S23_CONFIG_VALUE,
	    "The system names no DNS resolver: set [dns] resolvers (%s)",
	    ares_strerror(status));
	return ERR_NOT_FOUND;
}

static int
set_server(ares_channel channel, const struct addr *a)
{
	struct ares_addr_port_node node = {.family = a->u.sa.sa_family};

	if (node.family == AF_INET6)
		memcpy(&node.addr.addr6, &a->u.in6.sin6_addr,
		    sizeof(node.addr.addr6));
	else if (node.family == AF_INET)
		node.addr.addr4 = a->u.in4.sin_addr;
	else
		return ARES_EBADFAMILY;
	node.udp_port = node.tcp_port = addr_port(a);
	return ares_set_servers_ports(channel, &node);
}

enum err
dns_open_resolver(struct dns *d, const struct addr *a, struct fault *f)
{
	struct resolver *r = &d->resolvers[d->n_resolvers];
	char lookups[] = "b"; /* never the hosts file */
	struct ares_options options = {
	    /* NOCHECKRESP: else c-ares makes "connection refused" of SERVFAIL
	     */
	    .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS |
		     ARES_FLAG_NOCHECKRESP,
	    .timeout = TRY_MS,
	    .tries = TRIES,
	    .ednspsz = DNS_EDNS_SIZE,
	    .lookups = lookups,
	    .sock_state_cb = on_socket_state,
	    .sock_state_cb_data = r,
	};
	char text[ADDR_TEXT_SIZE];
	int status;

	r->dns = d;
	r->addr = *a;
	list_init(&r->sockets);
	ev_init(&r->timer, on_timeout);
	status = ares_init_options(&r->channel, &options,
	    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS |
		ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE);
	if (status == ARES_SUCCESS) {
		d->n_resolvers++;
		status = set_server(r->channel, a);
	}
	if (status == ARES_SUCCESS)
		return ERR_OK;
	fault_set(f, FAULT_S23_CONFIG_VALUE, "DNS resolver %s: %s",
	    addr_format(a, text), ares_strerror(status));
	return ERR_SYNTAX;
}
