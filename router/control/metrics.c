#include "router/control/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api_budget.h"
#include "router/control/control.h"
#include "router/control/http_server.h"
#include "router/control/workers.h"

#define SERVERS_MAX 8 /* addresses */

struct metrics {
	struct control *control;
	struct http_server *servers[SERVERS_MAX];
	size_t n_servers;
	struct buf store; /* what the store said, */
	int64_t store_ms; /* and when; 0: never */
	struct list scrapes;
};

/* A request over TCP that waits for the workers. */
struct scrape {
	struct list link;
	struct metrics *of;
	struct http_exchange *x;
};

/* --- traffic ---------------------------------------------------------------
 */

/* Calls for each app that is told apart, and for all others together. */
typedef void write_traffic(struct buf *out, const struct stats_view *v,
    const char *app, const struct traffic_totals *t);

static void
each_app(struct buf *out, const struct stats_view *v, write_traffic *write)
{
	for (size_t i = 0; i < v->n_apps; i++)
		write(out, v, v->apps[i]->name, &v->apps[i]->traffic.totals);
	write(out, v, "other", v->other);
}

static void
write_requests(struct buf *out, const struct stats_view *v, const char *app,
    const struct traffic_totals *t)
{
	static const char *const names[TRAFFIC_CLASSES] = {
	    "none", "1xx", "2xx", "3xx", "4xx", "5xx"};

	(void)v;
	for (size_t i = 0; i < TRAFFIC_CLASSES; i++)
		if (i >= 2 || t->classes[i] > 0)
			metric_sample(out, "towpath_requests_total",
			    t->classes[i], "app", app, "status", names[i],
			    NULL);
}

static void
write_seconds(struct buf *out, const struct stats_view *v, const char *app,
    const struct traffic_totals *t)
{
	const struct metric_seconds h = {
	    .bounds_us = traffic_bounds,
	    .counts = t->timed,
	    .n = TRAFFIC_BOUNDS,
	    .sum_us = t->timed_us,
	};

	(void)v;
	metric_histogram(out, "towpath_request_seconds", "app", app, &h);
}

static void
write_codes(struct buf *out, const struct stats_view *v, const char *app,
    const struct traffic_totals *t)
{
	for (size_t i = 1; i < TRAFFIC_CODES; i++)
		if (t->codes[i] > 0 && v->codes[i][0] != '\0')
			metric_sample(out, "towpath_router_errors_total",
			    t->codes[i], "app", app, "code", v->codes[i], NULL);
}

static void
write_all_traffic(struct buf *out, const struct stats_view *v)
{
	metric_family(out, "towpath_requests_total", METRIC_COUNTER,
	    "Requests that ended, by class of status.");
	each_app(out, v, write_requests);
	metric_family(out, "towpath_request_seconds", METRIC_HISTOGRAM,
	    "From a request's first byte to the last of its answer.");
	each_app(out, v, write_seconds);
	metric_family(out, "towpath_router_errors_total", METRIC_COUNTER,
	    "Requests that ended with a router code.");
	each_app(out, v, write_codes);
	metric_family(out, "towpath_requests_active", METRIC_GAUGE,
	    "Requests under way.");
	metric_sample(out, "towpath_requests_active", v->all->active, NULL);
	metric_family(out, "towpath_bytes_total", METRIC_COUNTER,
	    "Bytes of bodies, from clients and to them.");
	metric_sample(out, "towpath_bytes_total", v->all->totals.bytes_in,
	    "direction", "in", NULL);
	metric_sample(out, "towpath_bytes_total", v->all->totals.bytes_out,
	    "direction", "out", NULL);
}

/* --- processes -------------------------------------------------------------
 */

static void
write_connections(struct buf *out, const struct workers_counts *n)
{
	static const char name[] = "towpath_connections";
	uint64_t others =
	    n->connections_serving + n->connections_closing + n->parked;
	uint64_t shaking =
	    n->connections_open > others ? n->connections_open - others : 0;

	metric_family(
	    out, name, METRIC_GAUGE, "Connections of clients by state.");
	metric_sample(out, name, shaking, "state", "handshake", NULL);
	metric_sample(out, name, n->parked, "state", "parked", NULL);
	metric_sample(out, name, n->connections_serving, "state", "open", NULL);
	metric_sample(
	    out, name, n->connections_closing, "state", "closing", NULL);
}

static void
write_handshake(struct buf *out, const char *result, const char *version,
    bool is_resumed, uint64_t n)
{
	metric_sample(out, "towpath_tls_handshakes_total", n, "result", result,
	    "version", version, "resumed", is_resumed ? "yes" : "no", NULL);
}

static void
write_handshakes(struct buf *out, const struct workers_counts *n)
{
	metric_family(out, "towpath_tls_handshakes_total", METRIC_COUNTER,
	    "TLS handshakes; refused ones had no known name, or no room.");
	write_handshake(out, "ok", "1.3", false,
	    n->handshakes_full - n->handshakes_full_tls12);
	write_handshake(out, "ok", "1.3", true,
	    n->handshakes_resumed - n->handshakes_resumed_tls12);
	write_handshake(out, "ok", "1.2", false, n->handshakes_full_tls12);
	write_handshake(out, "ok", "1.2", true, n->handshakes_resumed_tls12);
	write_handshake(out, "failed", "none", false,
	    n->handshakes_failed - n->handshakes_refused);
	write_handshake(out, "refused", "none", false, n->handshakes_refused);
}

