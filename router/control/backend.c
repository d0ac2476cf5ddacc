#include "router/control/backend.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/app.h"
#include "router/control/backend_target.h"
#include "router/control/control.h"

/* The row, new or found again: its id. */
static enum err
put_row(struct control *c, const struct app *a, const struct backend_address *b,
    bool may_exist, int64_t *id)
{
	static const char insert[] =
	    "INSERT INTO backend (app_id, address, weight, created_at,"
	    " since_at, host) VALUES (?1, ?2, ?3, ?4, ?4, ?5) RETURNING id";
	static const char upsert[] =
	    "INSERT INTO backend (app_id, address, weight, created_at,"
	    " since_at, host) VALUES (?1, ?2, ?3, ?4, ?4, ?5)"
	    " ON CONFLICT (app_id, address) DO UPDATE SET weight = ?3,"
	    " since_at = iif(state IN ('up', 'leaving up'), since_at, ?4),"
	    " state = 'up' RETURNING id";
	struct stmt *s = db_stmt(c->db, may_exist ? upsert : insert);
	enum err e;

	stmt_int(s, 1, a->id);
	stmt_str(s, 2, b->text);
	stmt_int(s, 3, b->weight);
	stmt_int(s, 4, clock_now());
	stmt_str(s, 5, b->host[0] == '\0' ? NULL : b->host);
	e = stmt_step(s);
	if (e == ERR_OK) {
		*id = stmt_get_int(s, 0);
		/* what RETURNING gives is done only at the end */
		e = stmt_step(s) == ERR_NOT_FOUND ? ERR_OK : ERR_IO;
	}
	return e;
}

static bool
has_targets(struct control *c, int64_t id)
{
	static const char sql[] =
	    "SELECT 1 FROM backend_target WHERE backend_id = ?1 LIMIT 1";
	struct stmt *s = db_stmt(c->db, sql);
	bool has;

	stmt_int(s, 1, id);
	has = stmt_step(s) == ERR_OK;
	stmt_done(s);
	return has;
}

static enum err
mark_app(struct control *c, const struct app *a)
{
	static const char sql[] =
	    "UPDATE app SET had_backends = 1 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, a->id);
	change_touch_app(c, a->name);
	return stmt_run(s);
}

/* A name that cannot be resolved is refused, unless the backend is there
 * already: what it had stays.  One that was never asked for is, afterwards. */
static enum err
put_named(struct control *c, int64_t id, const struct backend_address *b,
    struct fault *f)
{
	struct fault why;
	bool changed;
	enum err e = backend_targets_resolve(c, id, b, &changed, &why);

	if (e != ERR_OK)
		return api_store_away(f);
	if (fault_is_set(&why) && !has_targets(c, id)) {
		*f = why;
		return ERR_DENIED;
	}
	change_name(c, b->host);
	return ERR_OK;
}

enum err
backend_put(struct control *c, const struct app *a, const char *text,
    bool may_exist, struct fault *f)
{
	struct backend_address b;
	int64_t id = 0;
	enum err e = backend_address_parse(slice_str(text), &b, f);

	if (e == ERR_OK)
		e = backend_target_check(c, &b, f);
	if (e != ERR_OK)
		return e;
	e = put_row(c, a, &b, may_exist, &id);
	if (e == ERR_EXISTS) {
		fault_set(f, FAULT_N23_BACKEND_EXISTS,
		    "App %s has the backend %s already", a->name, b.text);
		return e;
	}
	if (e == ERR_OK && b.host[0] == '\0')
		e = backend_target_put(c, id, &b.addr);
	else if (e == ERR_OK && (e = put_named(c, id, &b, f)) != ERR_OK)
		return e;
	if (e == ERR_OK)
		e = mark_app(c, a);
	return e == ERR_OK ? ERR_OK : api_store_away(f);
}

