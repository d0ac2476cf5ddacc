#include "router/control/workers.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/shared.h"
#include "base/wire.h"
#include "router/control/ask.h"
#include "router/control/control.h"

#define COUNT_HOSTS_MAX 400 /* of one question: a message holds so many */

struct worker_link {
	struct stats_page *page; /* NULL: no such seat */
	struct channel *channel; /* NULL: never there */
	struct channel *former;  /* of who sat there before */
};

struct workers {
	struct worker_link items[WORKERS_MAX];
	size_t n;          /* seats, each with a page */
	size_t n_links;    /* with a channel, at most */
	struct list asked; /* questions under way (ask.c) */
};

struct workers *
workers_new(void)
{
	struct workers *w = xcalloc(1, sizeof(*w));

	list_init(&w->asked);
	return w;
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		channel_free(w->items[i].channel);
		channel_free(w->items[i].former);
		if (w->items[i].page != NULL)
			stats_unmap(w->items[i].page);
	}
	asks_free(&w->asked);
	free(w);
}

enum err
workers_map_pages(struct control *c, int fd)
{
	struct workers *w = c->workers;
	size_t n = config_seats(&c->config);
	enum err e = n <= WORKERS_MAX ? ERR_OK : ERR_TOO_BIG;

	for (; e == ERR_OK && w->n < n; w->n++)
		e = stats_map(fd, w->n, false, &w->items[w->n].page);
	return e;
}

/* Workers ask control nothing. */
static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	(void)ctx;
	(void)c;
	(void)m;
	return ERR_SYNTAX;
}

/* A worker of this generation comes back, and begins its counts anew; in the
 * seats of former ones nobody would. */
static void
on_closed(void *ctx, struct channel *channel)
{
	struct control *c = ctx;
	const struct workers *w = c->workers;
	size_t first = config_seat(&c->config, child_generation(c->child), 0);
	size_t n = (size_t)c->config.router.workers;

	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].channel == channel &&
		    (i < first || i >= first + n))
			limits_begin(c->limits, (uint32_t)i);
}

void
workers_set_channel(struct control *c, uint32_t seat, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct workers *w = c->workers;

	if (seat >= w->n) {
		close(fd);
		return;
	}
	/* the old one lives until the loop has told that it is lost, to whom
	 * still waits for an answer */
	channel_free(w->items[seat].former);
	w->items[seat].former = w->items[seat].channel;
	w->items[seat].channel =
	    channel_new(fd, ROLE_CONTROL, ROLE_WORKER, seat, &ops, c);
	channel_start(w->items[seat].channel, c->loop);
	if (seat >= w->n_links)
		w->n_links = seat + 1;
}

/* The counters that /v1/status tells, by their names in it. */
#define COUNTER(name)                                                          \
	{                                                                      \
#name, offsetof(struct stats_page, name)                       \
	}
static const struct counter {
	const char *name;
	size_t offset;
} counters[] = {
    COUNTER(connections_open),
    COUNTER(connections_total),
    COUNTER(handshakes_full),
    COUNTER(handshakes_resumed),
    COUNTER(handshakes_failed),
    COUNTER(requests_total),
    COUNTER(requests_active),
    COUNTER(errors),
    COUNTER(bytes_in),
    COUNTER(bytes_out),
    COUNTER(log_lines_dropped),
};

static bool
is_up(const struct worker_link *l)
{
	return l->channel != NULL && channel_is_open(l->channel);
}

static uint64_t
counter_of(const struct worker_link *l, const struct counter *c)
{
	const char *at = (const char *)l->page + c->offset;

	return atomic_load((const _Atomic uint64_t *)at);
}

static json_t *
worker_json(const struct worker_link *l)
{
	json_t *o = json_object();

	json_put_bool(o, "up", is_up(l));
	for (size_t i = 0; i < COUNT_OF(counters); i++)
		json_put_int(
		    o, counters[i].name, (int64_t)counter_of(l, &counters[i]));
	return o;
}

/* Over all seats: what workers of former generations counted is not lost. */
static int64_t
sum_of(const struct workers *w, const struct counter *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++)
		sum += counter_of(&w->items[i], c);
	return (int64_t)sum;
}

/* The seats of a generation: so many from here on. */
static const struct worker_link *
seats_of(const struct control *c, uint32_t generation, size_t *n)
{
	*n = (size_t)c->config.router.workers;
	return &c->workers->items[config_seat(&c->config, generation, 0)];
}

json_t *
workers_json(const struct control *c)
{
	json_t *o = json_object(), *each = json_array();
	const struct worker_link *links;
	int64_t up = 0;
	size_t n;

	links = seats_of(c, child_generation(c->child), &n);
	for (size_t i = 0; i < n; i++) {
		up += is_up(&links[i]);
		json_array_append_new(each, worker_json(&links[i]));
	}
	json_put_int(o, "count", (int64_t)n);
	json_put_int(o, "up", up);
	for (size_t i = 0; i < COUNT_OF(counters); i++)
		json_put_int(
		    o, counters[i].name, sum_of(c->workers, &counters[i]));
	json_put(o, "each", each);
	return o;
}

