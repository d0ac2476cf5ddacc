#include "router/control/origin.h"

#include <stdio.h>

#include "base/clock.h"
#include "router/control/api.h"
#include "router/control/app.h"
#include "router/control/backend.h"
#include "router/control/backend_address.h"
#include "router/control/domain_add.h"

/* Is that a name we serve, as itself or under a wildcard? */
static enum err
is_served(struct control *c, const char *host, bool *out)
{
	static const char sql[] = "SELECT 1 FROM domain WHERE host IN (?1, ?2)";
	char wildcard[HOST_SIZE + 2];
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	domain_wildcard_of(host, wildcard);
	stmt_str(s, 1, host);
	stmt_str(s, 2, wildcard);
	e = stmt_step(s);
	stmt_done(s);
	*out = e == ERR_OK || domain_is_reserved(c, host);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
check(struct control *c, const struct domain *d, struct fault *f)
{
	struct backend_address b;
	bool leads_back = false;
	enum err e = backend_address_parse(slice_str(d->origin), &b, f);

	if (e != ERR_OK)
		return e;
	if (b.host[0] != '\0')
		e = is_served(c, b.host, &leads_back);
	if (e != ERR_OK)
		return api_store_away(f);
	if (!leads_back)
		return ERR_OK;
	fault_set(f, FAULT_N19_BACKEND_INVALID,
	    "%s cannot be the origin of %s: it leads back here", b.host,
	    d->host);
	return ERR_DENIED;
}

static void
name_of(const struct domain *d, char out[APP_NAME_SIZE])
{
	(void)snprintf(
	    out, APP_NAME_SIZE, "%c%lld", ORIGIN_MARK, (long long)d->id);
}

void
origin_touch(struct control *c, const struct domain *d)
{
	char name[APP_NAME_SIZE];

	if (d->origin == NULL)
		return;
	name_of(d, name);
	change_touch_app(c, name);
}

enum err
origin_drop(struct control *c, const struct domain *d)
{
	static const char sql[] = "DELETE FROM app WHERE name = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	char name[APP_NAME_SIZE];

	name_of(d, name);
	stmt_str(s, 1, name);
	change_touch_app(c, name);
	return stmt_run(s);
}

enum err
origin_settle(struct control *c, const struct domain *d, struct fault *f)
{
	static const char sql[] = "INSERT INTO app (name, had_backends,"
				  " created_at) VALUES (?1, 1, ?2)";
	struct app hidden = {0};
	struct stmt *s;
	enum err e = ERR_OK;

	if (d->origin != NULL)
		e = check(c, d, f);
	if (e == ERR_OK && origin_drop(c, d) != ERR_OK)
		e = api_store_away(f);
	if (e != ERR_OK || d->origin == NULL)
		return e;
	name_of(d, hidden.name);
	s = db_stmt(c->db, sql);
	stmt_str(s, 1, hidden.name);
	stmt_int(s, 2, clock_now());
	if (stmt_run(s) != ERR_OK)
		return api_store_away(f);
	hidden.id = db_last_id(c->db);
	return backend_put(c, &hidden, d->origin, true, f);
}
