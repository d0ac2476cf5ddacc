#include "router/control/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/app_setting_value.h"
#include "router/control/app_settings.h"
#include "router/control/backend.h"
#include "router/control/event.h"
#include "router/control/origin.h"
#include "router/control/page.h"
#include "router/control/platform.h"

enum err
app_load(struct control *c, const char *name, struct app *out, struct fault *f)
{
	static const char sql[] =
	    "SELECT id, name, settings, created_at FROM app WHERE name = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	*out = (struct app){0};
	/* an origin is nobody's to name (origin.h) */
	stmt_str(s, 1, name[0] == ORIGIN_MARK ? "" : name);
	e = stmt_step(s);
	if (e == ERR_NOT_FOUND) {
		fault_set(
		    f, FAULT_N16_NO_SUCH_APP, "There is no app %.64s", name);
		return e;
	}
	if (e != ERR_OK)
		return api_store_away(f);
	out->id = stmt_get_int(s, 0);
	(void)snprintf(out->name, sizeof(out->name), "%s", stmt_get_str(s, 1));
	if (json_parse(stmt_get(s, 2), &out->settings, NULL) != ERR_OK)
		out->settings = json_object();
	out->created_at = stmt_get_int(s, 3);
	stmt_done(s);
	return ERR_OK;
}

void
app_unload(struct app *a)
{
	json_decref(a->settings);
	*a = (struct app){0};
}

enum err
app_name_check(const char *name, struct fault *f)
{
	size_t n = strlen(name);
	bool good =
	    n >= 1 && n < APP_NAME_SIZE && name[0] != '-' && name[n - 1] != '-';

	for (size_t i = 0; i < n; i++)
		good = good && ((name[i] >= 'a' && name[i] <= 'z') ||
				   (name[i] >= '0' && name[i] <= '9') ||
				   name[i] == '-');
	if (good)
		return ERR_OK;
	fault_set(f, FAULT_N18_APP_NAME_INVALID,
	    "\"%.64s\" is not a name for an app", name);
	return ERR_SYNTAX;
}

void
app_touch(struct control *c, const struct app *a)
{
	const char *domain = c->config.platform.apps_domain;
	char *host;

	change_touch_app(c, a->name);
	if (domain[0] == '\0')
		return;
	host = xasprintf("%s.%s", a->name, domain);
	change_touch(c, host);
	free(host);
}

enum err
app_create(struct control *c, const char *name, const json_t *settings,
    struct app *out, struct fault *f)
{
	static const char sql[] = "INSERT INTO app (name, settings, created_at)"
				  " VALUES (?1, ?2, ?3)";
	struct stmt *s;
	char *text;
	enum err e;

	*out = (struct app){0};
	e = app_name_check(name, f);
	if (e != ERR_OK)
		return e;
	out->settings = json_object();
	if (settings != NULL)
		e = app_settings_apply(out->settings, settings, f);
	if (e == ERR_OK)
		e = pages_name(c, out->settings, f);
	if (e != ERR_OK)
		return e;
	text = json_text(out->settings);
	out->created_at = clock_now();
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, name);
	stmt_str(s, 2, text);
	stmt_int(s, 3, out->created_at);
	free(text);
	e = stmt_run(s);
	if (e == ERR_EXISTS)
		fault_set(f, FAULT_N17_APP_EXISTS, "There is an app %s already",
		    name);
	if (e != ERR_OK)
		return e == ERR_EXISTS ? e : api_store_away(f);
	out->id = db_last_id(c->db);
	(void)snprintf(out->name, sizeof(out->name), "%s", name);
	app_touch(c, out);
	if (platform_app_added(c, out) != ERR_OK)
		return api_store_away(f);
	return pages_use(c, out) == ERR_OK ? ERR_OK : api_store_away(f);
}

