#include "router/control/stats.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "router/control/ask.h"
#include "router/control/control.h"
#include "router/control/workers.h"

/* Of one worker; each is a message of some tens of apps. */
#define PAGES_MAX 100

struct waiter {
	struct list link;
	stats_done *done;
	void *ctx;
};

/* How far one worker has told. */
struct reading {
	struct stats *of;
	uint32_t seat, skip, pages;
	bool has_more;
};

struct stats {
	struct control *control;
	struct stats_app all;
	struct traffic_totals other;
	struct map by_name;
	struct stats_app *apps[STATS_APPS_MAX];
	size_t n_apps;
	char codes[TRAFFIC_CODES][STATS_CODE_SIZE];
	/* the collection under way, or the last one */
	struct list waiters;
	uint32_t number;
	int64_t now_ms;
	size_t n_open; /* workers that still tell, and who asks them */
	struct reading readings[WORKERS_MAX];
};

struct stats *
stats_new(struct control *c)
{
	struct stats *s = xcalloc(1, sizeof(*s));

	s->control = c;
	map_init(&s->by_name, STATS_APPS_MAX);
	list_init(&s->waiters);
	return s;
}

static void
clear_app(const struct stats *s, struct stats_app *a)
{
	size_t seats = config_seats(&s->control->config);

	for (size_t i = 0; a->then != NULL && i < seats; i++)
		free(a->then[i].totals);
	free(a->then);
}

void
stats_free(struct stats *s)
{
	if (s == NULL)
		return;
	LIST_FOREACH_SAFE(it, &s->waiters) {
		list_remove(it);
		free(container_of(it, struct waiter, link));
	}
	for (size_t i = 0; i < s->n_apps; i++) {
		clear_app(s, s->apps[i]);
		free(s->apps[i]);
	}
	clear_app(s, &s->all);
	map_clear(&s->by_name);
	free(s);
}

/* --- apps ------------------------------------------------------------------
 */

static bool
app_exists(struct stats *s, const char *name)
{
	static const char sql[] = "SELECT 1 FROM app WHERE name = ?1";
	struct stmt *st = db_stmt(s->control->db, sql);
	bool exists;

	stmt_str(st, 1, name);
	exists = stmt_step(st) == ERR_OK;
	stmt_done(st);
	return exists;
}

/* A name that is gone makes room for another. */
static void
forget_destroyed(struct stats *s)
{
	size_t n = s->n_apps;

	s->n_apps = 0;
	for (size_t i = 0; i < n; i++) {
		struct stats_app *a = s->apps[i];

		if (app_exists(s, a->name)) {
			s->apps[s->n_apps++] = a;
			continue;
		}
		(void)map_remove(&s->by_name, slice_str(a->name));
		clear_app(s, a);
		free(a);
	}
}

/* In its place by name. */
static void
insert(struct stats *s, struct stats_app *a)
{
	size_t i = s->n_apps++;

	for (; i > 0 && strcmp(s->apps[i - 1]->name, a->name) > 0; i--)
		s->apps[i] = s->apps[i - 1];
	s->apps[i] = a;
}

/* NULL: it is not told apart from others. */
static struct stats_app *
app_named(struct stats *s, const char *name)
{
	struct stats_app *a = map_get(&s->by_name, slice_str(name));

	if (a != NULL || s->n_apps == STATS_APPS_MAX || !app_exists(s, name))
		return a;
	a = xcalloc(1, sizeof(*a));
	memcpy(a->name, name, strlen(name) + 1); /* it came with that limit */
	(void)map_put(&s->by_name, slice_str(a->name), a);
	traffic_recent_move(&a->traffic.recent, s->now_ms);
	insert(s, a);
	return a;
}

/* What one worker has counted of an app is added to what others have. */
static void
add_worker(struct stats *s, struct stats_app *a, uint32_t seat,
    const struct traffic *t)
{
	struct traffic_totals *then;

	if (a->seen_in == s->number && a->seen_at == seat)
		return; /* it moved to a page behind meanwhile */
	a->seen_in = s->number;
	a->seen_at = seat;
	if (a->then == NULL)
		a->then = xcalloc(
		    config_seats(&s->control->config), sizeof(*a->then));
	if (a->then[seat].totals == NULL)
		a->then[seat].totals = xcalloc(1, sizeof(*then));
	then = a->then[seat].totals;
	traffic_totals_grow(&a->traffic.totals, then, &t->totals);
	*then = t->totals;
	a->traffic.active += t->active;
	traffic_recent_add(&a->traffic.recent, &t->recent);
}

/* --- reading ---------------------------------------------------------------
 */

static void
read_codes(struct stats *s, struct wire *w)
{
	uint32_t n = wire_u32(w);

	for (uint32_t i = 0; i < n && !w->bad; i++) {
		char name[STATS_CODE_SIZE];

		wire_str(w, name, sizeof(name));
		if (i < TRAFFIC_CODES)
			memcpy(s->codes[i], name, sizeof(name));
	}
}

