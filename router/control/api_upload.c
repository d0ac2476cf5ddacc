#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/mem.h"
#include "router/control/api_certificates.h"
#include "router/control/complete.h"
#include "router/control/custom.h"
#include "router/control/custom_compare.h"
#include "router/control/domain_json.h"
#include "router/control/fallback.h"
#include "router/control/platform.h"
#include "router/control/workers.h"

static enum err
load(struct api_call *call, struct domain *d, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = api_host(call, 0, host, f);

	*d = (struct domain){0};
	if (e != ERR_OK)
		return e;
	e = domain_load(call->control, host, d, f);
	if (e == ERR_NOT_FOUND) /* the platform's own may come to be by this */
		e = platform_add_wildcard(call->control, host, f);
	return e == ERR_OK && d->id == 0
		   ? domain_load(call->control, host, d, f)
		   : e;
}

/* Names of `a` that nothing in `b` covers: a wildcard in b keeps what it
 * matches.
 */
static json_t *
names_only_in(const json_t *a, const json_t *b)
{
	json_t *out = json_array(), *x, *y;
	size_t i, k;

	json_array_foreach(a, i, x)
	{
		bool found = false;

		json_array_foreach(b, k, y)
		{
			found = found ||
				host_matches(slice_str(json_string_value(y)),
				    slice_str(json_string_value(x)));
		}
		if (!found)
			json_array_append(out, x);
	}
	return out;
}

/* What is replaced: number and names. */
static void
describe_change(struct api_call *call, const struct installation *before,
    const json_t *certificate)
{
	json_t *old = NULL, *now = json_obj(certificate, "names"), *lost, *name;
	json_t *list = json_array();
	size_t i;

	if (before->names == NULL ||
	    json_parse(slice_str(before->names), &old, NULL) != ERR_OK)
		old = json_array();
	lost = names_only_in(old, now);
	json_array_foreach(lost, i, name)
	{
		json_t *o = json_object();

		json_put(o, "name", json_incref(name));
		json_put_int(o, "requests_24h", 0);
		json_array_append_new(list, o);
	}
	json_put(call->answer, "replaces",
	    before->number == 0 ? json_null() : json_integer(before->number));
	json_put(call->answer, "names_gained", names_only_in(now, old));
	json_put(call->answer, "names_lost", list);
	json_decref(lost);
	json_decref(old);
}

static void
describe_upload(struct api_call *call, const struct custom *u,
    const struct installation *before)
{
	json_t *warnings = json_obj(call->answer, "warnings");
	json_t *dropped = json_array();

	for (size_t i = 0; i < u->chain->n_dropped; i++) {
		json_t *o = json_object();

		json_put_str(o, "subject", u->chain->dropped[i]);
		json_array_append(dropped, json_object_get(o, "subject"));
		json_decref(o);
	}
	if (!u->trusted)
		json_array_append_new(warnings, json_fault(&u->trust));
	custom_compare(before, u->chain->items[0], clock_now(), warnings);
	json_put(call->answer, "dropped", dropped);
}

/* Installs on one host; POST refuses where one is. */
static enum err
install_on(struct api_call *call, struct custom *u, const char *host,
    bool may_replace, struct fault *f)
{
	struct control *c = call->control;
	struct domain d;
	enum err e = domain_load(c, host, &d, f);

	if (e == ERR_OK && !may_replace)
		e = custom_refuse_second(c, host, f);
	if (e == ERR_OK)
		e = custom_install(c, u, &d, call->by, f);
	if (e == ERR_OK)
		json_array_append_new(
		    json_object_get(call->answer, "hosts"), json_string(host));
	domain_unload(&d);
	return e;
}

/* The other domains of the app under one name of the certificate. */
static enum err
install_on_name(struct api_call *call, struct custom *u,
    const struct domain *first, const char *name, bool may_replace,
    struct fault *f)
{
	static const char exact[] =
	    "SELECT host FROM domain WHERE host = ?1 AND app_id = ?2";
	static const char under[] =
	    "SELECT host FROM domain WHERE (host = ?1 OR"
	    " substr(host, instr(host, '.') + 1) = ?3) AND app_id = ?2";
	bool is_wildcard = host_is_wildcard(slice_str(name));
	struct stmt *s =
	    db_stmt(call->control->db, is_wildcard ? under : exact);
	json_t *hosts = json_array(), *item;
	enum err e = ERR_OK;
	size_t i;

	stmt_str(s, 1, name);
	stmt_int(s, 2, first->app_id);
	if (is_wildcard)
		stmt_str(s, 3, name + 2);
	while (stmt_step(s) == ERR_OK)
		json_array_append_new(hosts, json_string(stmt_get_str(s, 0)));
	json_array_foreach(hosts, i, item)
	{
		const char *host = json_string_value(item);

		if (e == ERR_OK && strcmp(host, first->host) != 0 &&
		    certificate_covers(u->chain->items[0], slice_str(host)))
			e = install_on(call, u, host, may_replace, f);
	}
	json_decref(hosts);
	return e;
}

/* Installs on the host of the path and, when asked, on all that it covers. */
static enum err
install_all(struct api_call *call, struct custom *u, const struct domain *first,
    bool may_replace, struct fault *f)
{
	const struct certificate *leaf = u->chain->items[0];
	bool all_covered = false;
	enum err e;

	e = json_get_bool(
	    call->body, "all_covered", JSON_OPTIONAL, &all_covered, f);
	if (e == ERR_OK)
		e = install_on(call, u, first->host, may_replace, f);
	for (size_t i = 0; e == ERR_OK && all_covered && i < leaf->n_names; i++)
		e = install_on_name(
		    call, u, first, leaf->names[i], may_replace, f);
	return e;
}

