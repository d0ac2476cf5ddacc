#include "router/control/name_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"

/* A new set's members wait this long for the first look at all of them. */
#define FIRST_LOOK_S 10

void
name_set_unload(struct name_set *s)
{
	free(s->names);
	*s = (struct name_set){0};
}

void
name_set_add(struct name_set *s, const char *host)
{
	s->names = xrealloc(s->names, (s->n_names + 1) * sizeof(*s->names));
	(void)snprintf(s->names[s->n_names++], HOST_SIZE, "%s", host);
}

bool
name_set_has(const struct name_set *set, const char *host)
{
	for (size_t i = 0; i < set->n_names; i++)
		if (strcmp(set->names[i], host) == 0)
			return true;
	return false;
}

enum err
name_set_load(
    struct control *c, int64_t id, struct name_set *out, struct fault *f)
{
	static const char sql[] =
	    "SELECT s.app_id, s.auto_renew, s.is_issued, s.order_host,"
	    " s.created_at, d.host FROM name_set s"
	    " JOIN name_set_member m ON m.set_id = s.id"
	    " JOIN domain d ON d.id = m.domain_id WHERE s.id = ?1"
	    " ORDER BY d.host";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	*out = (struct name_set){.id = id};
	stmt_int(s, 1, id);
	while ((e = stmt_step(s)) == ERR_OK) {
		out->app_id = stmt_get_int(s, 0);
		out->auto_renew = stmt_get_int(s, 1) != 0;
		out->is_issued = stmt_get_int(s, 2) != 0;
		(void)snprintf(out->order_host, sizeof(out->order_host), "%s",
		    stmt_get_str(s, 3));
		out->created_at = stmt_get_int(s, 4);
		name_set_add(out, stmt_get_str(s, 5));
	}
	if (e != ERR_NOT_FOUND) {
		name_set_unload(out);
		return api_store_away(f);
	}
	if (out->n_names > 0)
		return ERR_OK;
	fault_set(f, FAULT_C36_NO_SUCH_NUMBER,
	    "There is no certificate of several names with the number %lld",
	    (long long)id);
	fault_action(f, "See `towpath domains info` of one of the names");
	return ERR_NOT_FOUND;
}

enum err
name_set_of(struct control *c, const char *host, struct name_set *out)
{
	static const char sql[] =
	    "SELECT m.set_id FROM name_set_member m"
	    " JOIN domain d ON d.id = m.domain_id WHERE d.host = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	int64_t id;
	enum err e;

	*out = (struct name_set){0};
	stmt_str(s, 1, host);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	id = stmt_get_int(s, 0);
	stmt_done(s);
	return name_set_load(c, id, out, NULL);
}

bool
name_set_is_open(const struct control *c, const struct name_set *s)
{
	return s->order_host[0] != '\0' && c->issuer != NULL &&
	       issuer_has_order(c->issuer, s->order_host);
}

/* What the others of a domain's set amount to. */
struct others {
	struct name_set set; /* names are not filled in */
	int64_t n_unfit;     /* no order can be for them now */
	int64_t n_unseen;    /* nobody has looked at their DNS yet */
};

static enum err
look_at_others(struct control *c, const struct domain *d, struct others *out)
{
	static const char sql[] =
	    "SELECT s.is_issued, s.order_host, s.created_at,"
	    " count(*) FILTER (WHERE o.dns <> 'ok' OR o.automatic = 0),"
	    " count(*) FILTER (WHERE o.dns_checked_at IS NULL)"
	    " FROM name_set_member m JOIN name_set s ON s.id = m.set_id"
	    " JOIN name_set_member b ON b.set_id = s.id"
	    " JOIN domain o ON o.id = b.domain_id"
	    " WHERE m.domain_id = ?1 AND o.id <> ?1 GROUP BY s.id";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	*out = (struct others){0};
	stmt_int(s, 1, d->id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	out->set.is_issued = stmt_get_int(s, 0) != 0;
	(void)snprintf(out->set.order_host, sizeof(out->set.order_host), "%s",
	    stmt_get_str(s, 1));
	out->set.created_at = stmt_get_int(s, 2);
	out->n_unfit = stmt_get_int(s, 3);
	out->n_unseen = stmt_get_int(s, 4);
	stmt_done(s);
	return ERR_OK;
}

void
name_set_look(struct control *c, const struct domain *d, struct domain_facts *f)
{
	struct others others;
	int64_t until;

	if (look_at_others(c, d, &others) != ERR_OK)
		return;
	until = others.set.created_at + FIRST_LOOK_S;
	if (name_set_is_open(c, &others.set))
		f->order_open = true;
	else if (others.set.is_issued)
		return;
	else if (others.n_unfit == 0)
		f->is_wanted = true;
	else if (others.n_unseen > 0 && f->retry_at < until)
		f->retry_at = until;
}

/* --- as JSON -------------------------------------------------------------- */

static json_t *
brief(const struct name_set *s)
{
	json_t *o = json_object(), *names = json_array();

	for (size_t i = 0; i < s->n_names; i++)
		json_array_append_new(names, json_string(s->names[i]));
	json_put_int(o, "number", s->id);
	json_put(o, "names", names);
	json_put_bool(o, "auto_renew", s->auto_renew);
	return o;
}

json_t *
name_set_brief(struct control *c, const char *host)
{
	struct name_set s;
	json_t *o;

	if (name_set_of(c, host, &s) != ERR_OK)
		return json_null();
	o = brief(&s);
	name_set_unload(&s);
	return o;
}

/* The first member that cannot be in an order now, or whose last one failed;
 * the caller unloads it. */
static bool
find_hindrance(struct control *c, const struct name_set *s, struct domain *out)
{
	for (size_t i = 0; i < s->n_names; i++) {
		if (domain_load(c, s->names[i], out, NULL) == ERR_OK &&
		    (out->dns != DOMAIN_DNS_OK ||
			fault_is_set(&out->order_fault)))
			return true;
		domain_unload(out);
	}
	return false;
}

static json_t *
certificate_of(struct control *c, const char *host)
{
	struct installation i;
	json_t *o;

	if (install_current(c->db, host, SLOT_AUTOMATIC, &i) != ERR_OK)
		return json_null();
	o = installation_json(&i);
	installation_clear(&i);
	return o;
}

json_t *
name_set_json(struct control *c, const struct name_set *s)
{
	enum domain_status status =
	    s->is_issued ? DOMAIN_IN_USE : DOMAIN_CREATING;
	json_t *o = brief(s);
	struct fault why = {0};
	struct domain d;

	if (find_hindrance(c, s, &d)) {
		why = d.dns == DOMAIN_DNS_OK ? d.order_fault : d.dns_fault;
		if (fault_is_set(&why))
			fault_prefix(&why, "%s", d.host);
		if (!s->is_issued && d.dns != DOMAIN_DNS_OK)
			status = DOMAIN_PENDING_DNS;
		else if (!s->is_issued && d.needs_person)
			status = DOMAIN_ACTION_REQUIRED;
	}
	domain_unload(&d);
	json_put_str(o, "status", domain_status_text(status));
	json_put(o, "fault", json_fault(&why));
	json_put_time(o, "created_at", s->created_at);
	json_put(o, "certificate",
	    s->is_issued ? certificate_of(c, s->names[0]) : json_null());
	return o;
}
