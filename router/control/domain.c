#include "router/control/domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/ca_choice.h"
#include "acme/schedule.h"
#include "base/clock.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/custom_warn.h"
#include "router/control/domain_ca.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"
#include "router/control/name_set.h"
#include "router/control/platform.h"
#include "router/control/renewals.h"

#define LOOK_FRESH_S 3600 /* a look that old is no ground for an order */

static void
read_fault(struct fault *f, struct slice text)
{
	json_t *o;

	fault_clear(f);
	if (text.n == 0 || json_parse(text, &o, NULL) != ERR_OK)
		return;
	json_to_fault(o, f);
	json_decref(o);
}

static enum serving
serving_of(struct slice text)
{
	for (int s = SERVING_CUSTOM; s < SERVING_PLACEHOLDER; s++)
		if (slice_eq(text, slice_str(serving_text((enum serving)s))))
			return (enum serving)s;
	return SERVING_PLACEHOLDER;
}

static char *
copy_text(struct stmt *s, int at)
{
	return stmt_is_null(s, at) ? NULL : xstrdup_slice(stmt_get(s, at));
}

static void
read_row(struct stmt *s, struct domain *d)
{
	d->id = stmt_get_int(s, 0);
	(void)snprintf(d->host, sizeof(d->host), "%s", stmt_get_str(s, 1));
	d->app_id = stmt_get_int(s, 2);
	(void)snprintf(d->app, sizeof(d->app), "%s", stmt_get_str(s, 3));
	d->origin = copy_text(s, 4);
	d->reference = copy_text(s, 5);
	d->automatic = stmt_get_int(s, 6) != 0;
	d->generation = stmt_get_int(s, 7);
	d->status = domain_status_of(stmt_get_str(s, 8));
	d->status_at = stmt_get_int(s, 9);
	d->serving = serving_of(stmt_get(s, 10));
	d->dns = domain_dns_of(stmt_get_str(s, 11));
	d->dns_checked_at = stmt_get_int(s, 12);
	d->touched_at = stmt_get_int(s, 13);
	d->check_at = stmt_get_int(s, 14);
	d->renew_at = stmt_get_int(s, 15);
	d->retry_at = stmt_get_int(s, 16);
	d->failures = (int)stmt_get_int(s, 17);
	d->next_at = stmt_get_int(s, 18);
	d->fault.code = fault_code_parse(stmt_get_str(s, 19));
	(void)snprintf(
	    d->fault.text, sizeof(d->fault.text), "%s", stmt_get_str(s, 20));
	(void)snprintf(d->fault.action, sizeof(d->fault.action), "%s",
	    stmt_get_str(s, 21));
	read_fault(&d->dns_fault, stmt_get(s, 22));
	read_fault(&d->order_fault, stmt_get(s, 23));
	d->needs_person = stmt_get_int(s, 24) != 0;
	d->records = xstrdup_slice(stmt_get(s, 25));
	d->created_at = stmt_get_int(s, 26);
	(void)wish_ca_read(stmt_get_str(s, 27), &d->ca);
	d->fallback_at = stmt_get_int(s, 28);
	read_fault(&d->fallback_fault, stmt_get(s, 29));
	d->is_platform = stmt_get_int(s, 30) != 0;
}

enum err
domain_load(
    struct control *c, const char *host, struct domain *out, struct fault *f)
{
	static const char sql[] =
	    "SELECT d.id, d.host, d.app_id, a.name, d.origin, d.reference,"
	    " d.automatic, d.generation, d.status, d.status_at, d.serving,"
	    " d.dns, d.dns_checked_at, d.touched_at, d.check_at, d.renew_at,"
	    " d.retry_at, d.failures, d.next_at, d.fault_code, d.fault_text,"
	    " d.fault_action, d.dns_fault, d.order_fault, d.needs_person,"
	    " d.records, d.created_at, d.ca, d.fallback_at, d.fallback_fault,"
	    " d.is_platform"
	    " FROM domain d JOIN app a ON a.id = d.app_id WHERE d.host = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	*out = (struct domain){0};
	stmt_str(s, 1, host);
	e = stmt_step(s);
	if (e == ERR_OK) {
		read_row(s, out);
		stmt_done(s);
	} else if (e == ERR_NOT_FOUND) {
		fault_set(
		    f, FAULT_N15_NO_SUCH_DOMAIN, "There is no domain %s", host);
		if (f != NULL)
			fault_name(f, "HOST", host);
	} else {
		fault_set(f, FAULT_S19_STORE_AWAY, NULL);
	}
	return e;
}

