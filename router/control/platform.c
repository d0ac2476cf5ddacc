#include "router/control/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/schedule.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/domain_check.h"
#include "router/control/event.h"

#define LAST_LOOK_S 3

static bool
has_zone(const struct control *c)
{
	return c->config.platform.apps_domain[0] != '\0';
}

/* "": there is no zone. */
static void
wildcard_name(const struct control *c, char out[HOST_SIZE + 2])
{
	(void)snprintf(out, HOST_SIZE + 2, "%s%s", has_zone(c) ? "*." : "",
	    c->config.platform.apps_domain);
}

bool
platform_is_wildcard(const struct control *c, const char *host)
{
	char name[HOST_SIZE + 2];

	wildcard_name(c, name);
	return name[0] != '\0' && strcmp(name, host) == 0;
}

static void
app_name(const struct control *c, const struct app *a, char out[HOST_SIZE])
{
	(void)snprintf(
	    out, HOST_SIZE, "%s.%s", a->name, c->config.platform.apps_domain);
}

/* --- rows ----------------------------------------------------------------- */

static enum err
hidden_app(struct control *c, int64_t *id)
{
	static const char insert[] = "INSERT INTO app (name, created_at)"
				     " VALUES (?1, ?2) ON CONFLICT DO NOTHING";
	static const char find[] = "SELECT id FROM app WHERE name = ?1";
	struct stmt *s = db_stmt(c->db, insert);
	enum err e;

	stmt_str(s, 1, PLATFORM_APP);
	stmt_int(s, 2, clock_now());
	e = stmt_run(s);
	if (e != ERR_OK)
		return e;
	s = db_stmt(c->db, find);
	stmt_str(s, 1, PLATFORM_APP);
	e = stmt_step(s);
	if (e == ERR_OK)
		*id = stmt_get_int(s, 0);
	stmt_done(s);
	return e;
}

static enum err
insert_row(
    struct control *c, const char *host, int64_t app_id, bool is_automatic)
{
	static const char sql[] =
	    "INSERT INTO domain (host, app_id, automatic, status, status_at,"
	    " touched_at, created_at, check_at, next_at, is_platform)"
	    " VALUES (?1, ?2, ?3, 'Pending DNS', ?4, ?4, ?4, ?4, ?4, 1)"
	    " ON CONFLICT DO NOTHING";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, host);
	stmt_int(s, 2, app_id);
	stmt_int(s, 3, is_automatic);
	stmt_int(s, 4, clock_now());
	return stmt_run(s);
}

/* What a row is told that was just made: the certificates it had before, the
 * records to set. */
static enum err
begin_row(struct control *c, const char *host)
{
	struct domain d;
	enum err e = domain_load(c, host, &d, NULL);

	if (e == ERR_OK && d.is_platform) {
		free(d.records);
		d.records = checks_records(c, host);
		e = domain_certificate_changed(c, &d);
		if (e == ERR_OK)
			e = domain_settle(c, &d, EVENT_BY_ITSELF);
		if (e == ERR_OK)
			change_check(c, host);
	}
	domain_unload(&d);
	return e;
}

static enum err
drop_row(struct control *c, const char *host)
{
	static const char sql[] =
	    "DELETE FROM domain WHERE host = ?1 AND is_platform = 1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, host);
	change_touch(c, host);
	change_cancel(c, host);
	return stmt_run(s);
}

/* Of every app, at once: the scheduler comes to them.  Those that have a
 * certificate from before are begun one by one, for it must be renewed. */
static enum err
insert_names(struct control *c)
{
	static const char sql[] =
	    "INSERT INTO domain (host, app_id, status, status_at, touched_at,"
	    " created_at, check_at, next_at, is_platform)"
	    " SELECT name || '.' || ?1, id, 'Pending DNS', ?2, ?2, ?2, ?2, ?2,"
	    " 1 FROM app WHERE name < '~' ON CONFLICT DO NOTHING";
	static const char secured[] =
	    "SELECT d.host FROM domain d JOIN installation i ON i.host = d.host"
	    " WHERE d.is_platform = 1 AND d.renew_at IS NULL"
	    " AND i.slot = 'automatic' AND i.removed_at IS NULL";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *hosts, *item;
	size_t i;
	enum err e;

	stmt_str(s, 1, c->config.platform.apps_domain);
	stmt_int(s, 2, clock_now());
	e = stmt_run(s);
	if (e != ERR_OK)
		return e;
	hosts = json_array();
	s = db_stmt(c->db, secured);
	while ((e = stmt_step(s)) == ERR_OK)
		json_array_append_new(hosts, json_string(stmt_get_str(s, 0)));
	e = e == ERR_NOT_FOUND ? ERR_OK : e;
	json_array_foreach(hosts, i, item)
	{
		if (e == ERR_OK)
			e = begin_row(c, json_string_value(item));
	}
	json_decref(hosts);
	return e;
}

