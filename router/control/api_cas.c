#include "router/control/api_cas.h"

#include "acme/ca_choice.h"
#include "base/mem.h"
#include "router/control/api_budget.h"
#include "router/control/event.h"

#define PAUSED_SHOWN 100

/* When the account's key was made. */
static int64_t
key_since(struct control *c, const char *directory)
{
	static const char sql[] =
	    "SELECT ifnull(rolled_at, created_at) FROM account"
	    " WHERE directory = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	int64_t at = 0;

	stmt_str(s, 1, directory);
	if (stmt_step(s) == ERR_OK)
		at = stmt_get_int(s, 0);
	stmt_done(s);
	return at;
}

static json_t *
ca_json(struct control *c, const struct issuer_ca_status *ca, enum wish_ca name)
{
	json_t *o = json_object();

	json_put_str(o, "ca", wish_ca_text(name));
	json_put_str(o, "directory", ca->directory);
	json_put_str(
	    o, "account", ca->account_url[0] == '\0' ? NULL : ca->account_url);
	json_put_time(o, "key_since", key_since(c, ca->directory));
	json_put_bool(o, "key_changing", ca->is_resting);
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

/* --- another key for an account --------------------------------------------
 */

static enum ca_seat
seat_of(const char *text)
{
	return strcmp(text, wish_ca_text(WISH_CA_FALLBACK)) == 0 ? CA_FALLBACK
								 : CA_FIRST;
}

static enum err
conclude(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	struct event event = {.name = "account.rollover", .by = call->by};
	enum ca_seat seat = seat_of(json_str(call->body, "ca"));
	json_t *cas;

	if (event_add(c->db, &event) != ERR_OK)
		return api_store_away(f);
	cas = api_cas_json(c);
	call->answer = json_incref(json_array_get(cas, (size_t)seat));
	json_decref(cas);
	return ERR_OK;
}

static void
on_rolled(void *ctx, const struct fault *f)
{
	struct api_call *call = ctx;

	if (f != NULL)
		api_refuse(call, f);
	else
		api_run_change(call, conclude);
}

enum err
api_acme_rollover(struct api_call *call, struct fault *f)
{
	const char *ca = wish_ca_text(WISH_CA_FIRST);
	struct rollover_wish wish = {0};
	enum err e = json_get_str(call->body, "ca", JSON_OPTIONAL, &ca, f);

	if (e == ERR_OK)
		e = json_get_bool(call->body, "new_account", JSON_OPTIONAL,
		    &wish.new_account, f);
	if (e != ERR_OK)
		return e;
	if (strcmp(ca, wish_ca_text(WISH_CA_FIRST)) != 0 &&
	    strcmp(ca, wish_ca_text(WISH_CA_FALLBACK)) != 0) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"ca\" is first or fallback");
		return ERR_SYNTAX;
	}
	wish.ca = seat_of(ca);
	return issuer_roll_over(
	    call->control->issuer, &wish, on_rolled, call, f);
}
