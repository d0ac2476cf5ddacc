#include "router/control/health.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "router/control/app.h"
#include "router/control/control.h"
#include "router/control/health_check.h"

#define APPS_MAX 100000

struct health {
	struct control *control;
	struct map apps; /* by name: struct health_app */
	size_t n_under_way;
};

bool
health_may_begin(struct control *c)
{
	if (c->health->n_under_way >= HEALTH_UNDER_WAY)
		return false;
	c->health->n_under_way++;
	return true;
}

void
health_ended(struct control *c)
{
	c->health->n_under_way--;
}

/* --- apps ----------------------------------------------------------------- */

static void
free_app(struct health_app *ha)
{
	LIST_FOREACH_SAFE(it, &ha->checks)
		health_check_free(container_of(it, struct health_check, link));
	free(ha->name);
	free(ha->path);
	free(ha->host);
	free(ha);
}

static void
forget(struct health *h, const char *name)
{
	struct health_app *ha = map_remove(&h->apps, slice_str(name));

	if (ha != NULL)
		free_app(ha);
}

static struct health_app *
get(struct health *h, const char *name)
{
	struct health_app *ha = map_get(&h->apps, slice_str(name));

	if (ha != NULL)
		return ha;
	ha = xcalloc(1, sizeof(*ha));
	list_init(&ha->checks);
	if (map_put(&h->apps, slice_str(name), ha) != ERR_OK) {
		free(ha);
		log_warning("app %s: too many apps with health checks", name);
		return NULL;
	}
	ha->name = xstrdup(name);
	return ha;
}

/* The name that its backends are asked by: they may know no other. */
static char *
host_of(struct control *c, const struct app *a)
{
	static const char sql[] = "SELECT host FROM domain WHERE app_id = ?1"
				  " AND host NOT LIKE '*%' LIMIT 1";
	const char *domain = c->config.platform.apps_domain;
	struct stmt *s;
	char *host = NULL;

	if (domain[0] != '\0')
		return xasprintf("%s.%s", a->name, domain);
	s = db_stmt(c->db, sql);
	stmt_int(s, 1, a->id);
	if (stmt_step(s) == ERR_OK)
		host = xstrdup(stmt_get_str(s, 0));
	stmt_done(s);
	return host;
}

static double
number(const struct control *c, const struct app *a, const char *key)
{
	json_t *value = app_setting(c, a, key);
	double n = json_number_value(value);

	json_decref(value);
	return n;
}

static void
read_settings(struct control *c, const struct app *a, struct health_app *ha,
    const char *path)
{
	json_t *proxy = app_setting(c, a, "proxy_protocol");
	const char *how = json_string_value(proxy);

	double interval_s = number(c, a, "health_interval");
	bool is_other = ha->path == NULL || strcmp(ha->path, path) != 0 ||
			interval_s != ha->interval_s;

	free(ha->path);
	free(ha->host);
	ha->path = xstrdup(path);
	ha->host = host_of(c, a);
	ha->interval_s = interval_s;
	ha->threshold = (unsigned)number(c, a, "health_threshold");
	ha->proxy_header = how != NULL && strcmp(how, "off") != 0;
	json_decref(proxy);
	LIST_FOREACH(it, &ha->checks)
		if (is_other)
			health_check_soon(
			    container_of(it, struct health_check, link));
}

/* --- their targets -------------------------------------------------------- */

static struct health_check *
find(const struct health_app *ha, int64_t target)
{
	LIST_FOREACH(it, &ha->checks) {
		struct health_check *k =
		    container_of(it, struct health_check, link);

		if (k->target == target)
			return k;
	}
	return NULL;
}

/* Columns: target, backend, how it is given, address, health. */
static void
read_target(struct control *c, struct health_app *ha, struct stmt *s)
{
	struct health_check *k = find(ha, stmt_get_int(s, 0));

	if (k == NULL) {
		k = health_check_new(
		    c, ha, stmt_get_int(s, 0), stmt_get_int(s, 1));
		k->given = xstrdup_slice(stmt_get(s, 2));
		k->address = xstrdup_slice(stmt_get(s, 3));
		k->is_up = slice_eq(stmt_get(s, 4), SLICE("up"));
		list_append(&ha->checks, &k->link);
	}
	k->is_wanted = true;
}

static void
read_targets(struct control *c, const struct app *a, struct health_app *ha)
{
	static const char sql[] =
	    "SELECT t.id, b.id, b.address, t.address, t.health FROM backend b"
	    " JOIN backend_target t ON t.backend_id = b.id"
	    " WHERE b.app_id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	LIST_FOREACH(it, &ha->checks)
		container_of(it, struct health_check, link)->is_wanted = false;
	stmt_int(s, 1, a->id);
	while (stmt_step(s) == ERR_OK)
		read_target(c, ha, s);
	stmt_done(s);
	LIST_FOREACH_SAFE(it, &ha->checks) {
		struct health_check *k =
		    container_of(it, struct health_check, link);

		if (!k->is_wanted)
			health_check_free(k);
	}
}

