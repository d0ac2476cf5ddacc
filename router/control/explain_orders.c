#include "base/clock.h"
#include "router/control/control.h"
#include "router/control/explain.h"

#define ORDERS_MAX 5

/* JSON text of a column, null when there is none. */
static json_t *
document(struct stmt *s, int at)
{
	json_t *o;

	if (stmt_is_null(s, at) ||
	    json_parse(stmt_get(s, at), &o, NULL) != ERR_OK)
		return json_null();
	return o;
}

static void
put_text(json_t *o, const char *key, struct stmt *s, int at)
{
	json_put_str(o, key, stmt_is_null(s, at) ? NULL : stmt_get_str(s, at));
}

/* What the CA is told to look for, while it may still look. */
static json_t *
challenges(struct control *c, int64_t order_id)
{
	static const char sql[] =
	    "SELECT type, host, url, created_at FROM challenge"
	    " WHERE order_id = ?1 ORDER BY id";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_int(s, 1, order_id);
	while (stmt_step(s) == ERR_OK) {
		json_t *o = json_object();

		put_text(o, "type", s, 0);
		put_text(o, "host", s, 1);
		put_text(o, "url", s, 2);
		json_put_time(o, "created_at", stmt_get_int(s, 3));
		json_array_append_new(list, o);
	}
	stmt_done(s);
	return list;
}

/* The fault as it was; the action is the row's, or the table's. */
static json_t *
fault_of(struct stmt *s, int code, int text, int action)
{
	struct fault f = {0};

	if (stmt_is_null(s, code))
		return json_null();
	fault_set(&f, fault_code_parse(stmt_get_str(s, code)), "%s",
	    stmt_get_str(s, text));
	if (!stmt_is_null(s, action))
		fault_action(&f, "%s", stmt_get_str(s, action));
	return json_fault(&f);
}

static json_t *
order(struct stmt *s)
{
	json_t *o = json_object();

	json_put_int(o, "order", stmt_get_int(s, 0));
	put_text(o, "state", s, 1);
	json_put(o, "names", document(s, 2));
	put_text(o, "directory", s, 3);
	put_text(o, "challenge", s, 4);
	json_put_time(o, "created_at", stmt_get_int(s, 5));
	json_put_time(o, "updated_at", stmt_get_int(s, 6));
	json_put_time(o, "ended_at", stmt_get_int(s, 7));
	json_put(o, "fault", fault_of(s, 8, 9, 10));
	json_put(o, "said", document(s, 11));
	put_text(o, "said_url", s, 12);
	return o;
}

json_t *
explain_orders(struct control *c, const char *host)
{
	/* an order for several names is a row of one of them */
	static const char sql[] =
	    "SELECT id, state, names, directory, challenge, created_at,"
	    " updated_at, ended_at, fault_code, fault_text, fault_action,"
	    " said, said_url FROM acme_order WHERE host IN"
	    " (SELECT ?1 UNION SELECT o.host FROM domain o"
	    "  JOIN name_set_member b ON b.domain_id = o.id"
	    "  JOIN name_set_member a ON a.set_id = b.set_id"
	    "  JOIN domain d ON d.id = a.domain_id WHERE d.host = ?1)"
	    " AND instr(names, ?2) > 0 ORDER BY id DESC LIMIT ?3";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array(), *o;
	char quoted[HOST_SIZE + 2];
	size_t i;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", host);
	stmt_str(s, 1, host);
	stmt_str(s, 2, quoted);
	stmt_int(s, 3, ORDERS_MAX);
	while (stmt_step(s) == ERR_OK)
		json_array_append_new(list, order(s));
	stmt_done(s);
	json_array_foreach(list, i, o)
	{
		json_put(o, "challenges", challenges(c, json_int(o, "order")));
	}
	return list;
}