json_t *
app_setting(const struct control *c, const struct app *a, const char *key)
{
	const struct config_pairs *defaults = &c->config.defaults;
	const struct app_setting *s = app_setting_find(key);
	json_t *value = NULL;

	for (size_t i = 0; i < defaults->n; i++)
		if (strcmp(defaults->items[i].key, key) == 0 &&
		    json_object_get(a->settings, key) == NULL) {
			json_t *text = json_string(defaults->items[i].value);

			if (app_setting_read(s, text, &value, NULL) != ERR_OK)
				value = NULL;
			json_decref(text);
		}
	return value != NULL ? value : app_settings_value(a->settings, key);
}

int
app_min_tls(const struct control *c, const struct app *a)
{
	json_t *value = app_setting(c, a, "min_tls");
	const char *text = json_string_value(value);
	int version = text != NULL && strcmp(text, "1.3") == 0 ? 13 : 12;

	json_decref(value);
	return version;
}

/* Tickets of all its domains end. */
static enum err
renew_generations(struct control *c, const struct app *a)
{
	static const char update[] = "UPDATE domain SET generation ="
				     " generation + 1 WHERE app_id = ?1";
	static const char list[] = "SELECT host FROM domain WHERE app_id = ?1";
	struct stmt *s = db_stmt(c->db, update);
	enum err e;

	stmt_int(s, 1, a->id);
	e = stmt_run(s);
	if (e != ERR_OK)
		return e;
	s = db_stmt(c->db, list);
	stmt_int(s, 1, a->id);
	while (stmt_step(s) == ERR_OK)
		change_touch(c, stmt_get_str(s, 0));
	stmt_done(s);
	return ERR_OK;
}

enum err
app_save_settings(
    struct control *c, struct app *a, const json_t *changes, struct fault *f)
{
	static const char sql[] = "UPDATE app SET settings = ?2 WHERE id = ?1";
	int min_tls = app_min_tls(c, a);
	enum err e = app_settings_apply(a->settings, changes, f);
	struct stmt *s;
	char *text;

	if (e == ERR_OK)
		e = pages_name(c, a->settings, f);
	if (e != ERR_OK)
		return e;
	text = json_text(a->settings);
	s = db_stmt(c->db, sql);
	stmt_int(s, 1, a->id);
	stmt_str(s, 2, text);
	free(text);
	e = stmt_run(s);
	if (e == ERR_OK)
		e = pages_use(c, a);
	if (e == ERR_OK && app_min_tls(c, a) != min_tls)
		e = renew_generations(c, a);
	app_touch(c, a);
	return e == ERR_OK ? ERR_OK : api_store_away(f);
}

static int64_t
count_domains(struct control *c, const struct app *a)
{
	static const char sql[] =
	    "SELECT count(*) FROM domain WHERE app_id = ?1"
	    " AND is_platform = 0";
	struct stmt *s = db_stmt(c->db, sql);
	int64_t n = 0;

	stmt_int(s, 1, a->id);
	if (stmt_step(s) == ERR_OK) {
		n = stmt_get_int(s, 0);
		stmt_done(s);
	}
	return n;
}

json_t *
app_json(struct control *c, const struct app *a)
{
	const char *domain = c->config.platform.apps_domain;
	json_t *o = json_object();
	char *host = NULL;

	if (domain[0] != '\0')
		host = xasprintf("%s.%s", a->name, domain);
	json_put_str(o, "name", a->name);
	json_put_str(o, "host", host);
	json_put(o, "settings", json_deep_copy(a->settings));
	json_put(o, "backends", backends_json(c, a));
	json_put_int(o, "domains", count_domains(c, a));
	json_put_time(o, "created_at", a->created_at);
	free(host);
	return o;
}

enum err
app_event_add(
    struct control *c, const struct app *a, const char *name, const char *by)
{
	struct event event = {.name = name,
	    .by = by,
	    .app = a->name,
	    .app_object = app_json(c, a)};

	return event_add(c->db, &event);
}