void
domain_unload(struct domain *d)
{
	free(d->origin);
	free(d->reference);
	free(d->records);
	*d = (struct domain){0};
}

static void
put_time(struct stmt *s, int at, int64_t time)
{
	if (time == 0)
		stmt_null(s, at);
	else
		stmt_int(s, at, time);
}

static void
put_fault(struct stmt *s, int at, const struct fault *f)
{
	json_t *o;
	char *text;

	if (!fault_is_set(f)) {
		stmt_null(s, at);
		return;
	}
	o = json_fault(f);
	text = json_text(o);
	stmt_str(s, at, text);
	free(text);
	json_decref(o);
}

enum err
domain_save(struct control *c, const struct domain *d)
{
	static const char sql[] =
	    "UPDATE domain SET app_id = ?2, origin = ?3, reference = ?4,"
	    " automatic = ?5, generation = ?6, dns = ?7, dns_checked_at = ?8,"
	    " touched_at = ?9, check_at = ?10, renew_at = ?11, retry_at = ?12,"
	    " failures = ?13, dns_fault = ?14, order_fault = ?15,"
	    " needs_person = ?16, records = ?17, ca = ?18, fallback_at = ?19,"
	    " fallback_fault = ?20 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, d->id);
	stmt_int(s, 2, d->app_id);
	stmt_str(s, 3, d->origin);
	stmt_str(s, 4, d->reference);
	stmt_int(s, 5, d->automatic);
	stmt_int(s, 6, d->generation);
	stmt_str(s, 7, domain_dns_text(d->dns));
	put_time(s, 8, d->dns_checked_at);
	stmt_int(s, 9, d->touched_at);
	put_time(s, 10, d->check_at);
	put_time(s, 11, d->renew_at);
	put_time(s, 12, d->retry_at);
	stmt_int(s, 13, d->failures);
	put_fault(s, 14, &d->dns_fault);
	put_fault(s, 15, &d->order_fault);
	stmt_int(s, 16, d->needs_person);
	stmt_str(s, 17, d->records == NULL ? "[]" : d->records);
	stmt_str(s, 18, wish_ca_text(d->ca));
	put_time(s, 19, d->fallback_at);
	put_fault(s, 20, &d->fallback_fault);
	return stmt_run(s);
}

void
domain_wildcard_of(const char *host, char out[HOST_SIZE + 2])
{
	struct slice parent = host_parent(slice_str(host));

	out[0] = '\0';
	if (parent.n == 0 || host_is_wildcard(slice_str(host)))
		return;
	memcpy(out, "*.", 2);
	memcpy(out + 2, parent.p, parent.n);
	out[parent.n + 2] = '\0';
}

void
domain_sample(const char *host, char out[HOST_SIZE + 16])
{
	bool is_wildcard = host_is_wildcard(slice_str(host));

	(void)snprintf(out, HOST_SIZE + 16, "%s%s",
	    is_wildcard ? "towpath-check" : "", host + (is_wildcard ? 1 : 0));
}

/* The wildcard over host, when it is a domain of the same app; else "". */
static void
own_wildcard(struct control *c, const struct domain *d, char out[HOST_SIZE + 2])
{
	static const char sql[] =
	    "SELECT 1 FROM domain WHERE host = ?1 AND app_id = ?2";
	struct stmt *s = db_stmt(c->db, sql);

	domain_wildcard_of(d->host, out);
	stmt_str(s, 1, out);
	stmt_int(s, 2, d->app_id);
	if (out[0] == '\0' || stmt_step(s) != ERR_OK)
		out[0] = '\0';
	stmt_done(s);
}

/* When the installed custom certificate counts as expiring; 0: none. */
static int64_t
expiring_at(const struct candidate *candidates, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (candidates[i].source == CANDIDATE_CUSTOM)
			return schedule_expiring(
			    candidates[i].not_before, candidates[i].not_after);
	return 0;
}

struct domain_facts
domain_look(struct control *c, const struct domain *d,
    struct candidate candidates[CANDIDATES_MAX])
{
	char wildcard[HOST_SIZE + 2];
	struct domain_facts f = {
	    .now = clock_now(),
	    .automatic = d->automatic,
	    .can_automate = !host_is_wildcard(slice_str(d->host)) ||
			    domain_ca_takes_dns01(c),
	    .terms_agreed = domain_ca_agreed(c),
	    .dns = d->dns,
	    .dns_fault = &d->dns_fault,
	    .order_fault = &d->order_fault,
	    .needs_person = d->needs_person,
	    .order_open = c->issuer != NULL &&
			  issuer_has_order(c->issuer, d->host) &&
			  !issuer_waits_for_hands(c->issuer, d->host),
	    .check_at = d->check_at,
	    .retry_at = d->retry_at,
	    .renew_at = d->renew_at,
	    .fallback_fault = &d->fallback_fault,
	    .candidates = candidates,
	};

