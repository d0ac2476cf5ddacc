#include "router/control/api_stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/app.h"
#include "router/control/ask.h"
#include "router/control/metrics.h"
#include "router/control/stats.h"

#define BACKENDS_MAX 10000 /* of one app, told by all workers */

/* --- traffic as JSON -------------------------------------------------------
 */

/* Rounded to what the histogram knows. */
static json_t *
seconds(double s)
{
	return json_real((double)(int64_t)(s * 1e5 + 0.5) / 1e5);
}

static json_t *
rate(double per_second)
{
	return json_real((double)(int64_t)(per_second * 100 + 0.5) / 100);
}

static json_t *
statuses_json(const struct traffic_totals *t)
{
	json_t *o = json_object();
	char name[8];

	for (int i = 1; i < TRAFFIC_CLASSES; i++) {
		(void)snprintf(name, sizeof(name), "%dxx", i);
		json_put_int(o, name, (int64_t)t->classes[i]);
	}
	return o;
}

static json_t *
codes_json(const struct stats_view *v, const struct traffic_totals *t)
{
	json_t *o = json_object();

	for (int i = 1; i < TRAFFIC_CODES; i++)
		if (t->codes[i] > 0 && v->codes[i][0] != '\0')
			json_put_int(o, v->codes[i], (int64_t)t->codes[i]);
	return o;
}

static void
put_totals(
    json_t *o, const struct stats_view *v, const struct traffic_totals *t)
{
	json_put_int(o, "requests", (int64_t)traffic_requests(t));
	json_put_int(o, "errors", (int64_t)t->errors);
	json_put(o, "statuses", statuses_json(t));
	json_put(o, "codes", codes_json(v, t));
	json_put_int(o, "bytes_in", (int64_t)t->bytes_in);
	json_put_int(o, "bytes_out", (int64_t)t->bytes_out);
}

/* Requests in each of the last five minutes' slots, oldest first; the newest
 * is not over. */
static json_t *
slots_json(const struct traffic_recent *r)
{
	json_t *list = json_array();

	for (int64_t i = r->slot + 1; i <= r->slot + TRAFFIC_SLOTS; i++)
		json_array_append_new(
		    list, json_integer(r->slots[i % TRAFFIC_SLOTS].requests));
	return list;
}

static json_t *
traffic_json(const struct stats_view *v, const struct traffic *t)
{
	struct traffic_rate now = traffic_rate(&t->recent, v->now_ms);
	json_t *o = json_object();

	json_put_int(o, "active", (int64_t)t->active);
	json_put(o, "requests_per_second", rate(now.requests));
	json_put(o, "failures_per_second", rate(now.failures));
	json_put(o, "p50", seconds(traffic_quantile(&t->recent, 0.50)));
	json_put(o, "p95", seconds(traffic_quantile(&t->recent, 0.95)));
	json_put(o, "p99", seconds(traffic_quantile(&t->recent, 0.99)));
	put_totals(o, v, &t->totals);
	json_put(o, "requests_per_5s", slots_json(&t->recent));
	return o;
}

static json_t *
app_traffic_json(const struct stats_view *v, const struct stats_app *a)
{
	json_t *o = traffic_json(v, &a->traffic);

	json_put_str(o, "app", a->name);
	return o;
}

/* --- backends --------------------------------------------------------------
 */

/* A question about one app's backends. */
struct backends_asked {
	struct api_call *call;
	char app[STATS_NAME_SIZE];
	json_t *by_address;
};

static void
drop_backends(void *ctx)
{
	struct backends_asked *b = ctx;

	json_decref(b->by_address);
	free(b);
}

static void
add(json_t *o, const char *key, uint64_t n)
{
	json_put_int(o, key, json_int(o, key) + (int64_t)n);
}

static enum err
on_backends(void *ctx, uint32_t seat, struct slice body)
{
	struct backends_asked *b = ctx;
	struct wire w = wire_open(body);
	uint32_t n = wire_u32(&w);

	(void)seat;
	for (uint32_t i = 0; i < n && !w.bad; i++) {
		char address[API_PARAM_SIZE];
		json_t *o;

		wire_str(&w, address, sizeof(address));
		o = json_object_get(b->by_address, address);
		if (o == NULL && json_object_size(b->by_address) < BACKENDS_MAX)
			json_put(b->by_address, address, o = json_object());
		if (o == NULL)
			return ERR_TOO_BIG;
		json_put_str(o, "address", address);
		add(o, "requests", wire_u64(&w));
		add(o, "failures", wire_u64(&w));
		add(o, "connect_failures", wire_u64(&w));
		add(o, "service_ms", wire_u64(&w));
		add(o, "active", wire_u64(&w));
	}
	return wire_end(&w);
}