/* --- reading -------------------------------------------------------------- */

static bool
has_row(struct control *c, const char *sql, const char *name)
{
	struct stmt *s = db_stmt(c->db, sql);
	bool has;

	stmt_str(s, 1, name);
	has = stmt_step(s) == ERR_OK;
	stmt_done(s);
	return has;
}

/* Without checks nothing is down. */
static void
raise_all(struct control *c, const char *name)
{
	static const char some[] =
	    "SELECT 1 FROM backend_target t JOIN backend b"
	    " ON b.id = t.backend_id JOIN app a ON a.id = b.app_id"
	    " WHERE t.health = 'down' AND a.name = ?1 LIMIT 1";
	static const char update[] =
	    "UPDATE backend_target SET health = 'up', fault = NULL,"
	    " since_at = ?2 WHERE health = 'down' AND backend_id IN"
	    " (SELECT b.id FROM backend b JOIN app a ON a.id = b.app_id"
	    " WHERE a.name = ?1)";
	struct fault f = {0};
	struct stmt *s;
	enum err e;

	if (!has_row(c, some, name))
		return;
	e = change_begin(c, &f);
	if (e == ERR_OK) {
		s = db_stmt(c->db, update);
		stmt_str(s, 1, name);
		stmt_int(s, 2, clock_now());
		e = stmt_run(s);
		change_touch_app(c, name);
	}
	if (e != ERR_OK || change_commit(c, &f) != ERR_OK)
		change_abort(c);
}

static bool
has_default_path(const struct control *c)
{
	const struct config_pairs *defaults = &c->config.defaults;

	for (size_t i = 0; i < defaults->n; i++)
		if (strcmp(defaults->items[i].key, "health_path") == 0 &&
		    defaults->items[i].value[0] != '\0')
			return true;
	return false;
}

void
health_read(struct control *c, const char *name)
{
	static const char sql[] =
	    "SELECT 1 FROM app WHERE name = ?1 AND"
	    " json_extract(settings, '$.health_path') IS NOT NULL";
	struct health_app *ha = NULL;
	struct fault f = {0};
	struct app a;
	json_t *path;

	if (!has_default_path(c) && !has_row(c, sql, name)) {
		forget(c->health, name);
		raise_all(c, name);
		return;
	}
	if (app_load(c, name, &a, &f) == ERR_OK) {
		path = app_setting(c, &a, "health_path");
		if (json_is_string(path) &&
		    (ha = get(c->health, name)) != NULL) {
			read_settings(c, &a, ha, json_string_value(path));
			read_targets(c, &a, ha);
		}
		json_decref(path);
	}
	app_unload(&a);
	if (ha == NULL)
		forget(c->health, name);
}

static void
read_each(struct control *c, const char *sql)
{
	struct stmt *s = db_stmt(c->db, sql);
	json_t *names = json_array(), *name;
	size_t i;

	while (stmt_step(s) == ERR_OK)
		json_array_append_new(names, json_string(stmt_get_str(s, 0)));
	json_array_foreach(names, i, name)
	{
		health_read(c, json_string_value(name));
	}
	json_decref(names);
}

void
health_read_all(struct control *c)
{
	static const char with_path[] =
	    "SELECT name FROM app WHERE"
	    " json_extract(settings, '$.health_path') IS NOT NULL";
	static const char with_backends[] =
	    "SELECT DISTINCT a.name FROM backend b"
	    " JOIN app a ON a.id = b.app_id";
	static const char with_downs[] =
	    "SELECT DISTINCT a.name FROM backend_target t"
	    " JOIN backend b ON b.id = t.backend_id"
	    " JOIN app a ON a.id = b.app_id WHERE t.health = 'down'";

	read_each(c, has_default_path(c) ? with_backends : with_path);
	read_each(c, with_downs);
}

/* --- life ----------------------------------------------------------------- */

struct health *
health_new(struct control *c)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->control = c;
	map_init(&h->apps, APPS_MAX);
	return h;
}

void
health_start(struct control *c)
{
	health_read_all(c);
}

void
health_free(struct health *h)
{
	struct slice key;
	size_t at = 0;
	void *value;

	if (h == NULL)
		return;
	while (map_next(&h->apps, &at, &key, &value))
		free_app(value);
	map_clear(&h->apps);
	free(h);
}