	own_wildcard(c, d, wildcard);
	if (install_candidates(c->db, d->host,
		wildcard[0] == '\0' ? NULL : wildcard, candidates,
		CANDIDATES_MAX, &f.n_candidates) != ERR_OK)
		f.n_candidates = 0;
	platform_candidates(c, d, candidates, &f.n_candidates);
	f.expiring_at = expiring_at(candidates, f.n_candidates);
	if (f.expiring_at != 0)
		f.warned_at = install_warned_at(c->db, d->host, SLOT_CUSTOM);
	name_set_look(c, d, &f);
	return f;
}

static enum err
write_verdict(struct control *c, const struct domain *d)
{
	static const char sql[] =
	    "UPDATE domain SET status = ?2, status_at = ?3, serving = ?4,"
	    " next_at = ?5, fault_code = ?6, fault_text = ?7,"
	    " fault_action = ?8 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	bool has_fault = fault_is_set(&d->fault);

	stmt_int(s, 1, d->id);
	stmt_str(s, 2, domain_status_text(d->status));
	stmt_int(s, 3, d->status_at);
	stmt_str(s, 4, serving_text(d->serving));
	put_time(s, 5, d->next_at);
	stmt_str(s, 6, has_fault ? fault_code_name(d->fault.code) : NULL);
	stmt_str(s, 7, has_fault ? d->fault.text : NULL);
	stmt_str(s, 8, has_fault ? d->fault.action : NULL);
	return stmt_run(s);
}

/* A name may have moved away since it was looked at: then an order would fail,
 * and count.  What is seen settles it again. */
static void
ask_for_order(struct control *c, const struct domain *d, int64_t now)
{
	if (now - d->dns_checked_at > LOOK_FRESH_S)
		change_check(c, d->host);
	else
		change_order(c, d->host);
}

enum err
domain_settle(struct control *c, struct domain *d, const char *by)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);
	enum domain_status was = d->status;
	enum serving served = d->serving;
	enum fault_code old = d->fault.code;
	struct domain_verdict v;
	enum err e;

	domain_derive(&facts, &v);
	fault_name(&v.fault, "HOST", d->host);
	if (v.status != was)
		d->status_at = facts.now;
	d->status = v.status;
	d->serving = v.serving;
	d->fault = v.fault;
	d->next_at = v.next_at;
	e = domain_save(c, d);
	if (e == ERR_OK)
		e = write_verdict(c, d);
	if (e == ERR_OK && v.wants_order)
		ask_for_order(c, d, facts.now);
	if (e == ERR_OK && v.custom_expired && served == SERVING_CUSTOM &&
	    v.fault.code != FAULT_C35_SERVED_NOT_VALID &&
	    v.serving != SERVING_CUSTOM)
		e = domain_event(
		    c, d, "certificate.fallback", by, served_json(c, d));
	if (e == ERR_OK && v.warns)
		e = custom_warn(c, d, by);
	if (e == ERR_OK && v.fault.code == FAULT_C42_NO_REPLACEMENT &&
	    old != FAULT_C42_NO_REPLACEMENT)
		e = domain_event(
		    c, d, "certificate.no_fallback", by, served_json(c, d));
	if (e == ERR_OK && v.status == DOMAIN_ACTION_REQUIRED &&
	    was != DOMAIN_ACTION_REQUIRED)
		e = domain_event(c, d, "domain.action_required", by, NULL);
	if (e == ERR_OK)
		e = platform_settled(c, d, &facts, &v, by);
	return e;
}

enum err
domain_certificate_changed(struct control *c, struct domain *d)
{
	struct installation i;
	enum err e = install_current(c->db, d->host, SLOT_AUTOMATIC, &i);

	d->generation++;
	d->renew_at = 0;
	if (e == ERR_OK) {
		d->renew_at = renewals_at(c, d->host, &i);
		installation_clear(&i);
	}
	change_touch(c, d->host);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
domain_event(struct control *c, const struct domain *d, const char *name,
    const char *by, json_t *certificate)
{
	struct event event = {
	    .name = name,
	    .by = by,
	    .host = d->host,
	    .app = d->app,
	    .fault = fault_is_set(&d->fault) ? &d->fault : NULL,
	    .domain = domain_json(c, d),
	    .certificate = certificate,
	};

	return event_add(c->db, &event);
}
