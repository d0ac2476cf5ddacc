#include "router/control/backend_target.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/control.h"

#define OWN_SOCKETS_MAX 64

/* --- where requests may be sent ------------------------------------------- */

/* Where towpath itself listens. */
static size_t
own_sockets(const struct control *c, struct addr out[OWN_SOCKETS_MAX])
{
	const struct config_addrs *lists[] = {&c->config.listen.http,
	    &c->config.listen.https, &c->config.listen.metrics};
	size_t n = 0;

	for (size_t k = 0; k < COUNT_OF(lists); k++)
		for (size_t i = 0; i < lists[k]->n && n < OWN_SOCKETS_MAX; i++)
			out[n++] = lists[k]->items[i];
	return n;
}

enum err
backend_target_check(
    const struct control *c, const struct backend_address *b, struct fault *f)
{
	struct addr sockets[OWN_SOCKETS_MAX];
	struct backend_own own = {.sockets = sockets,
	    .n_sockets = own_sockets(c, sockets),
	    .addresses = c->config.platform.addresses.items,
	    .n_addresses = c->config.platform.addresses.n,
	    .control_socket = c->config.control.socket};

	return backend_address_check(b, &own, f);
}

/* --- rows ----------------------------------------------------------------- */

enum err
backend_target_put(struct control *c, int64_t id, const struct addr *at)
{
	static const char sql[] =
	    "INSERT INTO backend_target (backend_id, address, since_at)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
	struct stmt *s = db_stmt(c->db, sql);
	char text[ADDR_TEXT_SIZE];

	stmt_int(s, 1, id);
	stmt_str(s, 2, addr_format(at, text));
	stmt_int(s, 3, clock_now());
	return stmt_run(s);
}

/* All but those in the list of texts. */
static enum err
drop_others(struct control *c, int64_t id, const json_t *texts)
{
	static const char sql[] =
	    "DELETE FROM backend_target WHERE backend_id = ?1 AND address"
	    " NOT IN (SELECT value FROM json_each(?2))";
	struct stmt *s = db_stmt(c->db, sql);
	char *list = json_text(texts);

	stmt_int(s, 1, id);
	stmt_str(s, 2, list);
	free(list);
	return stmt_run(s);
}

static enum err
set_fault(struct control *c, int64_t id, const struct fault *f)
{
	static const char sql[] = "UPDATE backend SET fault = ?2"
				  " WHERE id = ?1 AND fault IS NOT ?2";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *o = json_fault(f);
	char *text = fault_is_set(f) ? json_text(o) : NULL;

	stmt_int(s, 1, id);
	stmt_str(s, 2, text);
	free(text);
	json_decref(o);
	return stmt_run(s);
}

/* --- names ---------------------------------------------------------------- */

/* Puts those that requests may be sent to; their texts go to the list. */
static enum err
put_addresses(struct control *c, int64_t id, const struct backend_address *b,
    const struct name_answer *known, json_t *texts, struct fault *f)
{
	struct backend_address one = *b;
	enum err e = ERR_OK;

	one.host[0] = '\0';
	for (size_t i = 0; i < known->n && e == ERR_OK; i++) {
		char text[ADDR_TEXT_SIZE];

		one.addr = known->addresses[i];
		addr_set_port(&one.addr, b->port);
		if (backend_target_check(c, &one, f) != ERR_OK)
			continue;
		json_array_append_new(
		    texts, json_string(addr_format(&one.addr, text)));
		e = backend_target_put(c, id, &one.addr);
	}
	if (json_array_size(texts) > 0)
		*f = (struct fault){0}; /* some will do */
	return e;
}

enum err
backend_targets_resolve(struct control *c, int64_t id,
    const struct backend_address *b, bool *changed, struct fault *f)
{
	struct name_answer known = names_get(c, b->host);
	json_t *texts = json_array();
	int64_t before = db_total_changes(c->db);
	enum err e = ERR_OK;

	*f = (struct fault){0};
	if (known.why == NULL)
		e = put_addresses(c, id, b, &known, texts, f);
	else
		fault_set(f, FAULT_N28_BACKEND_UNRESOLVED, "%.200s %s", b->host,
		    known.why);
	if (e == ERR_OK && json_array_size(texts) > 0)
		e = drop_others(c, id, texts);
	*changed = db_total_changes(c->db) != before;
	if (e == ERR_OK)
		e = set_fault(c, id, f);
	json_decref(texts);
	return e;
}

/* One of the name's backends; *row is a line of resolved's query. */
struct named {
	int64_t id;
	char *address, *app;
};

static size_t
named_backends(struct control *c, const char *host, struct named **out)
{
	static const char sql[] =
	    "SELECT b.id, b.address, a.name FROM backend b"
	    " JOIN app a ON a.id = b.app_id WHERE b.host = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	struct named *list = NULL;
	size_t n = 0;

	stmt_str(s, 1, host);
	while (stmt_step(s) == ERR_OK) {
		list = xrealloc(list, (n + 1) * sizeof(*list));
		list[n++] = (struct named){.id = stmt_get_int(s, 0),
		    .address = xstrdup(stmt_get_str(s, 1)),
		    .app = xstrdup(stmt_get_str(s, 2))};
	}
	*out = list;
	return n;
}

static enum err
resolve_one(struct control *c, const struct named *row)
{
	struct backend_address b;
	struct fault f = {0};
	bool changed = false;
	enum err e = backend_address_parse(slice_str(row->address), &b, &f);

	if (e == ERR_OK)
		e = backend_targets_resolve(c, row->id, &b, &changed, &f);
	if (e != ERR_OK || !changed)
		return e;
	log_info("app %s: backend %s has other addresses now", row->app,
	    row->address);
	change_touch_app(c, row->app);
	return ERR_OK;
}

bool
backends_resolved(struct control *c, const char *host)
{
	struct named *list = NULL;
	size_t n = named_backends(c, host, &list);
	struct fault f = {0};
	enum err e = ERR_OK;

	if (n > 0)
		e = change_begin(c, &f);
	for (size_t i = 0; i < n; i++) {
		if (e == ERR_OK)
			e = resolve_one(c, &list[i]);
		free(list[i].address);
		free(list[i].app);
	}
	free(list);
	if (n > 0 && (e != ERR_OK || change_commit(c, &f) != ERR_OK)) {
		change_abort(c);
		log_warning("backend %s: its addresses were not stored", host);
	}
	return n > 0;
}
