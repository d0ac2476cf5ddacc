#include "router/control/names.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "router/control/backend_target.h"
#include "router/control/control.h"

#define TICK_S         1.
#define UNUSED_AT_ONCE 64

struct name {
	struct list due; /* in names.due: to be asked */
	struct names *names;
	char *host;
	struct dns_query *query; /* under way; NULL: none */
	struct list waits;
	bool is_watched; /* there is, or was, a backend of it */
	struct addr addresses[DNS_ADDRESSES_MAX];
	size_t n;
	const char *why;
	unsigned failures;           /* in a row */
	int64_t answered_ms, due_ms; /* monotonic; 0: never */
};

struct names {
	struct control *control;
	struct map map;
	struct list due;
	struct ev_timer tick;
	size_t n_under_way;
};

static void name_answered(
    void *ctx, const struct dns_answer *answers, size_t n);

/* --- asking --------------------------------------------------------------- */

/* This machine, without asking anybody (RFC 6761, 6.3). */
static bool
is_localhost(struct slice host)
{
	return slice_eq(host, SLICE("localhost")) ||
	       slice_ends_with(host, SLICE(".localhost"));
}

static void
answer_localhost(struct name *nm)
{
	struct dns_answer here = {.n_addresses = 1, .ttl_s = NAMES_TTL_MAX_S};

	if (addr_parse_ip(SLICE("127.0.0.1"), 0, &here.addresses[0]) == ERR_OK)
		name_answered(nm, &here, 1);
}

static void
ask(struct name *nm)
{
	struct names *ns = nm->names;

	list_remove(&nm->due);
	ns->n_under_way++;
	if (is_localhost(slice_str(nm->host)))
		answer_localhost(nm);
	else
		nm->query = dns_ask_first(
		    ns->control->dns, nm->host, name_answered, nm);
}

static void
ask_next(struct names *ns)
{
	struct list *first;

	while (ns->n_under_way < NAMES_UNDER_WAY &&
	       (first = list_first(&ns->due)) != NULL)
		ask(container_of(first, struct name, due));
}

/* Soon: `first`, before all others that are due. */
static void
make_due(struct name *nm, bool first)
{
	if (nm->query != NULL)
		return;
	list_remove(&nm->due);
	if (first)
		list_push(&nm->names->due, &nm->due);
	else
		list_append(&nm->names->due, &nm->due);
}

static bool
is_unused(const struct name *nm)
{
	return !nm->is_watched && nm->query == NULL && list_empty(&nm->waits);
}

static void
forget(struct name *nm)
{
	(void)map_remove(&nm->names->map, slice_str(nm->host));
	list_remove(&nm->due);
	free(nm->host);
	free(nm);
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct names *ns = container_of(t, struct names, tick);
	struct name *unused[UNUSED_AT_ONCE];
	int64_t now_ms = clock_mono_ms();
	struct slice key;
	size_t at = 0, n_unused = 0;
	void *value;

	(void)loop;
	(void)events;
	while (map_next(&ns->map, &at, &key, &value)) {
		struct name *nm = value;

		if (nm->due_ms > now_ms || !list_empty(&nm->due))
			continue;
		if (nm->is_watched)
			make_due(nm, false);
		else if (is_unused(nm) && n_unused < COUNT_OF(unused))
			unused[n_unused++] = nm;
	}
	for (size_t i = 0; i < n_unused; i++)
		forget(unused[i]);
	ask_next(ns);
}

/* --- answers -------------------------------------------------------------- */

static int64_t
pause_s(const struct name *nm, int ttl_s)
{
	int64_t s = NAMES_TTL_MIN_S;

	if (nm->failures == 0)
		s = ttl_s;
	for (unsigned i = 1; i < nm->failures && s < NAMES_BACKOFF_S; i++)
		s *= 2;
	if (nm->failures > 0 && s > NAMES_BACKOFF_S)
		s = NAMES_BACKOFF_S;
	if (s > NAMES_TTL_MAX_S)
		s = NAMES_TTL_MAX_S;
	return s < NAMES_TTL_MIN_S ? NAMES_TTL_MIN_S : s;
}

