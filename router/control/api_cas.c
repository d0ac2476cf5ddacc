#include "router/control/api_cas.h"

#include "acme/ca_choice.h"
#include "base/mem.h"
#include "router/control/api_budget.h"

#define PAUSED_SHOWN 100

static json_t *
ca_json(struct control *c, const struct issuer_ca_status *ca, enum wish_ca name)
{
	json_t *o = json_object();

	json_put_str(o, "ca", wish_ca_text(name));
	json_put_str(o, "directory", ca->directory);
	json_put_str(
	    o, "account", ca->account_url[0] == '\0' ? NULL : ca->account_url);
	json_put_bool(o, "terms_agreed", ca->agree_terms);
	json_put_int(o, "orders_in_flight", (int64_t)ca->in_flight);
	json_put_time(o, "refuses_until", ca->refuses_until);
	json_put(o, "fault", json_fault(&ca->fault));
	json_put_str(o, "limits", ca->limits->name);
	json_put(o, "budget", api_budget_json(c, ca));
	return o;
}

json_t *
api_cas_json(struct control *c)
{
	json_t *list = json_array();
	struct issuer_status status;

	if (c->issuer == NULL)
		return list;
	issuer_status(c->issuer, &status);
	json_array_append_new(
	    list, ca_json(c, &status.ca[CA_FIRST], WISH_CA_FIRST));
	if (status.ca[CA_FALLBACK].is_there)
		json_array_append_new(list,
		    ca_json(c, &status.ca[CA_FALLBACK], WISH_CA_FALLBACK));
	return list;
}

/* Whose last order at a CA ended so. */
json_t *
api_paused_json(struct control *c)
{
	static const char sql[] =
	    "SELECT o.host, o.directory, o.ended_at, o.fault_text,"
	    " ifnull(o.fault_action, '') FROM acme_order o"
	    " WHERE o.fault_code = 'A14' AND o.id = (SELECT max(id)"
	    " FROM acme_order WHERE host = o.host"
	    " AND directory = o.directory AND ended_at IS NOT NULL)"
	    " ORDER BY o.id DESC LIMIT ?1";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_int(s, 1, PAUSED_SHOWN);
	while (stmt_step(s) == ERR_OK) {
		json_t *o = json_object();

		json_put_slice(o, "host", stmt_get(s, 0));
		json_put_slice(o, "directory", stmt_get(s, 1));
		json_put_time(o, "since", stmt_get_int(s, 2));
		json_put_slice(o, "text", stmt_get(s, 3));
		json_put_slice(o, "action", stmt_get(s, 4));
		json_array_append_new(list, o);
	}
	return list;
}
