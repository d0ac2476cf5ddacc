#include "router/control/api_domains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api_backends.h"
#include "router/control/api_dns.h"
#include "router/control/complete.h"
#include "router/control/custom.h"
#include "router/control/diagnosis.h"
#include "router/control/domain_add.h"
#include "router/control/domain_check.h"
#include "router/control/domain_json.h"
#include "router/control/domain_order.h"
#include "router/control/name_set.h"
#include "router/control/origin.h"
#include "router/control/platform.h"

#define PAGE_SCAN "SELECT host FROM domain WHERE host > ?1"
#define PAGE_END  " ORDER BY host LIMIT ?2"

/* What a list is filtered by; "" is any. */
struct domain_filter {
	char app[APP_NAME_SIZE], status[32], serving[32], fault[8];
	bool problems;
};

static enum err
read_filter(struct api_call *call, struct domain_filter *out, struct fault *f)
{
	enum err e;

	e = api_query(call, "app", out->app, sizeof(out->app), f);
	if (e == ERR_OK)
		e = api_query(
		    call, "status", out->status, sizeof(out->status), f);
	if (e == ERR_OK)
		e = api_query(
		    call, "serving", out->serving, sizeof(out->serving), f);
	if (e == ERR_OK)
		e = api_query(call, "fault", out->fault, sizeof(out->fault), f);
	out->problems = api_query_is(call, "problems");
	return e;
}

/*
 * Filters that are not asked for are ''.  One that is has an index in the order
 * of hosts, so a page costs a page; `+` keeps the planner off the others.
 */
static struct stmt *
select_page(struct control *c, const struct domain_filter *f)
{
#define REST                                                                   \
	" AND (?4 = '' OR +status = ?4) AND (?5 = '' OR serving = ?5)"         \
	" AND (?6 = '' OR +fault_code = ?6)"                                   \
	" AND (?7 = 0 OR +fault_code IS NOT NULL)" PAGE_END
#define OF_APP                                                                 \
	" AND (?3 = '' OR +app_id = (SELECT id FROM app WHERE name = ?3))"
	static const char all[] = PAGE_SCAN OF_APP REST;
	static const char of_app[] =
	    PAGE_SCAN " AND app_id = (SELECT id FROM app WHERE name = ?3)" REST;
	static const char of_status[] =
	    PAGE_SCAN OF_APP " AND status = ?4" REST;
	static const char with_fault[] =
	    PAGE_SCAN OF_APP " AND fault_code IS NOT NULL" REST;
#undef REST
#undef OF_APP
	if (f->problems || f->fault[0] != '\0')
		return db_stmt(c->db, with_fault);
	if (f->app[0] != '\0')
		return db_stmt(c->db, of_app);
	return db_stmt(c->db, f->status[0] != '\0' ? of_status : all);
}

static void
add_domain(struct api_call *call, const char *host)
{
	struct fault f = {0};
	struct domain d;

	if (domain_load(call->control, host, &d, &f) == ERR_OK)
		json_array_append_new(
		    call->answer, domain_json(call->control, &d));
	domain_unload(&d);
}

enum err
api_domains_list(struct api_call *call, struct fault *f)
{
	struct domain_filter filter = {0};
	char host[HOST_SIZE] = "";
	struct api_page page;
	struct stmt *s;
	enum err e = api_page_read(call, &page, f);

	if (e == ERR_OK)
		e = read_filter(call, &filter, f);
	if (e != ERR_OK)
		return e;
	call->answer = json_array();
	s = select_page(call->control, &filter);
	stmt_str(s, 1, page.after);
	stmt_int(s, 2, page.limit + 1);
	stmt_str(s, 3, filter.app);
	stmt_str(s, 4, filter.status);
	stmt_str(s, 5, filter.serving);
	stmt_str(s, 6, filter.fault);
	stmt_int(s, 7, filter.problems);
	for (int n = 0; stmt_step(s) == ERR_OK; n++) {
		if (n == page.limit) {
			api_page_next(call, host);
			break;
		}
		(void)snprintf(host, sizeof(host), "%s", stmt_get_str(s, 0));
		add_domain(call, host);
	}
	stmt_done(s);
	return ERR_OK;
}

