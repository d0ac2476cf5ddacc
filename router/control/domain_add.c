#include "router/control/domain_add.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/domain_ca.h"
#include "router/control/domain_check.h"
#include "router/control/origin.h"

#define TEXT_MAX 512 /* origin, reference */

enum err
domain_app(
    struct control *c, const char *name, struct app *out, struct fault *f)
{
	*out = (struct app){0};
	if (name == NULL || *name == '\0')
		name = c->config.platform.default_app;
	if (*name == '\0') {
		fault_set(f, FAULT_N20_NO_DEFAULT_APP, NULL);
		return ERR_NOT_FOUND;
	}
	return app_load(c, name, out, f);
}

/* Is host the name itself, or below it? */
static bool
is_within(struct slice host, const char *name)
{
	struct slice n = slice_str(name);

	if (n.n == 0)
		return false;
	if (slice_starts_with(n, SLICE("*.")))
		n = slice_from(n, 2);
	if (slice_starts_with(host, SLICE("*.")))
		host = slice_from(host, 2);
	return slice_ends_with(host, n) &&
	       (host.n == n.n || host.p[host.n - n.n - 1] == '.');
}

bool
domain_is_reserved(const struct control *c, const char *host)
{
	const struct config_strings *cnames = &c->config.platform.cname_target;
	struct slice h = slice_str(host);

	if (is_within(h, c->config.platform.apps_domain) ||
	    strcmp(host, c->config.control.api_host) == 0)
		return true;
	for (size_t i = 0; i < cnames->n; i++)
		if (is_within(h, cnames->items[i]))
			return true;
	return false;
}

/* The first row's host of a query about another app's domains; N12. */
static enum err
refuse_overlap(struct stmt *s, const char *host, struct fault *f)
{
	enum err e = stmt_step(s);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return api_store_away(f);
	fault_set(f, FAULT_N12_HOST_OF_OTHER_APP,
	    "%s overlaps with %s, which belongs to another app", host,
	    stmt_get_str(s, 0));
	stmt_done(s);
	return ERR_EXISTS;
}

enum err
domain_may_belong(
    struct control *c, const char *host, const struct app *a, struct fault *f)
{
	static const char over[] =
	    "SELECT host FROM domain WHERE host = ?1 AND app_id <> ?2";
	/* the expression is that of the index domain_parent */
	static const char under[] = "SELECT host FROM domain WHERE"
				    " substr(host, instr(host, '.') + 1) = ?1"
				    " AND app_id <> ?2 AND host <> ?3 LIMIT 1";
	char wildcard[HOST_SIZE + 2];
	struct stmt *s;

	if (host_is_wildcard(slice_str(host))) {
		s = db_stmt(c->db, under);
		stmt_str(s, 1, host + 2);
		stmt_str(s, 3, host);
	} else {
		domain_wildcard_of(host, wildcard);
		s = db_stmt(c->db, over);
		stmt_str(s, 1, wildcard);
	}
	stmt_int(s, 2, a->id);
	return refuse_overlap(s, host, f);
}

enum err
domain_may_add(
    struct control *c, const char *host, const struct app *a, struct fault *f)
{
	if (domain_is_reserved(c, host)) {
		fault_set(f, FAULT_N13_HOST_RESERVED,
		    "%s belongs to the platform itself", host);
		return ERR_DENIED;
	}
	return domain_may_belong(c, host, a, f);
}

/* *to becomes a copy of a member: absent leaves it, null and "" clear it. */
static enum err
set_text(char **to, const json_t *members, const char *key, struct fault *f)
{
	const json_t *value = json_object_get(members, key);
	const char *text = "";

	if (value == NULL)
		return ERR_OK;
	if (json_get_str(members, key, JSON_OPTIONAL, &text, f) != ERR_OK)
		return ERR_SYNTAX;
	if (strlen(text) > TEXT_MAX) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"%s\" has more than %d bytes", key, TEXT_MAX);
		return ERR_SYNTAX;
	}
	free(*to);
	*to = *text == '\0' ? NULL : xstrdup(text);
	return ERR_OK;
}