enum err
backends_put(struct control *c, const struct app *a, const json_t *list,
    bool may_exist, struct fault *f)
{
	const json_t *item;
	enum err e = ERR_OK;
	size_t i;

	if (list != NULL && !json_is_array(list)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"backends\" is not a list");
		return ERR_SYNTAX;
	}
	for (i = 0; i < json_array_size(list) && e == ERR_OK; i++) {
		item = json_array_get(list, i);
		if (!json_is_string(item)) {
			fault_set(f, FAULT_P11_FIELD_INVALID,
			    "A backend is written as a string");
			return ERR_SYNTAX;
		}
		e = backend_put(c, a, json_string_value(item), may_exist, f);
	}
	return e;
}

/* --- as the API tells them ------------------------------------------------ */

/* Columns of the query. */
enum {
	COL_ID,
	COL_ADDRESS,
	COL_WEIGHT,
	COL_STATE,
	COL_SINCE,
	COL_FAULT,
	COL_UP,
	COL_DOWN_SINCE,
	COL_UP_SINCE,
	COL_TARGET_FAULT,
	COL_TARGETS,
};

static void
put_state(json_t *o, struct stmt *s)
{
	struct slice state = stmt_get(s, COL_STATE);
	int64_t since = stmt_get_int(s, COL_SINCE), change = 0;

	if (slice_eq(state, SLICE("up"))) {
		bool is_up = stmt_get_int(s, COL_UP) > 0;

		if (!is_up)
			state = SLICE("down");
		change = stmt_get_int(s, is_up ? COL_UP_SINCE : COL_DOWN_SINCE);
	}
	json_put_slice(o, "state", state);
	json_put_time(o, "since", change > since ? change : since);
}

static void
put_fault(json_t *o, struct stmt *s)
{
	json_t *fault = NULL;
	int column = stmt_is_null(s, COL_FAULT) ? COL_TARGET_FAULT : COL_FAULT;

	if (stmt_is_null(s, column) ||
	    json_parse(stmt_get(s, column), &fault, NULL) != ERR_OK)
		fault = json_null();
	json_put(o, "fault", fault);
}

/* Where it is now, and what all workers do there. */
static void
put_targets(const struct control *c, json_t *o, struct stmt *s)
{
	struct slice given = stmt_get(s, COL_ADDRESS), target;
	struct slice targets = stmt_get(s, COL_TARGETS);
	json_t *list = json_array();
	uint64_t active = 0;

	while (slice_word(&targets, &target)) {
		char *key = xasprintf("%" SLICE_FMT " %" SLICE_FMT,
		    SLICE_ARG(given), SLICE_ARG(target));

		json_array_append_new(list, json_stringn(target.p, target.n));
		active += limits_total(
		    c->limits, limits_hash(c->limits, slice_str(key)));
		free(key);
	}
	json_put(o, "addresses", list);
	json_put_int(o, "active", (int64_t)active);
}

json_t *
backends_json(struct control *c, const struct app *a)
{
	static const char sql[] =
	    "SELECT b.id, b.address, b.weight, b.state, b.since_at, b.fault,"
	    " sum(t.health = 'up'),"
	    " max(t.since_at) FILTER (WHERE t.health = 'down'),"
	    " min(t.since_at) FILTER (WHERE t.health = 'up'),"
	    " max(t.fault), group_concat(t.address, ' ')"
	    " FROM backend b LEFT JOIN backend_target t ON t.backend_id = b.id"
	    " WHERE b.app_id = ?1 GROUP BY b.id ORDER BY b.id";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_int(s, 1, a->id);
	while (stmt_step(s) == ERR_OK) {
		json_t *o = json_object();

		json_put_int(o, "id", stmt_get_int(s, COL_ID));
		json_put_slice(o, "address", stmt_get(s, COL_ADDRESS));
		json_put_int(o, "weight", stmt_get_int(s, COL_WEIGHT));
		put_state(o, s);
		put_fault(o, s);
		put_targets(c, o, s);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
backend_json(struct control *c, const struct app *a, int64_t id)
{
	json_t *list = backends_json(c, a), *item, *found = NULL;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_int(item, "id") == id)
			found = json_incref(item);
	}
	json_decref(list);
	return found;
}