/* All but `keep`; their certificates stay, as those of any domain do. */
static enum err
drop_rows(struct control *c, const char *keep)
{
	static const char ordered[] =
	    "SELECT d.host FROM domain d JOIN acme_order o ON o.host = d.host"
	    " WHERE d.is_platform = 1 AND d.host <> ?1 AND o.ended_at IS NULL";
	static const char drop[] =
	    "DELETE FROM domain WHERE is_platform = 1 AND host <> ?1";
	struct stmt *s = db_stmt(c->db, ordered);
	enum err e;

	stmt_str(s, 1, keep);
	while ((e = stmt_step(s)) == ERR_OK)
		change_cancel(c, stmt_get_str(s, 0));
	if (e != ERR_NOT_FOUND)
		return e;
	s = db_stmt(c->db, drop);
	stmt_str(s, 1, keep);
	return stmt_run(s);
}

/* What was of another zone. */
static enum err
drop_strangers(struct control *c)
{
	static const char find[] =
	    "SELECT host FROM domain WHERE is_platform = 1 AND"
	    " substr(host, instr(host, '.') + 1) <> ?1 LIMIT 1";
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		struct stmt *s = db_stmt(c->db, find);
		char host[HOST_SIZE];

		stmt_str(s, 1, c->config.platform.apps_domain);
		e = stmt_step(s);
		if (e != ERR_OK)
			break;
		(void)snprintf(host, sizeof(host), "%s", stmt_get_str(s, 0));
		stmt_done(s);
		e = drop_row(c, host);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Which of the two it is; in the store, for a change may be undone. */
static bool
is_by_name(struct control *c)
{
	static const char sql[] =
	    "SELECT 1 FROM setting WHERE name = 'platform' AND value = 'name'";
	struct stmt *s = db_stmt(c->db, sql);
	bool is = stmt_step(s) == ERR_OK;

	stmt_done(s);
	return is;
}

static enum err
write_by_name(struct control *c, bool by_name)
{
	static const char sql[] =
	    "INSERT INTO setting (name, value) VALUES ('platform', ?1)"
	    " ON CONFLICT DO UPDATE SET value = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, by_name ? "name" : "wildcard");
	return stmt_run(s);
}

/* --- which of the two ----------------------------------------------------- */

/* It, or the next one, is there when it is needed. */
static bool
is_dependable(const struct domain *d, const struct domain_facts *f,
    const struct domain_verdict *v)
{
	bool renews = f->automatic && f->can_automate && f->terms_agreed;

	if (v->serving == SERVING_PLACEHOLDER || v->custom_expired)
		return renews && d->failures == 0 &&
		       (d->dns == DOMAIN_DNS_OK || d->dns_checked_at == 0);
	if (v->fault.code == FAULT_C35_SERVED_NOT_VALID)
		return false;
	if (renews)
		return true;
	return v->serving == SERVING_CUSTOM
		   ? f->now < f->expiring_at
		   : f->renew_at != 0 && f->now < f->renew_at;
}

static enum err
turn(struct control *c, bool by_name)
{
	char wildcard[HOST_SIZE + 2];
	enum err e = write_by_name(c, by_name);

	wildcard_name(c, wildcard);
	if (e != ERR_OK)
		return e;
	return by_name ? insert_names(c) : drop_rows(c, wildcard);
}

/* Who took its certificate away sees it once more. */
static enum err
look_soon(struct control *c, const struct domain *d)
{
	static const char sql[] =
	    "UPDATE domain SET next_at = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, d->id);
	stmt_int(s, 2, clock_now() + LAST_LOOK_S);
	return stmt_run(s);
}

enum err
platform_settled(struct control *c, const struct domain *d,
    const struct domain_facts *facts, const struct domain_verdict *v,
    const char *by)
{
	bool by_name;
	enum err e = ERR_OK;

	if (!d->is_platform || !platform_is_wildcard(c, d->host))
		return ERR_OK;
	by_name = !is_dependable(d, facts, v);
	/* neither uploaded nor to be had: it waits for nothing */
	if (!facts->can_automate && facts->expiring_at == 0)
		e = strcmp(by, EVENT_BY_ITSELF) == 0 ? drop_row(c, d->host)
						     : look_soon(c, d);
	if (e != ERR_OK || by_name == is_by_name(c))
		return e;
	log_info("platform: certificates of apps by %s",
	    by_name ? "name" : "wildcard");
	return turn(c, by_name);
}

/* --- at start ------------------------------------------------------------- */

static bool
holds_custom(struct control *c, const char *host)
{
	struct installation i;

	if (install_current(c->db, host, SLOT_CUSTOM, &i) != ERR_OK)
		return false;
	installation_clear(&i);
	return true;
}

/* Could a wildcard's certificate be had automatically? */
static bool
can_automate(struct control *c, const char *wildcard)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain d = {.automatic = true};

	(void)snprintf(d.host, sizeof(d.host), "%s", wildcard);
	return domain_look(c, &d, candidates).can_automate;
}