/* What a new or changed domain does next: looked at, and answered. */
static enum err
conclude(
    struct api_call *call, struct domain *d, const char *event, struct fault *f)
{
	enum err e = domain_settle(call->control, d, call->by);

	if (e == ERR_OK)
		e = domain_event(call->control, d, event, call->by, NULL);
	if (e != ERR_OK)
		return api_store_away(f);
	change_touch(call->control, d->host);
	origin_touch(call->control, d);
	change_check(call->control, d->host);
	json_decref(call->answer);
	call->answer = domain_json(call->control, d);
	return ERR_OK;
}

static enum err
add(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	const json_t *upload;
	const char *name = "";
	struct app a = {0};
	struct domain d = {0};
	enum err e = domain_upload(call->body, &upload, f);
	bool is_secured = upload != NULL, sets_dns = false;

	if (e == ERR_OK)
		e = json_get_str(call->body, "app", JSON_OPTIONAL, &name, f);
	if (e == ERR_OK)
		e = domain_app(c, name, &a, f);
	if (e == ERR_OK)
		e = domain_add(c, &a, call->body, is_secured, &d, f);
	if (e == ERR_OK)
		e = conclude(call, &d, "domain.add", f);
	if (e == ERR_OK && is_secured)
		e = custom_upload(c, d.host, upload, true, call->by, f);
	domain_unload(&d);
	if (e == ERR_OK && is_secured)
		e = domain_load(c, json_str(call->answer, "host"), &d, f);
	if (e == ERR_OK && is_secured) {
		json_decref(call->answer);
		call->answer = domain_json(c, &d);
	}
	call->status = 201;
	if (e == ERR_OK)
		e = json_get_bool(
		    call->body, "set_dns", JSON_OPTIONAL, &sets_dns, f);
	if (sets_dns)
		call->then = api_dns_set_too;
	domain_unload(&d);
	app_unload(&a);
	return e;
}

static void
go_on_adding(struct api_call *call)
{
	api_run_resolved(call, add);
}

enum err
api_domains_add(struct api_call *call, struct fault *f)
{
	json_t *upload = json_obj(call->body, "certificate");
	bool completes = false;
	enum err e = ERR_OK;

	if (json_is_object(upload))
		e = json_get_bool(
		    upload, "complete", JSON_OPTIONAL, &completes, f);
	if (e == ERR_OK && completes)
		complete_upload(call, upload, go_on_adding);
	else if (e == ERR_OK)
		go_on_adding(call);
	return e;
}

enum err
api_domain(struct api_call *call, struct domain *d, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = api_host(call, 0, host, f);

	*d = (struct domain){0};
	return e == ERR_OK ? domain_load(call->control, host, d, f) : e;
}

enum err
api_domains_get(struct api_call *call, struct fault *f)
{
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK) {
		call->answer = domain_json(call->control, &d);
		diagnosis_add(call->control, d.host, call->answer);
	}
	domain_unload(&d);
	return e;
}

static enum err
move(struct api_call *call, struct domain *d, struct fault *f)
{
	struct control *c = call->control;
	const char *name = "";
	struct app a = {0};
	enum err e;

	e = json_get_str(call->body, "app", JSON_OPTIONAL, &name, f);
	if (e != ERR_OK || json_object_get(call->body, "app") == NULL)
		return e;
	e = domain_app(c, name, &a, f);
	if (e == ERR_OK && a.id != d->app_id)
		e = domain_may_belong(c, d->host, &a, f);
	if (e == ERR_OK && a.id != d->app_id) {
		d->app_id = a.id;
		(void)snprintf(d->app, sizeof(d->app), "%s", a.name);
		d->generation++; /* its tickets are the old app's */
		e = name_set_leave(c, d, NULL, call->by);
	}
	app_unload(&a);
	return e;
}

