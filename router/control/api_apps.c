#include "router/control/api_apps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/control/api_backends.h"
#include "router/control/app.h"
#include "router/control/backend.h"
#include "router/control/event.h"
#include "router/control/page.h"
#include "router/control/platform.h"

enum err
api_apps_list(struct api_call *call, struct fault *f)
{
	static const char sql[] =
	    "SELECT name FROM app WHERE name > ?1 AND name < '~'"
	    " ORDER BY name LIMIT ?2"; /* without origins: origin.h */
	struct control *c = call->control;
	struct api_page page;
	struct stmt *s;
	enum err e = api_page_read(call, &page, f);

	if (e != ERR_OK)
		return e;
	call->answer = json_array();
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, page.after);
	stmt_int(s, 2, page.limit + 1);
	for (int n = 0; stmt_step(s) == ERR_OK; n++) {
		char name[APP_NAME_SIZE];
		struct app a;

		if (n == page.limit) {
			json_t *last = json_array_get(
			    call->answer, (size_t)page.limit - 1);

			api_page_next(call, json_str(last, "name"));
			break;
		}
		(void)snprintf(name, sizeof(name), "%s", stmt_get_str(s, 0));
		if (app_load(c, name, &a, f) == ERR_OK)
			json_array_append_new(call->answer, app_json(c, &a));
		app_unload(&a);
	}
	stmt_done(s);
	return ERR_OK;
}

static enum err
create(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	const char *name = "";
	struct app a = {0};
	enum err e;

	e = json_get_str(call->body, "name", JSON_REQUIRED, &name, f);
	if (e == ERR_OK)
		e = app_create(
		    c, name, json_object_get(call->body, "settings"), &a, f);
	if (e == ERR_OK)
		e = backends_put(
		    c, &a, json_object_get(call->body, "backends"), false, f);
	if (e == ERR_OK)
		e = app_event_add(c, &a, "app.create", call->by);
	if (e == ERR_OK) {
		call->answer = app_json(c, &a);
		call->status = 201;
	}
	app_unload(&a);
	return e;
}

static void
run_create(struct api_call *call)
{
	api_run_resolved(call, create);
}

/* The pages that the settings name are fetched before anything is changed, and
 * the backends' names are resolved. */
enum err
api_apps_create(struct api_call *call, struct fault *f)
{
	(void)f;
	pages_fetch(call, run_create);
	return ERR_OK;
}

enum err
api_apps_get(struct api_call *call, struct fault *f)
{
	struct app a;
	enum err e = app_load(call->control, call->params[0], &a, f);

	if (e == ERR_OK)
		call->answer = app_json(call->control, &a);
	app_unload(&a);
	return e;
}

static enum err
change(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	const json_t *changes = json_object_get(call->body, "settings");
	struct app a;
	enum err e = app_load(c, call->params[0], &a, f);

	if (e == ERR_OK)
		e = app_save_settings(c, &a, changes, f);
	if (e == ERR_OK)
		e = app_event_add(c, &a, "app.change", call->by);
	if (e == ERR_OK)
		call->answer = app_json(c, &a);
	app_unload(&a);
	return e;
}

static void
run_change(struct api_call *call)
{
	api_run_change(call, change);
}

enum err
api_apps_change(struct api_call *call, struct fault *f)
{
	(void)f;
	pages_fetch(call, run_change);
	return ERR_OK;
}

static enum err
refuse_with_domains(struct control *c, const struct app *a, struct fault *f)
{
	static const char sql[] = "SELECT host FROM domain WHERE app_id = ?1"
				  " AND is_platform = 0 LIMIT 1";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	stmt_int(s, 1, a->id);
	e = stmt_step(s);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return api_store_away(f);
	fault_set(f, FAULT_N25_APP_HAS_DOMAINS,
	    "App %s still has domains, %s among them", a->name,
	    stmt_get_str(s, 0));
	fault_action(f,
	    "Remove them first with `towpath domains remove %s`, or give them "
	    "to another app with `towpath domains set %s app=NAME`; `towpath "
	    "domains --app %s` lists them",
	    stmt_get_str(s, 0), stmt_get_str(s, 0), a->name);
	stmt_done(s);
	return ERR_EXISTS;
}

enum err
api_apps_destroy(struct api_call *call, struct fault *f)
{
	static const char sql[] = "DELETE FROM app WHERE id = ?1";
	struct control *c = call->control;
	struct stmt *s;
	struct app a;
	enum err e = app_load(c, call->params[0], &a, f);

	if (e == ERR_OK)
		e = refuse_with_domains(c, &a, f);
	if (e == ERR_OK)
		e = app_event_add(c, &a, "app.destroy", call->by);
	if (e == ERR_OK) {
		app_touch(c, &a);
		e = platform_app_gone(c, &a);
	}
	if (e == ERR_OK) {
		s = db_stmt(c->db, sql);
		stmt_int(s, 1, a.id);
		e = stmt_run(s);
		call->status = 204;
	}
	app_unload(&a);
	return e;
}
