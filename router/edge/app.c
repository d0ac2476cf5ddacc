#include "router/edge/app.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/edge/stats.h"

#define APPS_MAX         10000
#define APP_BACKENDS_MAX 1000

/* --- one version ---------------------------------------------------------- */

static struct app_counts *
ref_counts(struct app_counts *c)
{
	c->refs++;
	return c;
}

static void
unref_counts(struct app_counts *c)
{
	if (c != NULL && --c->refs == 0)
		free(c);
}

void
app_unref(struct app *a)
{
	if (a == NULL || --a->refs > 0)
		return;
	for (size_t i = 0; i < a->n_backends; i++)
		backend_unref(a->backends[i].backend);
	free(a->backends);
	app_policy_clear(&a->set);
	unref_counts(a->counts);
	unref_counts(a->tally);
	free(a);
}

static void
on_dropped(struct lru_item *item)
{
	app_unref(container_of(item, struct app, item));
}

/* --- reading -------------------------------------------------------------- */

static void
read_settings(struct apps *as, struct app *a, struct slice json)
{
	const struct config_pairs *defaults = &as->with.config->defaults;

	app_policy_init(&a->set);
	for (size_t i = 0; i < defaults->n; i++)
		app_policy_set(&a->set, slice_str(defaults->items[i].key),
		    slice_str(defaults->items[i].value));
	app_policy_read(&a->set, json);
}

static void
add_backend(struct apps *as, struct app *a, struct stmt *s)
{
	struct app_backend *row = &a->backends[a->n_backends];
	struct slice given = stmt_get(s, 0), target = stmt_get(s, 1);
	int64_t weight = stmt_get_int(s, 2);
	struct backend_way way = {.ca = slice_str(a->set.backend_ca)};

	if (origin_is(a->key)) {
		origin_authority(given, a->authority);
	} else {
		way.proxy = a->set.proxy_protocol;
		way.tls_name = slice_str(a->set.backend_host);
	}
	if (target.n == 0) {
		a->n_unresolved++;
		return;
	}
	if (backend_get(as->with.backends, given, target, &way,
		&row->backend) != ERR_OK) {
		log_warning("app %s: backend %" SLICE_FMT " cannot be used",
		    a->name, SLICE_ARG(given));
		return;
	}
	row->weight = weight < 1 ? 1 : weight > 1000 ? 1000 : (unsigned)weight;
	row->is_draining = !slice_eq(stmt_get(s, 3), SLICE("up"));
	row->is_down = slice_eq(stmt_get(s, 4), SLICE("down"));
	row->up_at = stmt_get_int(s, 5);
	a->n_backends++;
}

/* The key that cookies are made with: control made it with the store. */
static bool
read_sticky_key(struct apps *as)
{
	static const char sql[] =
	    "SELECT value FROM setting WHERE name = 'sticky_key'";
	struct stmt *s;

	if (as->has_sticky)
		return true;
	s = db_stmt(as->with.db, sql);
	if (s == NULL || stmt_step(s) != ERR_OK)
		return false;
	as->has_sticky = sticky_key_read(stmt_get(s, 0), &as->sticky) == ERR_OK;
	stmt_done(s);
	return as->has_sticky;
}

static void
make_tokens(struct apps *as, struct app *a)
{
	if (!a->set.sticky || !read_sticky_key(as))
		return;
	for (size_t i = 0; i < a->n_backends; i++)
		a->backends[i].token =
		    sticky_token(&as->sticky, slice_str(a->name),
			slice_str(a->backends[i].backend->address));
}