/* --- after the commit ----------------------------------------------------- */

static void
on_fallback(void *ctx, const struct fault *f)
{
	struct api_call *call = ctx;

	json_put(call->answer, "fallback", fallback_json(f));
	api_finish(call);
}

static void
ask_fallback(struct api_call *call)
{
	char host[HOST_SIZE];

	/* it was one before the change */
	if (api_host(call, 0, host, NULL) == ERR_OK)
		fallback_ask(call->control, host, on_fallback, call);
	else
		api_finish(call);
}

static void
on_counted(void *ctx, const uint64_t *requests, size_t n)
{
	struct api_call *call = ctx;
	json_t *lost = json_obj(call->answer, "names_lost"), *item;
	size_t i;

	json_array_foreach(lost, i, item)
	{
		if (i < n)
			json_put_int(
			    item, "requests_24h", (int64_t)requests[i]);
	}
	ask_fallback(call);
}

/* How busy each lost name was, from the workers. */
static void
count_lost(struct api_call *call)
{
	json_t *lost = json_obj(call->answer, "names_lost"), *item;
	size_t n = json_array_size(lost), i;
	const char **names;

	if (n == 0) {
		ask_fallback(call);
		return;
	}
	names = xcalloc(n, sizeof(*names));
	json_array_foreach(lost, i, item)
	{
		names[i] = json_str(item, "name");
	}
	workers_count(call->control, names, n, on_counted, call);
	free(names);
}

/* --- the change ----------------------------------------------------------- */

/* Undoes a dry run, which did everything; only its answer stays. */
static enum err
undo(struct api_call *call)
{
	json_t *certificate = json_obj(call->answer, "certificate");
	enum err e = change_part_undo(call->control);

	change_forget(call->control);
	json_put(certificate, "number", json_null());
	json_put(certificate, "installed_at", json_null());
	return e;
}

static enum err
describe(struct api_call *call, const struct custom *u, struct domain *d,
    const struct installation *before, struct fault *f)
{
	struct installation now;
	json_t *certificate;

	domain_unload(d);
	if (load(call, d, f) != ERR_OK ||
	    install_current(call->control->db, d->host, SLOT_CUSTOM, &now) !=
		ERR_OK)
		return api_store_away(f);
	certificate = installation_json(&now);
	installation_clear(&now);
	json_put(call->answer, "certificate", certificate);
	describe_change(call, before, certificate);
	describe_upload(call, u, before);
	return ERR_OK;
}

/* What visitors get until now. */
static void
describe_before(struct api_call *call, const struct domain *d)
{
	json_t *o = served_json(call->control, d);

	json_put(call->answer, "before", o == NULL ? json_null() : o);
}

static enum err
upload(struct api_call *call, bool may_replace, struct fault *f)
{
	bool is_dry_run = api_query_is(call, "dry_run");
	struct control *c = call->control;
	struct installation before = {0};
	struct custom u = {0};
	struct domain d = {0};
	enum err e = is_dry_run ? change_part_begin(c) : ERR_OK;

	if (e == ERR_OK)
		e = load(call, &d, f);
	if (e == ERR_OK &&
	    install_current(c->db, d.host, SLOT_CUSTOM, &before) != ERR_OK)
		before = (struct installation){0};
	if (e == ERR_OK && before.number != 0 && !may_replace) {
		fault_set(f, FAULT_C25_ONE_INSTALLED,
		    "%s has a custom certificate already", d.host);
		e = ERR_EXISTS;
	}
	if (e == ERR_OK)
		e = custom_read(c, call->body, d.host, &u, f);
	if (e == ERR_OK)
		describe_before(call, &d);
	if (e == ERR_OK)
		e = install_all(call, &u, &d, may_replace, f);
	if (e == ERR_OK)
		e = describe(call, &u, &d, &before, f);
	if (e == ERR_OK && is_dry_run)
		e = undo(call);
	call->status = is_dry_run || before.number != 0 ? 200 : 201;
	call->then = count_lost;
	installation_clear(&before);
	custom_clear(&u);
	domain_unload(&d);
	return e;
}

static enum err
add_now(struct api_call *call, struct fault *f)
{
	return upload(call, false, f);
}

static enum err
put_now(struct api_call *call, struct fault *f)
{
	return upload(call, true, f);
}

static void
go_on_adding(struct api_call *call)
{
	api_run_change(call, add_now);
}

static void
go_on_putting(struct api_call *call)
{
	api_run_change(call, put_now);
}

/* What is missing is fetched first, outside of any change. */
static enum err
begin(
    struct api_call *call, void (*then)(struct api_call *call), struct fault *f)
{
	bool completes = false;
	enum err e;

	e = json_get_bool(call->body, "complete", JSON_OPTIONAL, &completes, f);
	if (e != ERR_OK)
		return e;
	call->answer = json_object();
	json_put(call->answer, "hosts", json_array());
	json_put(call->answer, "warnings", json_array());
	if (completes)
		complete_upload(call, call->body, then);
	else
		then(call);
	return ERR_OK;
}

enum err
api_certificate_add(struct api_call *call, struct fault *f)
{
	return begin(call, go_on_adding, f);
}

enum err
api_certificate_put(struct api_call *call, struct fault *f)
{
	return begin(call, go_on_putting, f);
}
