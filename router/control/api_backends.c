#include "router/control/api_backends.h"

#include <string.h>

#include "base/clock.h"
#include "router/control/app.h"
#include "router/control/backend.h"
#include "router/control/event.h"

static enum err
backends_changed(struct api_call *call, const struct app *a)
{
	change_touch_app(call->control, a->name);
	call->answer = backends_json(call->control, a);
	return app_event_add(call->control, a, "app.change", call->by);
}

enum err
api_backends_list(struct api_call *call, struct fault *f)
{
	struct app a;
	enum err e = app_load(call->control, call->params[0], &a, f);

	if (e == ERR_OK)
		call->answer = backends_json(call->control, &a);
	app_unload(&a);
	return e;
}

/* The body's "backends", which must be there: one that was forgotten is not
 * one that is empty. */
static enum err
put_listed(
    struct api_call *call, const struct app *a, bool may_exist, struct fault *f)
{
	json_t *list = json_object_get(call->body, "backends");

	if (list == NULL)
		list = json_null();
	return backends_put(call->control, a, list, may_exist, f);
}

static enum err
add(struct api_call *call, struct fault *f)
{
	struct app a;
	enum err e = app_load(call->control, call->params[0], &a, f);

	if (e == ERR_OK)
		e = put_listed(call, &a, false, f);
	if (e == ERR_OK)
		e = backends_changed(call, &a);
	call->status = 201;
	app_unload(&a);
	return e;
}

enum err
api_backends_add(struct api_call *call, struct fault *f)
{
	(void)f;
	api_run_resolved(call, add);
	return ERR_OK;
}

/* Runs a statement that takes the app's id. */
static enum err
run_for(struct api_call *call, const struct app *a, const char *sql)
{
	struct stmt *s = db_stmt(call->control->db, sql);

	stmt_int(s, 1, a->id);
	return stmt_run(s);
}

static enum err
set(struct api_call *call, struct fault *f)
{
	/* one that stays keeps its row: workers know it by its id */
	static const char all_leave[] =
	    "UPDATE backend SET state = 'leaving ' || state"
	    " WHERE app_id = ?1";
	static const char drop[] = "DELETE FROM backend WHERE app_id = ?1"
				   " AND state LIKE 'leaving %'";
	struct app a;
	enum err e = app_load(call->control, call->params[0], &a, f);

	if (e == ERR_OK)
		e = run_for(call, &a, all_leave);
	if (e == ERR_OK)
		e = put_listed(call, &a, true, f);
	if (e == ERR_OK)
		e = run_for(call, &a, drop);
	if (e == ERR_OK)
		e = backends_changed(call, &a);
	app_unload(&a);
	return e;
}

enum err
api_backends_set(struct api_call *call, struct fault *f)
{
	(void)f;
	api_run_resolved(call, set);
	return ERR_OK;
}

/* The backend that the path names: its id; N24. */
static enum err
backend_id(
    struct api_call *call, const struct app *a, int64_t *id, struct fault *f)
{
	static const char sql[] =
	    "SELECT 1 FROM backend WHERE id = ?1 AND app_id = ?2";
	struct stmt *s = db_stmt(call->control->db, sql);
	uint64_t n = 0;
	enum err e;

	if (slice_to_u64(slice_str(call->params[1]), &n) != ERR_OK ||
	    n > INT64_MAX)
		n = 0;
	*id = (int64_t)n;
	stmt_int(s, 1, *id);
	stmt_int(s, 2, a->id);
	e = stmt_step(s);
	stmt_done(s);
	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_N24_NO_SUCH_BACKEND,
		    "App %s has no backend %.32s", a->name, call->params[1]);
	return e;
}

static enum err
backend_event(
    struct api_call *call, const struct app *a, int64_t id, const char *name)
{
	struct event event = {.name = name, .by = call->by, .app = a->name};

	event.backend = backend_json(call->control, a, id);
	call->answer = json_incref(event.backend);
	return event_add(call->control->db, &event);
}

enum err
api_backends_change(struct api_call *call, struct fault *f)
{
	static const char sql[] = "UPDATE backend SET state = ?2,"
				  " since_at = iif(state = ?2, since_at, ?3)"
				  " WHERE id = ?1";
	struct control *c = call->control;
	const char *state = "";
	struct stmt *s;
	struct app a;
	int64_t id;
	bool drains;
	enum err e = app_load(c, call->params[0], &a, f);

	if (e == ERR_OK)
		e = backend_id(call, &a, &id, f);
	if (e == ERR_OK)
		e = json_get_str(call->body, "state", JSON_REQUIRED, &state, f);
	drains = strcmp(state, "draining") == 0;
	if (e == ERR_OK && !drains && strcmp(state, "up") != 0) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"state\" is \"up\" or \"draining\"");
		e = ERR_SYNTAX;
	}
	if (e == ERR_OK) {
		s = db_stmt(c->db, sql);
		stmt_int(s, 1, id);
		stmt_str(s, 2, state);
		stmt_int(s, 3, clock_now());
		e = stmt_run(s);
	}
	if (e == ERR_OK)
		e = backend_event(
		    call, &a, id, drains ? "backend.drain" : "backend.up");
	change_touch_app(c, a.name);
	app_unload(&a);
	return e;
}

enum err
api_backends_remove(struct api_call *call, struct fault *f)
{
	static const char sql[] = "DELETE FROM backend WHERE id = ?1";
	struct stmt *s;
	struct app a;
	int64_t id;
	enum err e = app_load(call->control, call->params[0], &a, f);

	if (e == ERR_OK)
		e = backend_id(call, &a, &id, f);
	if (e == ERR_OK) {
		s = db_stmt(call->control->db, sql);
		stmt_int(s, 1, id);
		e = stmt_run(s);
	}
	if (e == ERR_OK)
		e = backends_changed(call, &a);
	app_unload(&a);
	return e;
}