static enum err
read_backends(struct apps *as, struct app *a, int64_t id)
{
	static const char sql[] =
	    "SELECT b.address, t.address, b.weight, b.state, t.health,"
	    " max(b.since_at, coalesce(t.since_at, 0)) FROM backend b"
	    " LEFT JOIN backend_target t ON t.backend_id = b.id"
	    " WHERE b.app_id = ?1 ORDER BY b.id, t.id LIMIT ?2";
	struct stmt *s = db_stmt(as->with.db, sql);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	a->backends = xcalloc(APP_BACKENDS_MAX, sizeof(*a->backends));
	stmt_int(s, 1, id);
	stmt_int(s, 2, APP_BACKENDS_MAX);
	while ((e = stmt_step(s)) == ERR_OK)
		add_backend(as, a, s);
	a->backends =
	    xrealloc(a->backends, (a->n_backends + 1) * sizeof(*a->backends));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static void
watch_app(struct apps *as, struct app *a, struct slice name)
{
	char *key = xasprintf("app:%" SLICE_FMT, SLICE_ARG(name));

	change_watch(&a->change, as->with.shared, slice_str(key));
	free(key);
}

/* What its own page is now; a page that changes is a change of the app. */
static enum err
read_page(struct apps *as, struct app *a, const char *source,
    char digest[PAGE_DIGEST_SIZE])
{
	enum err e;
	char *key;

	if (source == NULL)
		return ERR_OK;
	key = xasprintf("page:%s", source);
	change_watch(&a->change, as->with.shared, slice_str(key));
	e = page_digest(as->with.db, source, digest);
	free(key);
	return e;
}

static enum err
read_row(struct apps *as, struct app *a, struct slice key, int64_t *id)
{
	static const char app[] =
	    "SELECT id, name, settings, had_backends FROM app WHERE name = ?1";
	static const char origin[] =
	    "SELECT o.id, a.name, a.settings, 1 FROM app o"
	    " JOIN domain d ON d.id = CAST(substr(o.name, 2) AS INTEGER)"
	    " JOIN app a ON a.id = d.app_id WHERE o.name = ?1";
	struct stmt *s = db_stmt(as->with.db, origin_is(a->key) ? origin : app);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	stmt_text(s, 1, key);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	*id = stmt_get_int(s, 0);
	e = slice_to_str(stmt_get(s, 1), a->name, sizeof(a->name));
	read_settings(as, a, stmt_get(s, 2));
	a->had_backends = stmt_get_int(s, 3) != 0;
	stmt_done(s);
	return e == ERR_OK ? e : ERR_NOT_FOUND;
}

/* Only now is it known whose changes are an origin's own, and in whose name it
 * counts: they may have come in between. */
static enum err
read_origin(struct apps *as, struct app *a, struct slice key, int64_t *id)
{
	struct app *of;
	enum err e;

	watch_app(as, a, slice_str(a->name));
	app_policy_clear(&a->set);
	e = read_row(as, a, key, id);
	if (e == ERR_OK)
		e = app_get(as, slice_str(a->name), &of);
	if (e != ERR_OK)
		return e;
	a->tally = ref_counts(of->tally);
	app_unref(of);
	return ERR_OK;
}

static enum err
read_app(struct apps *as, struct app *a, struct slice key)
{
	int64_t id = 0;
	enum err e = read_row(as, a, key, &id);

	if (e == ERR_OK && origin_is(a->key))
		e = read_origin(as, a, key, &id);
	if (e == ERR_OK)
		e = read_page(
		    as, a, a->set.maintenance_page, a->maintenance_page);
	if (e == ERR_OK)
		e = read_page(as, a, a->set.error_page, a->error_page);
	if (e == ERR_OK)
		e = read_backends(as, a, id);
	make_tokens(as, a);
	return e;
}

static enum err
load(struct apps *as, struct slice key, struct app **out)
{
	struct app *a = xcalloc(1, sizeof(*a));
	enum err e = ERR_NOT_FOUND;

	a->refs = 1;
	a->round = as->round;
	change_begin(&a->change);
	if (slice_to_str(key, a->key, sizeof(a->key)) == ERR_OK) {
		watch_app(as, a, key);
		stats_add(&as->with.stats->store_reads, 1);
		e = read_app(as, a, key);
	}
	if (e != ERR_OK) {
		app_unref(a);
		return e == ERR_NOT_FOUND ? e : ERR_AGAIN;
	}
	*out = a;
	return ERR_OK;
}

/* --- the cache ------------------------------------------------------------ */

void
apps_init(struct apps *as, const struct apps_parts *with)
{
	as->with = *with;
	as->has_sticky = false;
	lru_init(&as->lru, APPS_MAX, on_dropped);
}

void
apps_configure(struct apps *as)
{
	as->round++;
}

void
apps_clear(struct apps *as)
{
	lru_clear(&as->lru);
}

/* The new version takes over what was counted, and who waits. */
static void
succeed(struct apps *as, struct app *a, const struct app *old)
{
	if (old != NULL) {
		a->counts = ref_counts(old->counts);
	} else {
		a->counts = xcalloc(1, sizeof(*a->counts));
		a->counts->refs = 1;
		queue_init(
		    &a->counts->queue, as->with.queues, slice_str(a->key));
	}
	if (a->tally == NULL)
		a->tally = ref_counts(a->counts);
}

enum err
app_get(struct apps *as, struct slice key, struct app **out)
{
	struct lru_item *item = lru_get(&as->lru, key);
	struct app *old = NULL, *a = NULL;
	enum err e;

	if (item != NULL)
		old = container_of(item, struct app, item);
	if (old != NULL && old->round == as->round &&
	    !change_happened(&old->change, as->with.shared)) {
		old->refs++;
		*out = old;
		return ERR_OK;
	}
	e = load(as, key, &a);
	if (e == ERR_AGAIN && old != NULL) {
		old->refs++; /* old is better than nothing */
		*out = old;
		return ERR_OK;
	}
	if (e == ERR_OK) {
		succeed(as, a, old);
		lru_put(&as->lru, &a->item, slice_str(a->key));
		a->refs++;
		*out = a;
	} else if (e == ERR_NOT_FOUND && old != NULL) {
		lru_remove(&old->item);
		app_unref(old);
	}
	return e;
}