/* The sum of milliseconds becomes what people ask for. */
static void
put_mean(json_t *o)
{
	int64_t n = json_int(o, "requests");
	double ms = (double)json_int(o, "service_ms");

	json_put(o, "service_mean", seconds(n == 0 ? 0 : ms / n / 1000.));
	(void)json_object_del(o, "service_ms");
}

static void
on_backends_done(void *ctx)
{
	struct backends_asked *b = ctx;
	struct api_call *call = b->call;
	json_t *list = json_array(), *o;
	const char *address;

	json_object_foreach(b->by_address, address, o)
	{
		put_mean(o);
		json_array_append(list, o);
	}
	json_put(call->answer, "backends", list);
	drop_backends(b);
	call->drop = NULL;
	api_finish(call);
}

static void
ask_backends(struct api_call *call, const char *app)
{
	struct backends_asked *b = xcalloc(1, sizeof(*b));
	struct ask ask = {.type = MSG_BACKEND_STATS,
	    .seat = ASK_ALL,
	    .on_answer = on_backends,
	    .on_done = on_backends_done,
	    .ctx = b};
	struct buf body;

	b->call = call;
	b->by_address = json_object();
	call->drop = drop_backends;
	call->drop_ctx = b;
	buf_init(&body, STATS_NAME_SIZE + 8);
	wire_put_str(&body, app);
	ask.body = buf_slice(&body);
	ask_workers(call->control, &ask);
	buf_clear(&body);
}

/* --- /v1/stats (?summary=1: without the apps)
 * -------------------------------------------------------------
 */

static void
forget(void *ctx)
{
	struct api_call *call = ctx;

	stats_forget(call->control, call);
}

static void
on_all(void *ctx, const struct stats_view *v)
{
	struct api_call *call = ctx;
	json_t *o = json_object(), *apps = json_array();
	json_t *other = json_object();
	size_t n = api_query_is(call, "summary") ? 0 : v->n_apps;

	call->drop = NULL;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(apps, app_traffic_json(v, v->apps[i]));
	put_totals(other, v, v->other);
	json_put(o, "all", traffic_json(v, v->all));
	json_put(o, "apps", apps);
	json_put(o, "other", other);
	json_put_time(o, "at", clock_now());
	call->answer = o;
	api_finish(call);
}

static void
on_one(void *ctx, const struct stats_view *v)
{
	static const struct traffic none = {0};
	struct api_call *call = ctx;
	char name[STATS_NAME_SIZE] = "";
	const struct stats_app *a;
	struct fault f = {0};

	call->drop = NULL;
	if (api_query(call, "app", name, sizeof(name), &f) != ERR_OK)
		name[0] = '\0'; /* it could be read before */
	a = stats_find(v, slice_str(name));
	call->answer = traffic_json(v, a == NULL ? &none : &a->traffic);
	json_put_str(call->answer, "app", name);
	json_put_time(call->answer, "at", clock_now());
	ask_backends(call, name);
}

enum err
api_stats(struct api_call *call, struct fault *f)
{
	char name[STATS_NAME_SIZE] = "";
	struct app app;
	enum err e = api_query(call, "app", name, sizeof(name), f);

	if (e == ERR_OK && name[0] != '\0') {
		e = app_load(call->control, name, &app, f);
		if (e == ERR_OK)
			app_unload(&app);
	}
	if (e != ERR_OK)
		return e;
	call->drop = forget;
	call->drop_ctx = call;
	stats_collect(call->control, name[0] == '\0' ? on_all : on_one, call);
	return ERR_OK;
}

/* --- /metrics --------------------------------------------------------------
 */

static void
on_metrics(void *ctx, const struct stats_view *v)
{
	struct api_call *call = ctx;
	struct buf text;

	call->drop = NULL;
	buf_init(&text, HTTP_UNSENT_MAX);
	metrics_write(call->control, v, &text);
	api_finish_text(call, METRICS_TYPE, buf_slice(&text));
	buf_clear(&text);
}

enum err
api_metrics(struct api_call *call, struct fault *f)
{
	(void)f;
	call->drop = forget;
	call->drop_ctx = call;
	stats_collect(call->control, on_metrics, call);
	return ERR_OK;
}