/* The first resolver that knows addresses is believed. */
static void
take_answer(struct name *nm, const struct dns_answer *answers, size_t n)
{
	const struct dns_answer *best = NULL;
	int64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < n && best == NULL; i++)
		if (answers[i].n_addresses > 0)
			best = &answers[i];
	if (best != NULL) {
		nm->n = best->n_addresses;
		memcpy(nm->addresses, best->addresses, sizeof(nm->addresses));
		nm->failures = 0;
		nm->why = NULL;
	} else {
		nm->failures++;
		nm->why = dns_answer_text(&answers[0]);
	}
	nm->answered_ms = now_ms;
	nm->due_ms =
	    now_ms + 1000 * pause_s(nm, best == NULL ? 0 : best->ttl_s);
}

static void
tell(struct name *nm)
{
	struct list *first;

	while ((first = list_first(&nm->waits)) != NULL) {
		struct names_wait *w =
		    container_of(first, struct names_wait, link);

		list_remove(first);
		w->done(w);
	}
}

static void
name_answered(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct name *nm = ctx;
	struct names *ns = nm->names;

	nm->query = NULL;
	ns->n_under_way--;
	take_answer(nm, answers, n);
	if (nm->is_watched)
		nm->is_watched = backends_resolved(ns->control, nm->host);
	tell(nm);
	ask_next(ns);
}

/* --- names ---------------------------------------------------------------- */

static struct name *
get(struct names *ns, const char *host)
{
	struct name *nm = map_get(&ns->map, slice_str(host));

	if (nm != NULL)
		return nm;
	nm = xcalloc(1, sizeof(*nm));
	if (map_put(&ns->map, slice_str(host), nm) != ERR_OK) {
		free(nm);
		return NULL;
	}
	nm->names = ns;
	nm->host = xstrdup(host);
	list_init(&nm->due);
	list_init(&nm->waits);
	return nm;
}

struct name_answer
names_get(const struct control *c, const char *host)
{
	const struct name *nm = map_get(&c->names->map, slice_str(host));
	struct name_answer a = {0};

	if (nm != NULL)
		a = (struct name_answer){nm->addresses, nm->n, nm->why};
	return a;
}

void
names_watch(struct control *c, const char *host)
{
	struct name *nm = get(c->names, host);

	if (nm == NULL) {
		log_warning("backend %s: too many names", host);
		return;
	}
	nm->is_watched = true;
	if (nm->answered_ms == 0)
		make_due(nm, false);
	ask_next(c->names);
}

void
names_ask(struct control *c, const char *host, struct names_wait *w,
    void (*done)(struct names_wait *w))
{
	struct name *nm = get(c->names, host);
	int64_t fresh_ms = clock_mono_ms() - (int64_t)NAMES_TTL_MIN_S * 1000;

	list_init(&w->link);
	w->done = done;
	if (nm == NULL ||
	    (nm->failures == 0 && nm->n > 0 && nm->answered_ms > fresh_ms)) {
		done(w);
		return;
	}
	list_append(&nm->waits, &w->link);
	make_due(nm, true);
	ask_next(c->names);
}

void
names_wait_no_more(struct names_wait *w)
{
	list_remove(&w->link);
}

/* --- life ----------------------------------------------------------------- */

struct names *
names_new(struct control *c)
{
	struct names *ns = xcalloc(1, sizeof(*ns));

	ns->control = c;
	map_init(&ns->map, NAMES_MAX);
	list_init(&ns->due);
	ev_timer_init(&ns->tick, on_tick, TICK_S, TICK_S);
	return ns;
}

void
names_watch_all(struct control *c)
{
	static const char sql[] = "SELECT DISTINCT host FROM backend"
				  " WHERE host IS NOT NULL";
	struct stmt *s = db_stmt(c->db, sql);

	while (stmt_step(s) == ERR_OK) {
		struct name *nm = get(c->names, stmt_get_str(s, 0));

		if (nm == NULL)
			break;
		nm->is_watched = true;
	}
	stmt_done(s);
}

void
names_start(struct control *c)
{
	names_watch_all(c);
	ev_timer_start(c->loop, &c->names->tick);
	on_tick(c->loop, &c->names->tick, 0);
}

void
names_free(struct names *ns)
{
	struct slice key;
	size_t at = 0;
	void *value;

	if (ns == NULL)
		return;
	ev_timer_stop(ns->control->loop, &ns->tick);
	while (map_next(&ns->map, &at, &key, &value)) {
		struct name *nm = value;

		if (nm->query != NULL)
			dns_cancel(nm->query);
		LIST_FOREACH_SAFE(it, &nm->waits)
			list_remove(it);
		free(nm->host);
		free(nm);
	}
	map_clear(&ns->map);
	free(ns);
}
