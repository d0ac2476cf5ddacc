#include "router/control/dns_change.h"

#include <stdlib.h>
#include <string.h>

#include "acme/caa.h"
#include "acme/dns/provider.h"
#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain_check.h"

#define CAA_TTL_S 300

/* A change of one record takes two of the provider's at most. */
struct dns_change {
	struct control *control;
	char host[HOST_SIZE];
	bool repairs_caa, is_dry;
	json_t *agreed;  /* NULL: nothing that destroys */
	json_t *changes; /* NULL: not known yet */
	size_t at;       /* the one in hand */
	bool is_second;  /* its second half */
	struct provider_call *call;
	dns_change_done *done;
	void *ctx;
};

/* --- the end -------------------------------------------------------------- */

static void
free_change(struct dns_change *d)
{
	json_decref(d->agreed);
	json_decref(d->changes);
	free(d);
}

static void
finish(struct dns_change *d, bool is_applied, const struct fault *f)
{
	json_t *answer = NULL;

	if (d->changes != NULL) {
		answer = json_object();
		json_put(answer, "changes", json_incref(d->changes));
		json_put_bool(answer, "applied", is_applied);
	}
	d->done(d->ctx, answer, f);
	free_change(d);
}

void
dns_change_drop(struct dns_change *d)
{
	provider_cancel(d->call);
	free_change(d);
}

/* --- what is due -----------------------------------------------------------
 */

/* The record that lets the first CA issue, where CAA forbids it. */
static void
add_caa(struct dns_change *d, const json_t *verdicts)
{
	const json_t *first = json_array_get(verdicts, 0);
	struct caa_cure cure;
	struct fault f = {0};
	json_t *o;

	if (json_obj(first, "fault") == NULL)
		return;
	json_to_fault(json_obj(first, "fault"), &f);
	if (!caa_cure_of(&f, &cure))
		return;
	o = json_object();
	json_put_str(o, "do", "create");
	json_put_str(o, "type", "CAA");
	json_put_str(o, "name", cure.at);
	json_put_str(o, "value", cure.value);
	json_put_str(o, "was", NULL);
	json_put_int(o, "ttl", CAA_TTL_S);
	json_array_append_new(d->changes, o);
}

static bool
is_do(const json_t *change, const char *what)
{
	return strcmp(json_str(change, "do"), what) == 0;
}

/* What is in the way goes first: no CNAME stands beside others. */
static void
plan(struct dns_change *d, const struct diagnosis *seen)
{
	json_t *o = diagnosis_json(seen), *record;
	const json_t *records = json_obj(o, "records");
	size_t i;

	d->changes = json_array();
	json_array_foreach(records, i, record)
	{
		if (is_do(record, "delete"))
			json_array_append(d->changes, record);
	}
	json_array_foreach(records, i, record)
	{
		if (!is_do(record, "delete"))
			json_array_append(d->changes, record);
	}
	if (d->repairs_caa)
		add_caa(d, json_obj(o, "caa"));
	json_decref(o);
}

/* --- may it be done? -------------------------------------------------------
 */

static bool
destroys(const struct dns_change *d)
{
	size_t i;
	json_t *change;

	json_array_foreach(d->changes, i, change)
	{
		if (!is_do(change, "create"))
			return true;
	}
	return false;
}

static bool
may(const struct dns_change *d, struct fault *f)
{
	size_t i;
	json_t *change;

	if (d->agreed != NULL && !json_equal(d->agreed, d->changes)) {
		fault_set(f, FAULT_P19_CONFIRM,
		    "Other changes of DNS are due for %s by now than those "
		    "that were confirmed",
		    d->host);
		return false;
	}
	if (d->agreed == NULL && destroys(d)) {
		fault_set(f, FAULT_P19_CONFIRM,
		    "Records of %s would be replaced or deleted, which was not "
		    "confirmed",
		    d->host);
		fault_action(f,
		    "See them with `towpath domains set-dns %s --dry-run`, and "
		    "make them with --confirm %s",
		    d->host, d->host);
		return false;
	}
	json_array_foreach(d->changes, i, change)
	{
		if (strcmp(json_str(change, "type"), "ALIAS") != 0)
			continue;
		fault_set(f, FAULT_D30_PROVIDER_REFUSED,
		    "An ALIAS record for %s cannot be made: set [platform] "
		    "addresses for names that may not be a CNAME",
		    d->host);
		return false;
	}
	return true;
}

/* --- doing it --------------------------------------------------------------
 */

static void next(struct dns_change *d);

static void
on_made(void *ctx, const struct fault *f)
{
	struct dns_change *d = ctx;

	d->call = NULL;
	if (f != NULL)
		finish(d, false, f);
	else
		next(d);
}

static void
ask(struct dns_change *d, const json_t *change, enum provider_act act,
    const char *value)
{
	struct provider_change c = {
	    .act = act,
	    .name = json_str(change, "name"),
	    .type = json_str(change, "type"),
	    .value = value,
	    .ttl_s = (int)json_int(change, "ttl"),
	};

	log_info(
	    "dns: %s %s %s %s", json_str(change, "do"), c.type, c.name, value);
	d->call = provider_apply(d->control->provider, &c, on_made, d);
}

/* A CNAME is alone at its name; of the others each value counts by itself, and
 * the new one is there before the old one goes. */
static void
next(struct dns_change *d)
{
	const json_t *change = json_array_get(d->changes, d->at);
	bool is_cname = strcmp(json_str(change, "type"), "CNAME") == 0;

	if (change == NULL) {
		checks_start(d->control, d->host);
		finish(d, true, NULL);
		return;
	}
	if (is_do(change, "change") && !is_cname && !d->is_second) {
		d->is_second = true;
		ask(d, change, PROVIDER_ADD, json_str(change, "value"));
		return;
	}
	d->at++;
	if (is_do(change, "delete"))
		ask(d, change, PROVIDER_REMOVE, json_str(change, "value"));
	else if (is_do(change, "create"))
		ask(d, change, PROVIDER_ADD, json_str(change, "value"));
	else if (is_cname)
		ask(d, change, PROVIDER_REPLACE, json_str(change, "value"));
	else
		ask(d, change, PROVIDER_REMOVE, json_str(change, "was"));
	d->is_second = false;
}

static void
on_looked(void *ctx, const struct diagnosis *seen)
{
	struct dns_change *d = ctx;
	struct fault f = {0};

	plan(d, seen);
	if (d->is_dry)
		finish(d, false, NULL);
	else if (may(d, &f))
		next(d);
	else
		finish(d, false, &f);
}

enum err
dns_change_start(struct control *c, const struct dns_change_wish *wish,
    dns_change_done *done, void *ctx, struct dns_change **out, struct fault *f)
{
	struct dns_change *d;
	enum err e;

	if (c->provider == NULL) {
		fault_set(f, FAULT_D32_PROVIDER_NO_ZONE,
		    "No DNS provider is configured that could make records of "
		    "%s",
		    wish->host);
		fault_action(f,
		    "Configure [dns] provider in towpath.conf, or make the "
		    "records by hand");
		return ERR_DENIED;
	}
	d = xcalloc(1, sizeof(*d));
	d->control = c;
	memcpy(d->host, wish->host, strlen(wish->host) + 1);
	d->repairs_caa = wish->repairs_caa;
	d->is_dry = wish->is_dry;
	d->agreed = json_incref((json_t *)wish->agreed);
	d->done = done;
	d->ctx = ctx;
	*out = d;
	e = checks_ask(c, d->host, on_looked, d, f);
	if (e != ERR_OK)
		free_change(d);
	return e;
}
