#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "acme/rows.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"
#include "router/control/name_set.h"

/* --- rows ----------------------------------------------------------------- */

static enum err
delete_set(struct control *c, int64_t id)
{
	static const char sql[] = "DELETE FROM name_set WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, id);
	return stmt_run(s);
}

static enum err
delete_member(struct control *c, const char *host)
{
	static const char sql[] = "DELETE FROM name_set_member WHERE domain_id"
				  " = (SELECT id FROM domain WHERE host = ?1)";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, host);
	return stmt_run(s);
}

/* "": its order is over. */
static enum err
write_order_host(
    struct control *c, const struct name_set *set, const char *host)
{
	static const char sql[] =
	    "UPDATE name_set SET order_host = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, set->id);
	stmt_str(s, 2, host);
	return stmt_run(s);
}

/* --- leaving -------------------------------------------------------------- */

static enum err
tell_shrink(struct control *c, const struct domain *d, const struct fault *why,
    const char *by)
{
	struct event event = {
	    .name = "certificate.shrink",
	    .by = by,
	    .host = d->host,
	    .app = d->app,
	    .fault = why,
	    .domain = domain_json(c, d),
	};

	return event_add(c->db, &event);
}

/* Its order was for one who left: another is begun for those who are left. */
static enum err
begin_anew(struct control *c, const struct name_set *set, const char *without)
{
	struct domain d;
	enum err e = ERR_OK;

	if (!name_set_is_open(c, set))
		return ERR_OK;
	change_cancel(c, set->order_host);
	e = write_order_host(c, set, "");
	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++) {
		bool is_next = false;

		if (strcmp(set->names[i], without) == 0)
			continue;
		e = domain_load(c, set->names[i], &d, NULL);
		if (e == ERR_OK)
			is_next = d.dns == DOMAIN_DNS_OK && d.automatic;
		domain_unload(&d);
		if (!is_next)
			continue;
		change_order(c, set->names[i]);
		break;
	}
	return e;
}

enum err
name_set_leave(struct control *c, const struct domain *d,
    const struct fault *why, const char *by)
{
	struct name_set set;
	enum err e = name_set_of(c, d->host, &set);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = delete_member(c, d->host);
	if (e == ERR_OK)
		e = begin_anew(c, &set, d->host);
	if (e == ERR_OK && set.n_names <= 2)
		e = delete_set(c, set.id);
	if (e == ERR_OK)
		e = tell_shrink(c, d, why, by);
	name_set_unload(&set);
	return e;
}

/* --- ordering ------------------------------------------------------------- */

/* Puts host in front. */
static void
put_first(struct name_set *set, const char *host)
{
	for (size_t i = 1; i < set->n_names; i++)
		if (strcmp(set->names[i], host) == 0) {
			memcpy(set->names[i], set->names[0], HOST_SIZE);
			(void)snprintf(set->names[0], HOST_SIZE, "%s", host);
		}
}

/* Takes those who cannot be in an order out of *set, and, when it was issued
 * before, out of the store.  *n_unfit is how many. */
static enum err
sort_out(struct control *c, struct name_set *set, size_t *n_unfit)
{
	size_t kept = 0;
	enum err e = ERR_OK;

	*n_unfit = 0;
	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++) {
		struct domain d;
		bool fits;

		e = domain_load(c, set->names[i], &d, NULL);
		fits = e == ERR_OK && d.dns == DOMAIN_DNS_OK && d.automatic;
		if (fits) {
			memmove(set->names[kept++], set->names[i], HOST_SIZE);
		} else if (e == ERR_OK) {
			++*n_unfit;
			if (set->is_issued)
				e = name_set_leave(
				    c, &d, &d.dns_fault, EVENT_BY_ITSELF);
		}
		domain_unload(&d);
	}
	set->n_names = kept;
	return e;
}

static enum err
begin(struct control *c, const char *host, struct name_set *set)
{
	size_t n_unfit;
	enum err e = sort_out(c, set, &n_unfit);

	if (e != ERR_OK)
		return e;
	if (!name_set_has(set, host) || set->n_names < 2 ||
	    (n_unfit > 0 && !set->is_issued))
		return ERR_NOT_FOUND;
	put_first(set, host);
	return write_order_host(c, set, host);
}

enum err
name_set_begin(struct control *c, const char *host, struct name_set *out)
{
	enum err e = name_set_of(c, host, out), went;

	if (e != ERR_OK)
		return e;
	if (name_set_is_open(c, out))
		return ERR_EXISTS;
	if (out->is_issued && !out->auto_renew)
		return ERR_NOT_FOUND;
	e = change_begin(c, NULL);
	if (e != ERR_OK)
		return e;
	e = begin(c, host, out);
	went = e == ERR_OK || e == ERR_NOT_FOUND ? change_commit(c, NULL) : e;
	if (went != ERR_OK)
		change_abort(c);
	return went == ERR_OK ? e : went;
}