static void
read_traffic(struct stats *s, struct wire *w, struct traffic *out)
{
	*out = (struct traffic){.active = wire_u64(w)};
	traffic_read_totals(w, &out->totals);
	traffic_read_recent(w, &out->recent, s->now_ms);
}

static enum err
on_answer(void *ctx, uint32_t seat, struct slice body)
{
	struct reading *r = ctx;
	struct stats *s = r->of;
	struct wire w = wire_open(body);
	struct traffic t;
	uint32_t known, n;

	read_codes(s, &w);
	read_traffic(s, &w, &t);
	known = wire_u32(&w);
	n = wire_u32(&w);
	if (r->skip == 0 && !w.bad)
		add_worker(s, &s->all, seat, &t);
	for (uint32_t i = 0; i < n && !w.bad; i++) {
		char name[STATS_NAME_SIZE];
		struct stats_app *a;

		wire_str(&w, name, sizeof(name));
		read_traffic(s, &w, &t);
		a = w.bad ? NULL : app_named(s, name);
		if (a != NULL)
			add_worker(s, a, seat, &t);
	}
	r->skip += n;
	r->has_more = n > 0 && r->skip < known && ++r->pages < PAGES_MAX;
	return wire_end(&w);
}

/* --- collecting ------------------------------------------------------------
 */

static void
tell_waiters(struct stats *s)
{
	const struct stats_view view = {
	    .now_ms = s->now_ms,
	    .all = &s->all.traffic,
	    .other = &s->other,
	    .apps = s->apps,
	    .n_apps = s->n_apps,
	    .codes = s->codes,
	};
	struct list *first;
	size_t n = 0;

	/* who asks from within a callback waits for the next collection */
	LIST_FOREACH(it, &s->waiters) {
		n++;
	}
	while (n-- > 0 && (first = list_first(&s->waiters)) != NULL) {
		struct waiter *w = container_of(first, struct waiter, link);

		list_remove(first);
		w->done(w->ctx, &view);
		free(w);
	}
}

static void collect(struct stats *s);

static void
release(struct stats *s)
{
	struct traffic_totals listed = {0};

	if (s->n_open > 1) {
		s->n_open--;
		return;
	}
	for (size_t i = 0; i < s->n_apps; i++)
		traffic_totals_add(&listed, &s->apps[i]->traffic.totals);
	traffic_totals_rest(&s->other, &s->all.traffic.totals, &listed);
	tell_waiters(s);
	s->n_open = 0;
	if (!list_empty(&s->waiters))
		collect(s);
}

static void on_page(void *ctx);

static void
ask_page(struct stats *s, struct reading *r)
{
	struct ask ask = {.type = MSG_APP_STATS,
	    .seat = r->seat,
	    .on_answer = on_answer,
	    .on_done = on_page,
	    .ctx = r};
	struct buf body;

	r->has_more = false;
	buf_init(&body, sizeof(uint32_t));
	wire_put_u32(&body, r->skip);
	ask.body = buf_slice(&body);
	ask_workers(s->control, &ask);
	buf_clear(&body);
}

static void
on_page(void *ctx)
{
	struct reading *r = ctx;

	if (r->has_more)
		ask_page(r->of, r);
	else
		release(r->of);
}

static void
begin_app(struct stats_app *a, int64_t now_ms)
{
	a->traffic.active = 0;
	a->traffic.recent = (struct traffic_recent){0};
	traffic_recent_move(&a->traffic.recent, now_ms);
}

static void
collect(struct stats *s)
{
	uint32_t seats = workers_seats(s->control);

	s->number++;
	s->now_ms = clock_mono_ms();
	forget_destroyed(s);
	begin_app(&s->all, s->now_ms);
	for (size_t i = 0; i < s->n_apps; i++)
		begin_app(s->apps[i], s->now_ms);
	s->n_open = 1 + seats;
	for (uint32_t i = 0; i < seats; i++) {
		s->readings[i] = (struct reading){.of = s, .seat = i};
		ask_page(s, &s->readings[i]);
	}
	release(s);
}

void
stats_collect(struct control *c, stats_done *done, void *ctx)
{
	struct stats *s = c->stats;
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->done = done;
	w->ctx = ctx;
	list_append(&s->waiters, &w->link);
	if (s->n_open == 0)
		collect(s);
}

void
stats_forget(struct control *c, void *ctx)
{
	LIST_FOREACH_SAFE(it, &c->stats->waiters) {
		struct waiter *w = container_of(it, struct waiter, link);

		if (w->ctx != ctx)
			continue;
		list_remove(it);
		free(w);
	}
}

const struct stats_app *
stats_find(const struct stats_view *view, struct slice name)
{
	for (size_t i = 0; i < view->n_apps; i++)
		if (slice_eq(name, slice_str(view->apps[i]->name)))
			return view->apps[i];
	return NULL;
}