static void
write_abuses(struct buf *out, const struct workers_counts *n)
{
	static const char name[] = "towpath_http2_abuses_total";

	metric_family(out, name, METRIC_COUNTER,
	    "HTTP/2 connections ended for what the client did on them.");
	for (size_t i = 0; i < STATS_HTTP2_ABUSES; i++)
		metric_sample(out, name, n->http2_abuses[i], "reason",
		    stats_http2_abuses[i], NULL);
}

static void
write_budget(struct control *c, struct buf *out)
{
	static const char name[] = "towpath_acme_budget";
	int64_t left;

	metric_family(out, name, METRIC_GAUGE,
	    "What is left of the CA's limits; of those for each name or "
	    "domain, where it is least.");
	for (int i = 0; i < LEDGER_RULES; i++)
		if (api_budget_left(c, (enum ledger_rule)i, &left))
			metric_sample(out, name, (uint64_t)left, "limit",
			    ledger_rule_text((enum ledger_rule)i), NULL);
}

static void
write_processes(struct control *c, struct buf *out)
{
	static const char restarts[] = "towpath_child_restarts_total";
	struct workers_counts n;

	workers_sum(c, &n);
	write_connections(out, &n);
	write_handshakes(out, &n);
	write_abuses(out, &n);
	metric_family(out, "towpath_log_lines_dropped_total", METRIC_COUNTER,
	    "Router lines that the access log did not take in time.");
	metric_sample(
	    out, "towpath_log_lines_dropped_total", n.log_lines_dropped, NULL);
	metric_family(out, "towpath_workers", METRIC_GAUGE,
	    "Workers that are up, of all generations.");
	metric_sample(out, "towpath_workers", n.up, NULL);
	metric_family(out, restarts, METRIC_COUNTER,
	    "Processes that died and were started again.");
	for (int role = ROLE_CONTROL; role < ROLES; role++)
		metric_sample(out, restarts, c->restarts[role], "role",
		    role_name((enum role)role), NULL);
	metric_family(out, "towpath_acme_orders_total", METRIC_COUNTER,
	    "Orders for certificates that ended.");
	metric_sample(out, "towpath_acme_orders_total", c->orders.issued,
	    "result", "issued", NULL);
	metric_sample(out, "towpath_acme_orders_total", c->orders.failed,
	    "result", "failed", NULL);
	write_budget(c, out);
}

/* --- all of it -------------------------------------------------------------
 */

static void
write_store(struct metrics *m, struct buf *out)
{
	int64_t now_ms = clock_mono_ms();

	if (m->store_ms == 0 || now_ms - m->store_ms >= METRICS_FRESH_MS) {
		buf_reset(&m->store);
		metrics_write_store(m->control, &m->store);
		m->store_ms = now_ms;
	}
	(void)buf_add(out, buf_slice(&m->store));
}

void
metrics_write(struct control *c, const struct stats_view *view, struct buf *out)
{
	metric_family(out, "towpath_build_info", METRIC_GAUGE, "Always 1.");
	metric_sample(
	    out, "towpath_build_info", 1, "version", TOWPATH_VERSION, NULL);
	write_all_traffic(out, view);
	write_processes(c, out);
	metrics_write_tally(c, out);
	write_store(c->metrics, out);
}

/* --- over TCP --------------------------------------------------------------
 */

static void
answer(
    struct http_exchange *x, int status, const char *extra, struct slice text)
{
	const struct http_reply r = {.status = status,
	    .type = status == 200 ? METRICS_TYPE : "text/plain",
	    .extra = extra,
	    .body = text};

	http_answer(x, &r);
}

static void
on_scraped(void *ctx, const struct stats_view *view)
{
	struct scrape *s = ctx;
	struct buf text;

	list_remove(&s->link);
	buf_init(&text, HTTP_UNSENT_MAX);
	metrics_write(s->of->control, view, &text);
	answer(s->x, 200, NULL, buf_slice(&text));
	buf_clear(&text);
	free(s);
}

static void
on_request(void *ctx, struct http_exchange *x)
{
	struct slice method = http_method(x);
	struct metrics *m = ctx;
	struct scrape *s;

	if (!slice_eq(http_path(x), SLICE("/metrics"))) {
		answer(x, 404, NULL, SLICE("Only /metrics is here.\n"));
		return;
	}
	if (!slice_eq(method, SLICE("GET")) &&
	    !slice_eq(method, SLICE("HEAD"))) {
		answer(x, 405, "Allow: GET\r\n", SLICE("Only GET.\n"));
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->of = m;
	s->x = x;
	list_append(&m->scrapes, &s->link);
	stats_collect(m->control, on_scraped, s);
}

static size_t
body_max(void *ctx, struct slice path)
{
	(void)ctx;
	(void)path;
	return 0;
}

void
metrics_serve(struct metrics *m, int fd)
{
	static const struct http_server_ops ops = {on_request, body_max};

	if (m->n_servers == SERVERS_MAX) {
		close(fd);
		return;
	}
	m->servers[m->n_servers++] =
	    http_server_new(m->control->loop, fd, NULL, &ops, m);
}

void
metrics_stop(struct metrics *m)
{
	const struct http_reply away = {.status = 503};

	while (m->n_servers > 0)
		http_server_free(m->servers[--m->n_servers]);
	LIST_FOREACH_SAFE(it, &m->scrapes) {
		struct scrape *s = container_of(it, struct scrape, link);

		list_remove(it);
		stats_forget(m->control, s);
		http_answer(s->x, &away); /* nobody is there */
		free(s);
	}
}

struct metrics *
metrics_new(struct control *c)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->control = c;
	list_init(&m->scrapes);
	buf_init(&m->store, HTTP_UNSENT_MAX);
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	metrics_stop(m);
	buf_clear(&m->store);
	free(m);
}
