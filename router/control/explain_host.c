#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api_budget.h"
#include "router/control/control.h"
#include "router/control/diagnosis.h"
#include "router/control/domain_add.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"
#include "router/control/explain.h"

#define HISTORY_MAX 10
#define EVENTS_MAX  10

static json_t *
records(const char *text)
{
	json_t *list;

	if (text == NULL || json_parse(slice_str(text), &list, NULL) != ERR_OK)
		return json_array();
	return list;
}

/* What each resolver said at the last look. */
static void
put_resolvers(json_t *o, const json_t *seen)
{
	static const char *const keys[] = {
	    "resolvers", "cached_for", "cdn", "probe"};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		json_t *value = json_object_get(seen, keys[i]);

		if (value != NULL)
			json_put(o, keys[i], json_incref(value));
	}
}

static json_t *
dns_of_domain(struct control *c, const struct domain *d)
{
	json_t *o = json_object(), *seen = diagnosis_last(c, d->host);

	json_put_str(o, "state", domain_dns_text(d->dns));
	json_put_bool(o, "reaches", d->dns == DOMAIN_DNS_OK);
	json_put_time(o, "checked_at", d->dns_checked_at);
	json_put_time(o, "check_at", d->check_at);
	json_put(o, "fault", json_fault(&d->dns_fault));
	json_put(o, "records", records(d->records));
	put_resolvers(o, seen);
	json_decref(seen);
	return o;
}

static json_t *
fallback(const struct domain_facts *facts)
{
	json_t *o = json_object();
	struct domain_verdict v;
	struct fault why;

	domain_derive(facts, &v);
	domain_fallback(facts, &why);
	json_put_bool(o, "ready", v.fallback_ready);
	json_put(o, "fault", json_fault(&why));
	return o;
}

static enum err
add_past(void *ctx, const struct installation *i)
{
	json_array_append_new(ctx, installation_json(i));
	return json_array_size(ctx) < HISTORY_MAX ? ERR_OK : ERR_TOO_BIG;
}

static json_t *
history(struct control *c, const char *host)
{
	json_t *list = json_array();
	enum err e = install_history(c->db, host, add_past, list);

	(void)e; /* an early end is no failure, and half of it is welcome */
	return list;
}

/* What happened, without the objects as they were then. */
static json_t *
event(const json_t *body)
{
	json_t *o = json_object(), *fault = json_obj(body, "fault");

	json_put_int(o, "sequence", json_int(body, "sequence"));
	json_put_str(o, "at", json_str(body, "at"));
	json_put_str(o, "name", json_str(body, "name"));
	json_put_str(o, "by", json_str(body, "by"));
	json_put(o, "fault", fault == NULL ? json_null() : json_incref(fault));
	return o;
}

/* The last ones, oldest first. */
static json_t *
events(struct control *c, const char *host)
{
	static const char sql[] = "SELECT body FROM event WHERE host = ?1"
				  " ORDER BY sequence DESC LIMIT ?2";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array(), *body;

	stmt_str(s, 1, host);
	stmt_int(s, 2, EVENTS_MAX);
	while (stmt_step(s) == ERR_OK) {
		if (json_parse(stmt_get(s, 0), &body, NULL) != ERR_OK)
			continue;
		json_array_insert_new(list, 0, event(body));
		json_decref(body);
	}
	stmt_done(s);
	return list;
}

json_t *
explain_domain(struct control *c, const struct domain *d, json_t *caa)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);
	json_t *o = json_object();

	json_put_str(o, "host", d->host);
	json_put_time(o, "now", facts.now);
	json_put(o, "domain", domain_json(c, d));
	json_put(o, "dns", dns_of_domain(c, d));
	json_put(o, "caa", caa);
	json_put(o, "budget", api_budget_of_host(c, d->host));
	json_put(o, "orders", explain_orders(c, d->host));
	json_put(o, "budget", api_budget_of_host(c, d->host));
	json_put(o, "serving", explain_serving(c, d, &facts));
	json_put(o, "history", history(c, d->host));
	json_put(o, "fallback", fallback(&facts));
	json_put(o, "events", events(c, d->host));
	json_put(o, "next", explain_next(d, &facts));
	return o;
}

