#include "router/control/workers.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/shared.h"
#include "base/wire.h"
#include "router/control/control.h"

#define COUNT_HOSTS_MAX 400 /* of one question: a message holds so many */

struct worker_link {
	struct stats_page *page; /* NULL: none was given */
	struct channel *channel; /* NULL: never there */
};

struct workers {
	struct worker_link items[WORKERS_MAX];
	size_t n;       /* with a page */
	size_t n_links; /* with a channel, at most */
};

struct workers *
workers_new(void)
{
	return xcalloc(1, sizeof(struct workers));
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < WORKERS_MAX; i++) {
		channel_free(w->items[i].channel);
		if (w->items[i].page != NULL)
			stats_unmap(w->items[i].page);
	}
	free(w);
}

enum err
workers_add_page(struct workers *w, int fd)
{
	enum err e = ERR_TOO_BIG;

	if (w->n < WORKERS_MAX)
		e = stats_map(fd, false, &w->items[w->n].page);
	if (e == ERR_OK)
		w->n++;
	close(fd);
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

static void
on_closed(void *ctx, struct channel *c)
{
	(void)ctx; /* the parent brings a new one when the worker is back */
	(void)c;
}

void
workers_set_channel(struct control *c, uint32_t i, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct workers *w = c->workers;

	if (i >= WORKERS_MAX) {
		close(fd);
		return;
	}
	channel_free(w->items[i].channel);
	w->items[i].channel =
	    channel_new(fd, ROLE_CONTROL, ROLE_WORKER, i, &ops, c);
	channel_start(w->items[i].channel, c->loop);
	if (i >= w->n_links)
		w->n_links = i + 1;
}

json_t *
workers_json(const struct workers *w)
{
	uint64_t open = 0, total = 0, full = 0, resumed = 0, failed = 0;
	uint64_t requests = 0, active = 0, errors = 0, in = 0, out = 0;
	uint64_t dropped = 0, up = 0;
	json_t *o = json_object();

	for (size_t i = 0; i < w->n; i++) {
		struct stats_page *p = w->items[i].page;
		const struct channel *c = w->items[i].channel;

		up += c != NULL && channel_is_open(c);
		open += atomic_load(&p->connections_open);
		total += atomic_load(&p->connections_total);
		full += atomic_load(&p->handshakes_full);
		resumed += atomic_load(&p->handshakes_resumed);
		failed += atomic_load(&p->handshakes_failed);
		requests += atomic_load(&p->requests_total);
		active += atomic_load(&p->requests_active);
		errors += atomic_load(&p->errors);
		in += atomic_load(&p->bytes_in);
		out += atomic_load(&p->bytes_out);
		dropped += atomic_load(&p->log_lines_dropped);
	}
	json_put_int(o, "count", (int64_t)w->n);
	json_put_int(o, "up", (int64_t)up);
	json_put_int(o, "connections_open", (int64_t)open);
	json_put_int(o, "connections_total", (int64_t)total);
	json_put_int(o, "handshakes_full", (int64_t)full);
	json_put_int(o, "handshakes_resumed", (int64_t)resumed);
	json_put_int(o, "handshakes_failed", (int64_t)failed);
	json_put_int(o, "requests_total", (int64_t)requests);
	json_put_int(o, "requests_active", (int64_t)active);
	json_put_int(o, "errors", (int64_t)errors);
	json_put_int(o, "bytes_in", (int64_t)in);
	json_put_int(o, "bytes_out", (int64_t)out);
	json_put_int(o, "log_lines_dropped", (int64_t)dropped);
	return o;
}

/* A count under way.  Owned by: its open questions; the last one frees it. */
struct count {
	workers_counted *done;
	void *ctx;
	uint64_t *sums;
	size_t n;
	size_t n_open;
};

static void
release(struct count *k)
{
	if (--k->n_open > 0)
		return;
	k->done(k->ctx, k->sums, k->n);
	free(k->sums);
	free(k);
}

static void
on_answer(void *ctx, enum err e, struct slice body, const struct fault *f)
{
	struct count *k = ctx;
	struct wire w = wire_open(body);
	uint64_t *counts = xcalloc(k->n + 1, sizeof(*counts));

	(void)f;
	for (size_t i = 0; i < k->n; i++)
		counts[i] = wire_u64(&w);
	if (e == ERR_OK && wire_end(&w) == ERR_OK)
		for (size_t i = 0; i < k->n; i++)
			k->sums[i] += counts[i];
	free(counts);
	release(k);
}

void
workers_count(struct control *c, const char *const *hosts, size_t n,
    workers_counted *done, void *ctx)
{
	struct count *k = xcalloc(1, sizeof(*k));
	struct workers *w = c->workers;
	struct buf body;

	k->done = done;
	k->ctx = ctx;
	k->n = n > COUNT_HOSTS_MAX ? COUNT_HOSTS_MAX : n;
	k->sums = xcalloc(n + 1, sizeof(*k->sums));
	k->n_open = 1; /* ourselves, until all are asked */
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	wire_put_u32(&body, (uint32_t)k->n);
	for (size_t i = 0; i < k->n; i++)
		wire_put_str(&body, hosts[i]);
	for (size_t i = 0; i < w->n_links && k->n > 0; i++) {
		struct channel *channel = w->items[i].channel;

		if (channel == NULL || !channel_is_open(channel))
			continue;
		k->n_open++;
		channel_request(channel, MSG_HOST_STATS, buf_slice(&body),
		    WORKERS_WAIT_MS, on_answer, k);
	}
	buf_clear(&body);
	release(k);
}
