#include "router/edge/site.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/host.h"
#include "base/mem.h"
#include "certs/install.h"
#include "router/edge/stats.h"

#define HOUR 3600

/* --- reading -------------------------------------------------------------- */

struct lookup {
	char host[HOST_SIZE];
	char wildcard[HOST_SIZE + 2]; /* "*." and the parent; "": no parent */
	char app_key[APP_NAME_SIZE + 8]; /* "app:shop" of shop.APPS_DOMAIN */
	const char *app; /* within app_key; NULL: not under apps_domain */
};

/* "shop" of "shop.apps.example.com" when that is how apps are named here. */
static void
find_platform_name(struct lookup *l, const char *apps_domain)
{
	struct slice host = slice_str(l->host), parent = host_parent(host);
	int n;

	if (apps_domain[0] == '\0' || !slice_eq(parent, slice_str(apps_domain)))
		return;
	n = snprintf(l->app_key, sizeof(l->app_key), "app:%.*s",
	    (int)(host.n - parent.n - 1), host.p);
	if (n > 0 && (size_t)n < sizeof(l->app_key))
		l->app = l->app_key + strlen("app:");
}

static void
lookup_begin(struct lookup *l, const struct sites *ss, struct slice host)
{
	struct slice parent;

	*l = (struct lookup){0};
	(void)snprintf(
	    l->host, sizeof(l->host), "%" SLICE_FMT, SLICE_ARG(host));
	parent = host_parent(slice_str(l->host));
	if (parent.n > 0)
		(void)snprintf(l->wildcard, sizeof(l->wildcard),
		    "*.%" SLICE_FMT, SLICE_ARG(parent));
	find_platform_name(l, ss->apps_domain);
}

/* Everything that could make the answer another one, before it is read. */
static void
watch(struct change *c, const struct sites *ss, const struct lookup *l)
{
	change_begin(c);
	change_watch(c, ss->shared, slice_str(l->host));
	if (l->wildcard[0] != '\0')
		change_watch(c, ss->shared, slice_str(l->wildcard));
	if (l->app != NULL)
		change_watch(c, ss->shared, slice_str(l->app_key));
}

struct row {
	bool found;
	int64_t generation;
	int64_t app_id;          /* whose it is */
	char app[APP_NAME_SIZE]; /* whose backends serve it (app.h) */
};

static enum err
read_domain(struct sites *ss, const char *host, struct row *row)
{
	static const char sql[] =
	    "SELECT d.generation, d.app_id, coalesce(o.name, a.name) "
	    "FROM domain d JOIN app a ON a.id = d.app_id LEFT JOIN app o "
	    "ON d.origin IS NOT NULL AND o.name = '~' || d.id "
	    "WHERE d.host = ?1";
	struct stmt *s = db_stmt(ss->db, sql);
	enum err e;

	*row = (struct row){0};
	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, host);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	row->generation = stmt_get_int(s, 0);
	row->app_id = stmt_get_int(s, 1);
	/* a name that does not fit is none that control made */
	row->found =
	    slice_to_str(stmt_get(s, 2), row->app, sizeof(row->app)) == ERR_OK;
	stmt_done(s);
	return ERR_OK;
}

static enum err
app_exists(struct sites *ss, const char *name, struct row *row)
{
	static const char sql[] = "SELECT id, name FROM app WHERE name = ?1";
	struct stmt *s = db_stmt(ss->db, sql);
	enum err e;

	*row = (struct row){0};
	if (s == NULL)
		return ERR_AGAIN;
	stmt_str(s, 1, name);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	row->app_id = stmt_get_int(s, 0);
	row->found =
	    slice_to_str(stmt_get(s, 1), row->app, sizeof(row->app)) == ERR_OK;
	stmt_done(s);
	return ERR_OK;
}

/*
 * Who the host belongs to: its own domain, else the app that is named by it
 * under apps_domain, else a wildcard domain.  *wildcard is the domain
 * "*.parent" when it may lend its certificate: the same app's.
 */
static enum err
read_owner(struct sites *ss, const struct lookup *l, struct row *owner,
    const char **wildcard)
{
	struct row wide = {0};
	enum err e = read_domain(ss, l->host, owner);

	*wildcard = NULL;
	if (e == ERR_OK && !owner->found && l->app != NULL)
		e = app_exists(ss, l->app, owner);
	if (e == ERR_OK && l->wildcard[0] != '\0')
		e = read_domain(ss, l->wildcard, &wide);
	if (e != ERR_OK || !wide.found)
		return e;
	/* "*.apps_domain" lends its certificate, and is nobody's app */
	if (!owner->found && l->app == NULL)
		*owner = wide;
	if (owner->app_id == wide.app_id)
		*wildcard = l->wildcard;
	/* the certificate may be the wildcard's, or the platform's: a change
	 * of either ends the tickets, and no pair looks like another */
	owner->generation += (int64_t)((uint64_t)wide.generation << 32);
	return ERR_OK;
}

