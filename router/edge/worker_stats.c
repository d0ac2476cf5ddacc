#include "router/edge/worker_stats.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/wire.h"
#include "router/edge/worker.h"

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

/* Room that one app takes in an answer, with its name. */
#define APP_SIZE (4 + APP_NAME_SIZE + 3 * 8)

static void
put_app(struct buf *out, const struct app *a)
{
	wire_put_str(out, a->name);
	wire_put_u64(out, traffic_requests(&a->counts->traffic.totals));
	wire_put_u64(out, a->counts->traffic.totals.errors);
	wire_put_u64(out, a->counts->traffic.active);
}

/* The latest used come first; what does not fit a message is left out. */
static enum err
answer_apps(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	struct slice wanted = wire_bytes(&in);
	struct buf rows, out;
	uint32_t n = 0;

	if (wire_end(&in) != ERR_OK)
		return ERR_SYNTAX;
	buf_init(&rows, CHANNEL_MESSAGE_MAX);
	buf_init(&out, CHANNEL_MESSAGE_MAX);
	LIST_FOREACH(it, &w->apps.lru.order) {
		const struct app *a = container_of(
		    container_of(it, struct lru_item, link), struct app, item);

		if (rows.len + APP_SIZE + 64 > CHANNEL_MESSAGE_MAX)
			break;
		if (wanted.n > 0 && !slice_eq(wanted, slice_str(a->name)))
			continue;
		put_app(&rows, a);
		n++;
	}
	wire_put_u32(&out, n);
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
	if (m->type == MSG_HOST_STATS)
		return answer_hosts(w, c, m);
	if (m->type == MSG_APP_STATS)
		return answer_apps(w, c, m);
	return ERR_SYNTAX;
}