/* --- its end -------------------------------------------------------------- */

static enum err
write_issued(struct control *c, const struct name_set *set)
{
	static const char sql[] =
	    "UPDATE name_set SET is_issued = 1, order_host = '' WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, set->id);
	return stmt_run(s);
}

enum err
name_set_issued(struct control *c, char *const *names, size_t n_names)
{
	struct name_set set;
	enum err e = name_set_of(c, names[0], &set);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (n_names > 1) {
		e = write_issued(c, &set);
	} else if (set.is_issued) { /* it has one of its own from now on */
		e = delete_member(c, names[0]);
		if (e == ERR_OK && set.n_names <= 2)
			e = delete_set(c, set.id);
	}
	name_set_unload(&set);
	return e;
}

/* What a CA, or DNS, says of names rather than of us. */
static bool
is_about_names(enum fault_code code)
{
	static const enum fault_code codes[] = {
	    FAULT_A15_CAA,
	    FAULT_A16_REJECTED_IDENTIFIER,
	    FAULT_A17_CHALLENGE_CONNECTION,
	    FAULT_A18_CHALLENGE_WRONG_ANSWER,
	    FAULT_A19_CHALLENGE_DNS,
	    FAULT_A22_ORDER_INVALID,
	    FAULT_A23_FINALISE_REFUSED,
	    FAULT_A24_CERTIFICATE_UNFIT,
	    FAULT_A27_NO_USABLE_CHALLENGE,
	    FAULT_C24_TOO_MANY_NAMES,
	    FAULT_D30_PROVIDER_REFUSED,
	    FAULT_D32_PROVIDER_NO_ZONE,
	};

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* The member that the CA blames; challenges name a wildcard without "*.". */
static bool
find_culprit(struct control *c, int64_t order_id, const struct name_set *set,
    char out[HOST_SIZE])
{
	char host[HOST_SIZE];

	assert(set->names != NULL);
	if (rows_failed_host(c->db, order_id, host) != ERR_OK)
		return false;
	for (size_t i = 0; i < set->n_names; i++) {
		struct slice name = slice_str(set->names[i]);

		if (host_is_wildcard(name))
			name = slice_from(name, 2);
		if (!slice_eq(name, slice_str(host)))
			continue;
		(void)snprintf(out, HOST_SIZE, "%s", set->names[i]);
		if (strcmp(set->names[i], host) == 0)
			return true;
	}
	return out[0] != '\0';
}

/* Those it is not held against go on, in what is left of the set or alone. */
static enum err
go_on(struct control *c, const struct name_set *set, const char *culprit,
    const struct fault *why)
{
	bool is_over = culprit[0] == '\0';
	enum err e = is_over ? delete_set(c, set->id) : ERR_OK;

	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++) {
		struct domain d;

		e = domain_load(c, set->names[i], &d, NULL);
		if (e != ERR_OK)
			break;
		if (strcmp(culprit, d.host) == 0)
			e = name_set_leave(c, &d, why, EVENT_BY_ITSELF);
		else if (is_over)
			e = tell_shrink(c, &d, why, EVENT_BY_ITSELF);
		domain_unload(&d);
	}
	for (size_t i = 0; i < set->n_names && e == ERR_OK; i++) {
		struct domain d;

		if (strcmp(culprit, set->names[i]) == 0)
			continue;
		e = domain_load(c, set->names[i], &d, NULL);
		if (e == ERR_OK)
			e = domain_settle(c, &d, EVENT_BY_ITSELF);
		domain_unload(&d);
	}
	return e;
}

enum err
name_set_failed(struct control *c, int64_t order_id, const char *host,
    const struct fault *why, struct name_set *out)
{
	char culprit[HOST_SIZE] = "";
	enum err e = name_set_of(c, host, out);

	if (e == ERR_NOT_FOUND ||
	    (e == ERR_OK && strcmp(out->order_host, host) != 0)) {
		name_set_unload(out);
		name_set_add(out, host);
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = write_order_host(c, out, "");
	if (e != ERR_OK || !is_about_names(why->code))
		return e; /* all of them wait */
	(void)find_culprit(c, order_id, out, culprit);
	e = go_on(c, out, culprit, why);
	name_set_unload(out);
	if (culprit[0] != '\0')
		name_set_add(out, culprit);
	return e;
}
