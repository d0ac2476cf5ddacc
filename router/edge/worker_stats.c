#include "router/edge/worker_stats.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/wire.h"
#include "router/edge/worker.h"
#include "router/edge/worker_logs.h"

#define HOSTS_ASKED_MAX 10000

static enum err
answer_hosts(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	uint32_t n = wire_u32(&in);
	int64_t now = clock_now();
	struct buf out;

	if (n > HOSTS_ASKED_MAX)
		return ERR_SYNTAX;
	buf_init(&out, CHANNEL_MESSAGE_MAX);
	for (uint32_t i = 0; i < n; i++) {
		struct slice host = wire_bytes(&in);

		wire_put_u64(&out, sites_requests(&w->sites, host, now));
	}
	if (wire_end(&in) != ERR_OK) {
		buf_clear(&out);
		return ERR_SYNTAX;
	}
	(void)channel_answer_ok(c, m->number, buf_slice(&out));
	buf_clear(&out);
	return ERR_OK;
}

/* --- apps ------------------------------------------------------------------
 */

/* Traffic of an app or of all at its largest, with its name; a fifth of a
 * message. */
#define TRAFFIC_SIZE ((size_t)8 * 1024)

static void
put_traffic(struct buf *out, struct traffic *t, int64_t now_ms)
{
	traffic_recent_move(&t->recent, now_ms);
	wire_put_u64(out, t->active);
	traffic_put_totals(out, &t->totals);
	traffic_put_recent(out, &t->recent);
}

static void
put_code_names(struct buf *out)
{
	wire_put_u32(out, CODES);
	for (int i = 0; i < CODES; i++)
		wire_put_str(out, code_row((enum code)i)->name);
}

static struct app *
app_of(struct list *link)
{
	return container_of(
	    container_of(link, struct lru_item, link), struct app, item);
}

/* Returns how many there was room for. */
static uint32_t
put_apps(struct worker *w, struct buf *rows, uint32_t skip, int64_t now_ms)
{
	uint32_t n = 0;

	LIST_FOREACH(it, &w->apps.lru.order) {
		struct app *a = app_of(it);

		if (skip > 0) {
			skip--;
			continue;
		}
		if (rows->len + TRAFFIC_SIZE > rows->max)
			break;
		wire_put_str(rows, a->name);
		put_traffic(rows, &a->tally->traffic, now_ms);
		n++;
	}
	return n;
}

static enum err
answer_apps(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	uint32_t skip = wire_u32(&in), n;
	int64_t now_ms = clock_mono_ms();
	struct buf rows, out;

	if (wire_end(&in) != ERR_OK)
		return ERR_SYNTAX;
	buf_init(&rows, CHANNEL_MESSAGE_MAX - 2 * TRAFFIC_SIZE);
	buf_init(&out, CHANNEL_MESSAGE_MAX);
	n = put_apps(w, &rows, skip, now_ms);
	put_code_names(&out);
	put_traffic(&out, &w->traffic, now_ms);
	wire_put_u32(&out, (uint32_t)lru_count(&w->apps.lru));
	wire_put_u32(&out, n);
	(void)buf_add(&out, buf_slice(&rows));
	(void)channel_answer_ok(c, m->number, buf_slice(&out));
	buf_clear(&rows);
	buf_clear(&out);
	return ERR_OK;
}

/* --- backends --------------------------------------------------------------
 */

/* One in an answer, with the longest address. */
#define BACKEND_SIZE 512

static void
put_backend(struct buf *out, const struct backend *b)
{
	const struct backend_counts *n = &b->counts;

	wire_put_str(out, b->address);
	wire_put_u64(out, n->requests);
	wire_put_u64(out, n->failures);
	wire_put_u64(out, n->connect_failures);
	wire_put_u64(out, n->service_ms);
	wire_put_u64(out, b->active);
}

/* Of an app that is not in use here there are none. */
static uint32_t
put_backends(struct worker *w, struct slice name, struct buf *rows)
{
	uint32_t n = 0;

	LIST_FOREACH(it, &w->apps.lru.order) {
		const struct app *a = app_of(it);

		if (!slice_eq(name, slice_str(a->name)))
			continue;
		for (size_t i = 0;
		     i < a->n_backends && rows->len + BACKEND_SIZE <= rows->max;
		     i++, n++)
			put_backend(rows, a->backends[i].backend);
		break;
	}
	return n;
}

static enum err
answer_backends(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	struct slice name = wire_bytes(&in);
	struct buf rows, out;

	if (wire_end(&in) != ERR_OK)
		return ERR_SYNTAX;
	buf_init(&rows, CHANNEL_MESSAGE_MAX - sizeof(uint32_t));
	buf_init(&out, CHANNEL_MESSAGE_MAX);
	wire_put_u32(&out, put_backends(w, name, &rows));
	(void)buf_add(&out, buf_slice(&rows));
	(void)channel_answer_ok(c, m->number, buf_slice(&out));
	buf_clear(&rows);
	buf_clear(&out);
	return ERR_OK;
}

enum err
worker_stats_answer(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	switch ((int)m->type) {
	case MSG_HOST_STATS:
		return answer_hosts(w, c, m);
	case MSG_APP_STATS:
		return answer_apps(w, c, m);
	case MSG_BACKEND_STATS:
		return answer_backends(w, c, m);
	default:
		return worker_logs_answer(w, c, m);
	}
}
