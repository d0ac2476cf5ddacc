#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/domain_add.h"
#include "router/control/domain_order.h"
#include "router/control/name_set.h"

/* Profiles of Let's Encrypt that take fewer names than others. */
#define NAMES_MAX_SHORT 25

static const char *const short_profiles[] = {"tlsserver", "shortlived"};

static enum err
insert_set(struct control *c, const struct name_set *set, int64_t *id)
{
	static const char sql[] =
	    "INSERT INTO name_set (app_id, auto_renew, created_at)"
	    " VALUES (?1, ?2, ?3)";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	stmt_int(s, 1, set->app_id);
	stmt_int(s, 2, set->auto_renew);
	stmt_int(s, 3, set->created_at);
	e = stmt_run(s);
	*id = db_last_id(c->db);
	return e;
}

static enum err
insert_member(struct control *c, int64_t set_id, const char *host)
{
	static const char sql[] =
	    "INSERT INTO name_set_member (domain_id, set_id)"
	    " SELECT id, ?2 FROM domain WHERE host = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, host);
	stmt_int(s, 2, set_id);
	return stmt_run(s);
}

static size_t
names_max(const struct control *c)
{
	for (size_t i = 0; i < COUNT_OF(short_profiles); i++)
		if (strcmp(c->config.acme.profile, short_profiles[i]) == 0)
			return NAMES_MAX_SHORT;
	return NAME_SET_MAX;
}

/* May *d be one of the names? */
static enum err
check_member(struct control *c, const struct domain *d,
    const struct name_set *set, struct fault *f)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);

	if (domain_is_reserved(c, d->host))
		fault_set(f, FAULT_N13_HOST_RESERVED,
		    "%s belongs to the platform itself", d->host);
	else if (set->n_names > 0 && d->app_id != set->app_id)
		fault_set(f, FAULT_N30_NAMES_OF_SEVERAL_APPS,
		    "%s belongs to another app than %s", d->host,
		    set->names[0]);
	else if (!d->automatic)
		fault_set(f, FAULT_A26_AUTOMATIC_OFF,
		    "Automatic certificates are off for %s", d->host);
	else if (!facts.can_automate)
		fault_set(f, FAULT_N14_WILDCARD_NEEDS_DNS01, NULL);
	else if (!facts.terms_agreed)
		fault_set(f, FAULT_A10_TERMS_NOT_AGREED, NULL);
	else
		return ERR_OK;
	return ERR_DENIED;
}

static enum err
add_host(
    struct control *c, struct name_set *set, const char *text, struct fault *f)
{
	char host[HOST_SIZE];
	struct domain d = {0};
	enum err e = host_normalise(slice_str(text), host, f);

	if (e != ERR_OK || name_set_has(set, host))
		return e;
	if (set->n_names >= names_max(c)) {
		fault_set(f, FAULT_C24_TOO_MANY_NAMES,
		    "One certificate may have %zu names here", names_max(c));
		return ERR_TOO_BIG;
	}
	e = domain_load(c, host, &d, f);
	if (e == ERR_OK)
		e = check_member(c, &d, set, f);
	if (e == ERR_OK) {
		set->app_id = d.app_id;
		name_set_add(set, host);
	}
	domain_unload(&d);
	return e;
}

static enum err
read_hosts(struct control *c, const json_t *hosts, struct name_set *set,
    struct fault *f)
{
	enum err e = ERR_OK;
	size_t i;
	json_t *item;

	json_array_foreach(hosts, i, item)
	{
		if (e == ERR_OK && json_is_string(item))
			e = add_host(c, set, json_string_value(item), f);
		else if (e == ERR_OK)
			e = ERR_SYNTAX;
	}
	if (e == ERR_OK && set->n_names > 0)
		return ERR_OK;
	if (e == ERR_OK || !fault_is_set(f)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"names\" is a list of at least one host");
		e = ERR_SYNTAX;
	}
	return e;
}

/* A person asked: what held it up counts no more.  *fits: it can be in an order
 * now. */
static enum err
prepare(struct control *c, const char *host, const char *by, bool *fits)
{
	struct domain d;
	enum err e = domain_load(c, host, &d, NULL);

	if (e == ERR_OK)
		e = name_set_leave(c, &d, NULL, by);
	if (e == ERR_OK) {
		d.retry_at = 0;
		d.failures = 0;
		d.needs_person = false;
		d.touched_at = clock_now();
		*fits = *fits && d.dns == DOMAIN_DNS_OK;
		e = domain_save(c, &d);
	}
	domain_unload(&d);
	return e;
}

/* After all are members. */
static enum err
settle_member(struct control *c, const char *host, const char *by)
{
	struct domain d;
	enum err e = domain_load(c, host, &d, NULL);

	if (e == ERR_OK)
		e = domain_settle(c, &d, by);
	if (e == ERR_OK)
		e = domain_event(c, &d, "certificate.order", by, NULL);
	if (e == ERR_OK && d.dns != DOMAIN_DNS_OK)
		change_check(c, host);
	domain_unload(&d);
	return e;
}

static enum err
write_set(struct control *c, struct name_set *set, const char *by)
{
	bool fits = true;
	enum err e = ERR_OK;

	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++)
		e = prepare(c, set->names[i], by, &fits);
	if (e == ERR_OK && set->n_names > 1)
		e = insert_set(c, set, &set->id);
	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++)
		if (set->id != 0)
			e = insert_member(c, set->id, set->names[i]);
	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++)
		e = settle_member(c, set->names[i], by);
	if (e != ERR_OK || !fits)
		return e;
	for (size_t i = 0; i < set->n_names; i++)
		change_cancel(c, set->names[i]); /* orders of their own */
	change_order(c, set->names[0]);
	return ERR_OK;
}

static enum err
count_by_hand(struct control *c, struct name_set *set, struct fault *f)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++)
		e = domain_order_by_hand(c, set->names[i], &set->retry_at, f);
	return e;
}

enum err
name_set_create(struct control *c, const json_t *hosts, bool auto_renew,
    const char *by, struct name_set *out, struct fault *f)
{
	enum err e;

	*out = (struct name_set){
	    .auto_renew = auto_renew, .created_at = clock_now()};
	e = read_hosts(c, hosts, out, f);
	if (e == ERR_OK)
		e = count_by_hand(c, out, f);
	if (e == ERR_OK && write_set(c, out, by) != ERR_OK)
		e = api_store_away(f);
	return e;
}
