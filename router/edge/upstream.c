#include "router/edge/upstream.h"

#include "base/mem.h"
#include "router/edge/exchange.h"
#include "router/edge/proxy_header.h"
#include "router/edge/upstream_h1.h"
#include "router/edge/upstream_h2.h"
#include "router/edge/upstream_h2_conn.h"
#include "router/edge/worker.h"

/* What a backend is told of the client at the start of a connection: its
 * address behind all proxies that are trusted, and the one it came to. */
static void
write_proxy_header(
    struct buf *b, const struct exchange *ex, enum backend_proxy version)
{
	const struct origin *o = &ex->client->origin;
	struct slice client = ex->forwarded.client;
	struct addr source, dest;
	bool is_peer = slice_eq(client, o->peer);

	if (addr_parse_ip(client, is_peer ? o->peer_port : 0, &source) !=
		ERR_OK ||
	    !stream_local_addr(ex->client->stream, &dest))
		source.u.sa.sa_family = AF_UNSPEC;
	if (version == BACKEND_PROXY_V1)
		proxy_header_write_v1(b, &source, &dest);
	else
		proxy_header_write_v2(b, &source, &dest);
}

enum err
upstream_open(struct worker *w, struct backend *b, struct exchange *ex,
    enum upstream_choice which, struct upstream **out)
{
	struct upstream_wish wish = {.which = which, .first = SLICE("")};

	if (b->proxy != BACKEND_PROXY_OFF) {
		buf_reset(&w->scratch);
		write_proxy_header(&w->scratch, ex, b->proxy);
		wish.first = buf_slice(&w->scratch);
	}
	if (b->protocol == BACKEND_H2C)
		return upstream_h2_open(w, b, ex, &wish, out);
	return upstream_h1_open(w, b, ex, &wish, out);
}

void
upstreams_close_idle(struct backend *b)
{
	upstream_h1_close_idle(b);
	upstream_h2_close_idle(b);
}

void
upstream_end(struct worker *w, struct upstream_ended *e,
    void (*free_it)(struct upstream_ended *e))
{
	e->free_it = free_it;
	list_append(&w->closed_upstreams, &e->link);
}

void
upstreams_reap(struct worker *w)
{
	struct list *first;

	while ((first = list_first(&w->closed_upstreams)) != NULL) {
		struct upstream_ended *e =
		    container_of(first, struct upstream_ended, link);

		list_remove(first);
		e->free_it(e);
	}
}

bool
upstreams_step(struct worker *w)
{
	return upstream_h2_conns_step(w);
}
