#include "router/control/api_certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "router/control/api_domains.h"
#include "router/control/custom.h"
#include "router/control/domain_json.h"

enum err
api_certificates_list(struct api_call *call, struct fault *f)
{
	static const char all[] =
	    "SELECT host FROM domain WHERE host > ?1 ORDER BY host LIMIT ?2";
	static const char of_app[] =
	    "SELECT host FROM domain WHERE host > ?1 AND"
	    " app_id = (SELECT id FROM app WHERE name = ?3)"
	    " ORDER BY host LIMIT ?2";
	char app[64], host[HOST_SIZE] = "";
	struct api_page page;
	struct stmt *s;
	enum err e = api_page_read(call, &page, f);

	if (e == ERR_OK)
		e = api_query(call, "app", app, sizeof(app), f);
	if (e != ERR_OK)
		return e;
	call->answer = json_array();
	s = db_stmt(call->control->db, app[0] == '\0' ? all : of_app);
	stmt_str(s, 1, page.after);
	stmt_int(s, 2, page.limit + 1);
	if (app[0] != '\0')
		stmt_str(s, 3, app);
	for (int n = 0; stmt_step(s) == ERR_OK; n++) {
		struct domain d;
		json_t *o = NULL;

		if (n == page.limit) {
			api_page_next(call, host);
			break;
		}
		(void)snprintf(host, sizeof(host), "%s", stmt_get_str(s, 0));
		if (domain_load(call->control, host, &d, NULL) == ERR_OK)
			o = served_json(call->control, &d);
		domain_unload(&d);
		if (o == NULL)
			continue;
		json_put_str(o, "host", host);
		json_array_append_new(call->answer, o);
	}
	stmt_done(s);
	return ERR_OK;
}

static enum err
none_installed(const char *host, struct fault *f)
{
	fault_set(
	    f, FAULT_C26_NONE_INSTALLED, "%s has no custom certificate", host);
	return ERR_NOT_FOUND;
}

enum err
api_certificate_get(struct api_call *call, struct fault *f)
{
	struct installation i;
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK) {
		e = install_current(call->control->db, d.host, SLOT_CUSTOM, &i);
		if (e == ERR_NOT_FOUND)
			e = none_installed(d.host, f);
	}
	if (e == ERR_OK) {
		call->answer = installation_json(&i);
		installation_clear(&i);
	}
	domain_unload(&d);
	return e;
}

static enum err
add_past(void *ctx, const struct installation *i)
{
	json_array_append_new(ctx, installation_json(i));
	return ERR_OK;
}

enum err
api_certificate_history(struct api_call *call, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = api_host(call, 0, host, f);

	if (e != ERR_OK)
		return e;
	call->answer = json_array();
	e = install_history(call->control->db, host, add_past, call->answer);
	if (e == ERR_OK && json_array_size(call->answer) == 0) {
		struct domain d; /* unknown, or merely without history? */

		e = domain_load(call->control, host, &d, f);
		domain_unload(&d);
	}
	return e;
}

/* --- taking one away, and going back -------------------------------------- */

/* A slot of d was changed: everything that follows. */
static enum err
changed(struct api_call *call, struct domain *d, const char *event,
    json_t *certificate, struct fault *f)
{
	struct control *c = call->control;
	enum err e = domain_certificate_changed(c, d);

	if (e == ERR_OK)
		e = domain_settle(c, d, call->by);
	if (e == ERR_OK)
		e = domain_event(c, d, event, call->by, certificate);
	else
		json_decref(certificate);
	if (d->serving == SERVING_CUSTOM)
		change_fallback(c, d->host);
	return e == ERR_OK ? ERR_OK : api_store_away(f);
}

/* Would visitors still get a valid certificate without the custom one? */
static enum err
refuse_without_fallback(struct control *c, struct domain *d, struct fault *f)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);
	struct domain_verdict v;
	struct fault why;

	domain_derive(&facts, &v);
	if (v.fallback_ready)
		return ERR_OK;
	domain_fallback(&facts, &why);
	fault_set(f, FAULT_C29_NO_FALLBACK_READY,
	    "No automatic certificate of %s is ready to take over%s%s", d->host,
	    fault_is_set(&why) ? ": " : "", why.text);
	return ERR_DENIED;
}

enum err
api_certificate_remove(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	struct installation i = {0};
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK) {
		e = install_current(c->db, d.host, SLOT_CUSTOM, &i);
		if (e == ERR_NOT_FOUND)
			e = none_installed(d.host, f);
	}
	if (e == ERR_OK && !api_query_is(call, "force"))
		e = refuse_without_fallback(c, &d, f);
	if (e == ERR_OK)
		e = install_remove(c->db, d.host, SLOT_CUSTOM, f);
	if (e == ERR_OK)
		e = changed(
		    call, &d, "certificate.remove", installation_json(&i), f);
	if (e == ERR_OK)
		call->answer = domain_json(c, &d);
	installation_clear(&i);
	domain_unload(&d);
	return e;
}

enum err
api_certificate_roll_back(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	struct installation i = {0};
	int64_t to = 0, number;
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK)
		e = json_get_int(call->body, "to", JSON_OPTIONAL, &to, f);
	if (e == ERR_OK)
		e = install_roll_back(c->db, d.host, to, call->by, &number, f);
	if (e == ERR_OK)
		e = install_get(c->db, d.host, number, &i);
	if (e == ERR_OK)
		e = changed(
		    call, &d, "certificate.rollback", installation_json(&i), f);
	if (e == ERR_OK)
		call->answer = installation_json(&i);
	installation_clear(&i);
	domain_unload(&d);
	return e;
}