/* The host's own, the wildcard's, and for a platform's name the platform's. */
static enum err
read_candidates(struct sites *ss, struct site *s, const struct lookup *l,
    const char *wildcard)
{
	struct candidate found[CANDIDATES_MAX * 2];
	size_t n = 0, more = 0;
	enum err e = install_candidates(
	    ss->db, l->host, wildcard, found, CANDIDATES_MAX, &n);

	if (e == ERR_OK && l->app != NULL && wildcard == NULL) {
		e = install_candidates(ss->db, l->wildcard, NULL, found + n,
		    CANDIDATES_MAX, &more);
		for (size_t i = n; e == ERR_OK && i < n + more; i++)
			found[i].source = CANDIDATE_PLATFORM;
	}
	if (e != ERR_OK)
		return e;
	s->n_candidates = n + more;
	s->candidates = xmemdup(found, (n + more) * sizeof(found[0]));
	return ERR_OK;
}

static enum err
load(struct sites *ss, struct slice host, struct site **out)
{
	struct site *s = xcalloc(1, sizeof(*s));
	struct lookup l;
	struct row owner;
	const char *wildcard;
	enum err e;

	s->refs = 1;
	s->host = xstrdup_slice(host);
	lookup_begin(&l, ss, host);
	watch(&s->change, ss, &l);
	stats_add(&ss->stats->store_reads, 1);
	e = read_owner(ss, &l, &owner, &wildcard);
	if (e == ERR_OK && owner.found)
		e = read_candidates(ss, s, &l, wildcard);
	if (e != ERR_OK) {
		site_unref(s);
		return ERR_AGAIN;
	}
	s->is_known = owner.found;
	s->generation = owner.generation;
	memcpy(s->app, owner.app, sizeof(s->app));
	*out = s;
	return ERR_OK;
}

/* --- the cache ------------------------------------------------------------ */

void
site_unref(struct site *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	free(s->candidates);
	free(s->host);
	free(s);
}

static void
on_dropped(struct lru_item *item)
{
	site_unref(container_of(item, struct site, item));
}

void
sites_init(struct sites *ss, struct db *db, const struct shared *shared,
    const char *apps_domain, struct stats_page *stats)
{
	ss->db = db;
	ss->shared = shared;
	(void)snprintf(
	    ss->apps_domain, sizeof(ss->apps_domain), "%s", apps_domain);
	ss->stats = stats;
	lru_init(&ss->known, SITES_KNOWN_MAX, on_dropped);
	lru_init(&ss->unknown, SITES_UNKNOWN_MAX, on_dropped);
}

void
sites_configure(struct sites *ss, const char *apps_domain)
{
	if (strcmp(ss->apps_domain, apps_domain) == 0)
		return;
	(void)snprintf(
	    ss->apps_domain, sizeof(ss->apps_domain), "%s", apps_domain);
	sites_clear(ss);
}

void
sites_clear(struct sites *ss)
{
	lru_clear(&ss->known);
	lru_clear(&ss->unknown);
}

static struct site *
cached(struct sites *ss, struct slice host)
{
	struct lru_item *item = lru_get(&ss->known, host);

	if (item == NULL)
		item = lru_get(&ss->unknown, host);
	return item == NULL ? NULL : container_of(item, struct site, item);
}

/* In the place of the old one, which keeps serving those who hold it. */
static void
put(struct sites *ss, struct site *s, struct site *old)
{
	if (old != NULL) {
		memcpy(s->requests, old->requests, sizeof(s->requests));
		s->hour = old->hour;
		lru_remove(&old->item);
		site_unref(old);
	}
	lru_put(s->is_known ? &ss->known : &ss->unknown, &s->item,
	    slice_str(s->host));
	stats_set(&ss->stats->sites_cached, lru_count(&ss->known));
}

enum err
site_get(struct sites *ss, struct slice host, struct site **out)
{
	struct site *old = cached(ss, host), *s = old;
	enum err e = ERR_OK;

	if (old == NULL || change_happened(&old->change, ss->shared)) {
		e = load(ss, host, &s);
		if (e == ERR_OK)
			put(ss, s, old);
		else if (old != NULL)
			s = old; /* the store is busy: as it was */
		else
			return e;
	}
	s->refs++;
	*out = s;
	return ERR_OK;
}

/* --- counting ------------------------------------------------------------- */

/* Empties the hours that passed without a request. */
static void
turn_ring(struct site *s, int64_t hour)
{
	if (hour - s->hour >= SITE_HOURS)
		memset(s->requests, 0, sizeof(s->requests));
	else
		for (int64_t h = s->hour + 1; h <= hour; h++)
			s->requests[h % SITE_HOURS] = 0;
	if (hour > s->hour)
		s->hour = hour;
}

void
site_count(struct site *s, int64_t now)
{
	turn_ring(s, now / HOUR);
	s->requests[s->hour % SITE_HOURS]++;
}

uint64_t
sites_requests(struct sites *ss, struct slice host, int64_t now)
{
	struct site *s = cached(ss, host);
	uint64_t sum = 0;

	if (s == NULL)
		return 0;
	turn_ring(s, now / HOUR);
	for (size_t i = 0; i < SITE_HOURS; i++)
		sum += s->requests[i];
	return sum;
}