void
workers_sum(const struct control *c, struct workers_counts *out)
{
	const struct workers *w = c->workers;

	*out = (struct workers_counts){0};
	for (size_t i = 0; i < w->n; i++) {
		struct stats_page *p = w->items[i].page;

		/* parts before the whole, which so is never less */
		out->handshakes_full_tls12 +=
		    atomic_load(&p->handshakes_full_tls12);
		out->handshakes_resumed_tls12 +=
		    atomic_load(&p->handshakes_resumed_tls12);
		out->handshakes_refused += atomic_load(&p->handshakes_refused);
		for (size_t j = 0; j < STATS_HTTP2_ABUSES; j++)
			out->http2_abuses[j] +=
			    atomic_load(&p->http2_abuses[j]);
		out->handshakes_full += atomic_load(&p->handshakes_full);
		out->handshakes_resumed += atomic_load(&p->handshakes_resumed);
		out->handshakes_failed += atomic_load(&p->handshakes_failed);
		out->log_lines_dropped += atomic_load(&p->log_lines_dropped);
		if (!is_up(&w->items[i]))
			continue; /* who died left its gauges behind */
		out->up++;
		out->connections_open += atomic_load(&p->connections_open);
		out->connections_serving +=
		    atomic_load(&p->connections_serving);
		out->connections_closing +=
		    atomic_load(&p->connections_closing);
		out->parked += atomic_load(&p->parked);
	}
}

/* NULL: nobody of that generation lives. */
static json_t *
generation_json(const struct control *c, uint32_t place)
{
	const struct worker_link *links;
	int64_t up = 0, connections = 0;
	uint64_t number = 0;
	json_t *o;
	size_t n;

	links = seats_of(c, place, &n);
	for (size_t i = 0; i < n; i++) {
		if (!is_up(&links[i]))
			continue;
		up++;
		connections +=
		    (int64_t)atomic_load(&links[i].page->connections_open);
		number = atomic_load(&links[i].page->generation);
	}
	if (up == 0)
		return NULL;
	o = json_object();
	json_put_int(o, "number", (int64_t)number);
	json_put_int(o, "workers", up);
	json_put_int(o, "connections", connections);
	return o;
}

json_t *
workers_generations_json(const struct control *c)
{
	uint32_t newest = child_generation(c->child);
	json_t *all = json_array();

	for (uint32_t i = 0; i < GENERATIONS_MAX && i < newest; i++) {
		json_t *o = generation_json(c, newest - i);

		if (o != NULL)
			json_array_append_new(all, o);
	}
	return all;
}

/* --- questions -------------------------------------------------------------
 */

uint32_t
workers_seats(const struct control *c)
{
	return (uint32_t)c->workers->n_links;
}

struct channel *
workers_channel(const struct control *c, uint32_t seat)
{
	const struct worker_link *l = &c->workers->items[seat];

	return is_up(l) ? l->channel : NULL;
}

struct list *
workers_asked(struct control *c)
{
	return &c->workers->asked;
}

/* A count under way. */
struct count {
	workers_counted *done;
	void *ctx;
	uint64_t *sums;
	size_t n;
};

static void
on_counted(void *ctx)
{
	struct count *k = ctx;

	k->done(k->ctx, k->sums, k->n);
	free(k->sums);
	free(k);
}

static enum err
on_counts(void *ctx, uint32_t seat, struct slice body)
{
	struct count *k = ctx;
	struct wire w = wire_open(body);
	uint64_t *counts = xcalloc(k->n + 1, sizeof(*counts));
	enum err e;

	(void)seat;
	for (size_t i = 0; i < k->n; i++)
		counts[i] = wire_u64(&w);
	e = wire_end(&w);
	for (size_t i = 0; e == ERR_OK && i < k->n; i++)
		k->sums[i] += counts[i];
	free(counts);
	return e;
}

void
workers_count(struct control *c, const char *const *hosts, size_t n,
    workers_counted *done, void *ctx)
{
	struct count *k = xcalloc(1, sizeof(*k));
	struct ask ask = {.type = MSG_HOST_STATS,
	    .seat = ASK_ALL,
	    .on_answer = on_counts,
	    .on_done = on_counted,
	    .ctx = k};
	struct buf body;

	k->done = done;
	k->ctx = ctx;
	k->n = n > COUNT_HOSTS_MAX ? COUNT_HOSTS_MAX : n;
	k->sums = xcalloc(n + 1, sizeof(*k->sums));
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	wire_put_u32(&body, (uint32_t)k->n);
	for (size_t i = 0; i < k->n; i++)
		wire_put_str(&body, hosts[i]);
	ask.body = buf_slice(&body);
	ask_workers(c, &ask);
	buf_clear(&body);
}