static enum err
set_automatic(struct domain *d, const json_t *members, struct fault *f)
{
	const json_t *value = json_object_get(members, "automatic");
	const char *text = json_string_value(value);

	if (text == NULL)
		return json_get_bool(
		    members, "automatic", JSON_OPTIONAL, &d->automatic, f);
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"automatic\" is on or off");
		return ERR_SYNTAX;
	}
	d->automatic = strcmp(text, "on") == 0;
	return ERR_OK;
}

enum err
domain_set_members(
    struct control *c, struct domain *d, const json_t *members, struct fault *f)
{
	bool has_origin = json_object_get(members, "origin") != NULL;
	enum err e = set_automatic(d, members, f);

	if (e == ERR_OK)
		e = set_text(&d->origin, members, "origin", f);
	if (e == ERR_OK && has_origin)
		e = origin_settle(c, d, f);
	if (e == ERR_OK)
		e = set_text(&d->reference, members, "reference", f);
	if (e == ERR_OK)
		e = domain_ca_set(c, d, members, f);
	return e;
}

enum err
domain_upload(const json_t *members, const json_t **out, struct fault *f)
{
	const json_t *upload = json_object_get(members, "certificate");

	*out = NULL;
	if (upload == NULL || json_is_null(upload))
		return ERR_OK;
	if (!json_is_object(upload)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"certificate\" is not an object");
		return ERR_SYNTAX;
	}
	*out = upload;
	return ERR_OK;
}

static enum err
insert(
    struct control *c, const char *host, const struct app *a, struct fault *f)
{
	static const char sql[] =
	    "INSERT INTO domain (host, app_id, status, status_at, touched_at,"
	    " created_at) VALUES (?1, ?2, 'Pending DNS', ?3, ?3, ?3)";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	stmt_str(s, 1, host);
	stmt_int(s, 2, a->id);
	stmt_int(s, 3, clock_now());
	e = stmt_run(s);
	if (e == ERR_EXISTS)
		fault_set(
		    f, FAULT_N11_HOST_EXISTS, "%s is registered already", host);
	else if (e != ERR_OK)
		(void)api_store_away(f);
	return e;
}

/* A wildcard's automatic certificate needs dns-01: without it the domain lives
 * on its uploaded one. */
static enum err
check_wildcard(struct control *c, struct domain *d, const json_t *members,
    bool is_secured, struct fault *f)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);

	if (facts.can_automate || !d->automatic)
		return ERR_OK;
	if (!is_secured || json_object_get(members, "automatic") != NULL) {
		fault_set(f, FAULT_N14_WILDCARD_NEEDS_DNS01, NULL);
		return ERR_DENIED;
	}
	d->automatic = false;
	return ERR_OK;
}

enum err
domain_add(struct control *c, const struct app *a, const json_t *members,
    bool is_secured, struct domain *out, struct fault *f)
{
	const char *text = "";
	char host[HOST_SIZE];
	enum err e;

	*out = (struct domain){0};
	e = json_get_str(members, "host", JSON_REQUIRED, &text, f);
	if (e == ERR_OK)
		e = host_normalise(slice_str(text), host, f);
	if (e == ERR_OK)
		e = domain_may_add(c, host, a, f);
	if (e == ERR_OK)
		e = insert(c, host, a, f);
	if (e == ERR_OK)
		e = domain_load(c, host, out, f);
	if (e == ERR_OK)
		e = domain_set_members(c, out, members, f);
	if (e == ERR_OK)
		e = check_wildcard(c, out, members, is_secured, f);
	if (e != ERR_OK)
		return e;
	free(out->records);
	out->records = checks_records(c, host);
	out->check_at = clock_now();
	if (domain_certificate_changed(c, out) != ERR_OK)
		return api_store_away(f);
	return ERR_OK;
}