/* --- a host that is no domain ----------------------------------------------
 */

/* The app of a registered host; false: it is not registered. */
static bool
app_of(struct control *c, const char *host, char app[64])
{
	static const char sql[] =
	    "SELECT a.name FROM domain d JOIN app a ON a.id = d.app_id"
	    " WHERE d.host = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	bool found;

	stmt_str(s, 1, host);
	found = stmt_step(s) == ERR_OK;
	if (found)
		(void)snprintf(app, 64, "%s", stmt_get_str(s, 0));
	stmt_done(s);
	return found;
}

/* NAME of NAME.apps_domain, when there is an app of this name. */
static bool
app_by_name(struct control *c, const char *host, char app[64])
{
	static const char sql[] = "SELECT 1 FROM app WHERE name = ?1";
	const char *domain = c->config.platform.apps_domain;
	struct slice h = slice_str(host);
	struct stmt *s;
	bool found;

	if (domain[0] == '\0' || !slice_eq(host_parent(h), slice_str(domain)) ||
	    slice_to_str(slice_of(host, slice_find(h, '.')), app, 64) != ERR_OK)
		return false;
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, app);
	found = stmt_step(s) == ERR_OK;
	stmt_done(s);
	return found;
}

/* What a visitor of it would be answered by, and what a person can type. */
static void
put_answers(struct control *c, json_t *o, const char *host)
{
	char app[64] = "", wildcard[HOST_SIZE + 2], command[2 * HOST_SIZE];
	json_t *answers = json_object(), *commands = json_array();
	const char *by = NULL, *through = NULL;

	domain_wildcard_of(host, wildcard);
	if (app_by_name(c, host, app)) {
		by = "app";
		(void)snprintf(
		    command, sizeof(command), "towpath apps info %s", app);
	} else if (wildcard[0] != '\0' && app_of(c, wildcard, app)) {
		by = "wildcard";
		through = wildcard;
		(void)snprintf(
		    command, sizeof(command), "towpath explain '%s'", wildcard);
	} else if (domain_is_reserved(c, host)) {
		by = "platform";
		(void)snprintf(command, sizeof(command), "towpath status");
	} else {
		(void)snprintf(command, sizeof(command),
		    "towpath domains add %s --app APP", host);
	}
	json_put_str(answers, "by", by);
	json_put_str(answers, "app", app[0] == '\0' ? NULL : app);
	json_put_str(answers, "host", through);
	json_array_append_new(commands, json_string(command));
	json_put(o, "answers", answers);
	json_put(o, "commands", commands);
}

json_t *
explain_stranger(struct control *c, const struct diagnosis *seen)
{
	json_t *o = json_object(), *dns = json_object();
	json_t *sight = diagnosis_json(seen), *caa = json_obj(sight, "caa");

	json_put_bool(dns, "reaches", seen->reaches);
	json_put_time(dns, "checked_at", clock_now());
	json_put(dns, "fault", json_fault(seen->fault));
	json_put(dns, "records", records(seen->records));
	put_resolvers(dns, sight);
	json_put_str(o, "host", seen->host);
	json_put_time(o, "now", clock_now());
	json_put(o, "domain", json_null());
	json_put(o, "dns", dns);
	json_put(o, "caa", caa == NULL ? json_array() : json_incref(caa));
	json_put(o, "budget", api_budget_of_host(c, seen->host));
	json_put(o, "orders", explain_orders(c, seen->host));
	json_put(o, "history", history(c, seen->host));
	json_put(o, "events", events(c, seen->host));
	put_answers(c, o, seen->host);
	json_decref(sight);
	return o;
}