static enum err
change(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK && (json_object_get(call->body, "app") != NULL ||
			       json_object_get(call->body, "origin") != NULL))
		e = platform_may_remove(c, &d, f);
	if (e == ERR_OK)
		e = move(call, &d, f);
	if (e == ERR_OK)
		e = domain_set_members(c, &d, call->body, f);
	if (e == ERR_OK && !d.automatic) {
		change_cancel(c, d.host);
		e = name_set_leave(c, &d, NULL, call->by);
	}
	if (e == ERR_OK) {
		d.touched_at = clock_now();
		e = conclude(call, &d, "domain.change", f);
	}
	if (e == ERR_OK && d.serving == SERVING_CUSTOM)
		change_fallback(call->control, d.host);
	domain_unload(&d);
	return e;
}

enum err
api_domains_change(struct api_call *call, struct fault *f)
{
	(void)f;
	api_run_resolved(call, change);
	return ERR_OK;
}

enum err
api_domains_remove(struct api_call *call, struct fault *f)
{
	static const char sql[] = "DELETE FROM domain WHERE id = ?1";
	struct control *c = call->control;
	struct domain d;
	struct stmt *s;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK)
		e = platform_may_remove(c, &d, f);
	if (e == ERR_OK)
		e = name_set_leave(c, &d, NULL, call->by);
	if (e == ERR_OK)
		e = domain_event(c, &d, "domain.remove", call->by, NULL);
	if (e == ERR_OK) {
		change_touch(c, d.host);
		change_cancel(c, d.host);
		s = db_stmt(c->db, sql);
		stmt_int(s, 1, d.id);
		e = stmt_run(s);
		if (e == ERR_OK)
			e = origin_drop(c, &d);
		call->status = 204;
	}
	domain_unload(&d);
	return e;
}

/* --- does it reach us? ---------------------------------------------------- */

static void
on_checked(void *ctx, const struct diagnosis *d)
{
	struct api_call *call = ctx;

	call->answer = diagnosis_json(d);
	api_finish(call);
}

/* A person looked: it is looked at more often for a while. */
static enum err
touch(struct control *c, const char *host, struct fault *f)
{
	static const char sql[] =
	    "UPDATE domain SET touched_at = ?2 WHERE host = ?1";
	struct stmt *s;

	if (change_begin(c, f) != ERR_OK)
		return ERR_AGAIN;
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, host);
	stmt_int(s, 2, clock_now());
	if (stmt_run(s) == ERR_OK && change_commit(c, f) == ERR_OK)
		return ERR_OK;
	change_abort(c);
	return api_store_away(f);
}

enum err
api_domains_check(struct api_call *call, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = api_host(call, 0, host, f);

	if (e == ERR_OK)
		e = touch(call->control, host, f);
	if (e == ERR_OK)
		e = checks_ask(call->control, host, on_checked, call, f);
	return e;
}

enum err
api_domains_eligibility(struct api_call *call, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = api_host(call, 0, host, f);

	if (e == ERR_OK)
		call->answer = diagnosis_last(call->control, host);
	return e;
}

/* What must hold before a new certificate can be ordered by hand. */
enum err
api_domains_renew(struct api_call *call, struct fault *f)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct control *c = call->control;
	struct domain_facts facts;
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK) {
		facts = domain_look(c, &d, candidates);
		facts.needs_person = false; /* one is here */
		facts.n_candidates = 0;
		facts.order_fault = NULL;
		domain_fallback(&facts, f);
		if (fault_is_set(f))
			e = ERR_DENIED;
	}
	if (e == ERR_OK)
		e = domain_order_may(c, d.host, &call->retry_at, f);
	if (e == ERR_OK)
		e = domain_order_by_hand(c, d.host, &call->retry_at, f);
	if (e == ERR_OK) {
		d.retry_at = 0;
		d.needs_person = false;
		d.touched_at = clock_now();
		e = domain_settle(c, &d, call->by);
	}
	if (e == ERR_OK) {
		change_order(c, d.host);
		call->answer = domain_json(c, &d);
		call->status = 202;
	}
	domain_unload(&d);
	return e;
}