static enum err
set_up(struct control *c)
{
	char wildcard[HOST_SIZE + 2];
	bool automates, is_there;
	int64_t app_id = 0;
	enum err e = drop_strangers(c);

	if (e != ERR_OK || !has_zone(c))
		return e;
	wildcard_name(c, wildcard);
	automates = can_automate(c, wildcard);
	is_there = automates || holds_custom(c, wildcard);
	if (!is_there) {
		e = drop_row(c, wildcard);
		return e == ERR_OK ? turn(c, true) : e;
	}
	e = hidden_app(c, &app_id);
	if (e == ERR_OK)
		e = insert_row(c, wildcard, app_id, automates);
	if (e == ERR_OK)
		e = begin_row(c, wildcard);
	/* of a zone that is new to them */
	return e == ERR_OK && is_by_name(c) ? insert_names(c) : e;
}

void
platform_start(struct control *c)
{
	enum err e = change_begin(c, NULL);

	if (e == ERR_OK)
		e = set_up(c);
	if (e == ERR_OK)
		e = change_commit(c, NULL);
	if (e == ERR_OK)
		return;
	log_error("platform: its names cannot be written: %s", err_name(e));
	change_abort(c);
}

enum err
platform_add_wildcard(struct control *c, const char *host, struct fault *f)
{
	int64_t app_id;
	enum err e;

	if (!platform_is_wildcard(c, host)) {
		fault_set(
		    f, FAULT_N15_NO_SUCH_DOMAIN, "There is no domain %s", host);
		return ERR_NOT_FOUND;
	}
	e = hidden_app(c, &app_id);
	if (e == ERR_OK)
		e = insert_row(c, host, app_id, can_automate(c, host));
	return e == ERR_OK ? e : api_store_away(f);
}

/* --- for others ----------------------------------------------------------- */

enum err
platform_app_added(struct control *c, const struct app *a)
{
	char host[HOST_SIZE];
	enum err e;

	if (!has_zone(c) || !is_by_name(c))
		return ERR_OK;
	app_name(c, a, host);
	e = insert_row(c, host, a->id, true);
	return e == ERR_OK ? begin_row(c, host) : e;
}

enum err
platform_app_gone(struct control *c, const struct app *a)
{
	char host[HOST_SIZE];

	if (!has_zone(c))
		return ERR_OK;
	app_name(c, a, host);
	return drop_row(c, host);
}

enum err
platform_may_remove(struct control *c, const struct domain *d, struct fault *f)
{
	if (!d->is_platform)
		return ERR_OK;
	fault_set(f, FAULT_N13_HOST_RESERVED,
	    "%s belongs to the platform itself and goes with %s", d->host,
	    platform_is_wildcard(c, d->host) ? "[platform] apps_domain"
					     : "its app");
	return ERR_DENIED;
}

void
platform_candidates(struct control *c, const struct domain *d,
    struct candidate *candidates, size_t *n)
{
	char wildcard[HOST_SIZE + 2];
	size_t more = 0;

	wildcard_name(c, wildcard);
	if (!d->is_platform || strcmp(d->host, wildcard) == 0 ||
	    install_candidates(c->db, wildcard, NULL, candidates + *n,
		CANDIDATES_MAX - *n, &more) != ERR_OK)
		return;
	for (size_t i = *n; i < *n + more; i++)
		candidates[i].source = CANDIDATE_PLATFORM;
	*n += more;
}
