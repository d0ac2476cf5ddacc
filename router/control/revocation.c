#include "router/control/revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/domain_json.h"
#include "router/control/domain_order.h"
#include "router/control/event.h"

#define BATCH       16 /* looked at in one tick */
#define WAITING_S   2  /* until one that waits for its successor is looked at */
#define LEASE_S     120 /* an answer of the CA is there by then, or never */
#define AGAIN_MIN_S 60  /* after a failure */
#define AGAIN_MAX_S 3600
#define SHOWN_MAX   100

struct revocations {
	struct control *control;
	int64_t id; /* the one that a CA is being told of; 0: none */
};

/* A row that is due. */
struct revocation {
	int64_t id, certificate_id;
	char host[HOST_SIZE];
	int reason;
	int64_t asked_at;
	bool is_distrusted;
	char by[64];
};

struct revocations *
revocations_new(struct control *c)
{
	struct revocations *rs = xcalloc(1, sizeof(*rs));

	rs->control = c;
	return rs;
}

void
revocations_free(struct revocations *rs)
{
	free(rs);
}

bool
revocation_reason_read(const char *text, int *out)
{
	static const struct {
		const char *text;
		int code;
	} reasons[] = {
	    {"unspecified", 0},
	    {"key-compromise", 1},
	    {"affiliation-changed", 3},
	    {"superseded", 4},
	    {"cessation-of-operation", 5},
	};

	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (strcmp(reasons[i].text, text) == 0) {
			*out = reasons[i].code;
			return true;
		}
	return false;
}

/* --- distrust ------------------------------------------------------------ */

/* Hosts are read before they are changed. */
struct hosts {
	char (*names)[HOST_SIZE];
	size_t n;
};

static enum err
add_host(void *ctx, const char *host)
{
	struct hosts *h = ctx;

	h->names = xrealloc(h->names, (h->n + 1) * sizeof(*h->names));
	return slice_to_str(slice_str(host), h->names[h->n++], HOST_SIZE);
}

/* Visitors get another certificate; tickets of the old one end. */
static enum err
settle_host(struct control *c, const char *host)
{
	struct fault f = {0};
	struct domain d;
	enum err e = domain_load(c, host, &d, &f);

	change_touch(c, host);
	if (e == ERR_NOT_FOUND)
		return ERR_OK; /* no domain any more, only its history */
	if (e == ERR_OK)
		e = domain_certificate_changed(c, &d);
	if (e == ERR_OK)
		e = domain_settle(c, &d, EVENT_BY_ITSELF);
	domain_unload(&d);
	return e;
}

/* It is never served again, from the commit on. */
static enum err
distrust(struct control *c, int64_t certificate_id, const char *host)
{
	struct hosts h = {0};
	enum err e = install_hosts(c->db, certificate_id, add_host, &h);

	if (e == ERR_OK)
		e = add_host(&h, host); /* where it stood by, too */
	if (e == ERR_OK)
		e = install_revoke(c->db, certificate_id);
	for (size_t i = 0; i < h.n && e == ERR_OK; i++)
		e = settle_host(c, h.names[i]);
	free(h.names);
	return e;
}

/* --- asking -------------------------------------------------------------- */

static enum err
insert(struct control *c, const struct installation *i, const char *host,
    const struct revocation_ask *ask)
{
	static const char sql[] =
	    "INSERT INTO revocation (certificate_id, host, reason, asked_at,"
	    " asked_by, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?4)"
	    " ON CONFLICT (certificate_id) DO UPDATE SET reason = ?3,"
	    " next_at = ?4";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, i->certificate_id);
	stmt_str(s, 2, host);
	stmt_int(s, 3, ask->reason);
	stmt_int(s, 4, clock_now());
	stmt_str(s, 5, ask->by);
	return stmt_run(s);
}

/* Whether visitors of d get a valid certificate without that one. */
static bool
can_spare(struct control *c, const struct domain *d, int64_t certificate_id)
{
	struct candidate all[CANDIDATES_MAX], others[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, all);
	struct choice choice;
	size_t n = 0;

	for (size_t i = 0; i < facts.n_candidates; i++)
		if (all[i].certificate_id != certificate_id)
			others[n++] = all[i];
	choice = choose(others, n, facts.now);
	return choice.index < n && !choice.is_outside_validity;
}

struct sparing {
	struct control *control;
	int64_t certificate_id;
};

static enum err
check_spare(void *ctx, const char *host)
{
	const struct sparing *s = ctx;
	struct fault f = {0};
	struct domain d;
	enum err e = domain_load(s->control, host, &d, &f);

	if (e == ERR_OK && !can_spare(s->control, &d, s->certificate_id))
		e = ERR_DENIED;
	else if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	domain_unload(&d);
	return e;
}

/* Why no new certificate could be had now. */
static enum err
check_order(struct control *c, const struct domain *d, struct fault *f)
{
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);
	struct fault why = {0};
	int64_t at = 0;
	enum err e = ERR_OK;

	facts.needs_person = false; /* one is here */
	facts.n_candidates = 0;
	facts.order_fault = NULL;
	domain_fallback(&facts, &why);
	if (!fault_is_set(&why))
		e = domain_order_may(c, d->host, &at, &why);
	if (e == ERR_OK && !fault_is_set(&why))
		return ERR_OK;
	fault_set(f, FAULT_C29_NO_FALLBACK_READY,
	    "Without this certificate visitors of %s get none, and a new one "
	    "cannot be had now: %.300s",
	    d->host, why.text);
	fault_action(f,
	    "%.200s%sOr revoke it all the same: `towpath certs revoke %s "
	    "--force`",
	    why.action, why.action[0] == '\0' ? "" : ". ", d->host);
	return ERR_DENIED;
}

static enum err
begin(struct control *c, struct domain *d, const struct installation *i,
    const struct revocation_ask *ask, struct fault *f)
{
	struct sparing sparing = {c, i->certificate_id};
	bool is_spare = install_hosts(c->db, i->certificate_id, check_spare,
			    &sparing) == ERR_OK;
	enum err e = ERR_OK;

	if (!is_spare && !ask->is_forced)
		e = check_order(c, d, f);
	if (e == ERR_OK)
		e = insert(c, i, d->host, ask);
	if (e != ERR_OK)
		return e;
	d->retry_at = 0;
	d->needs_person = false;
	e = domain_save(c, d);
	if (e == ERR_OK && (is_spare || ask->is_forced))
		e = distrust(c, i->certificate_id, d->host);
	if (e == ERR_OK)
		change_order(c, d->host);
	return e;
}

enum err
revocation_begin(struct control *c, struct domain *d,
    const struct revocation_ask *ask, struct fault *f)
{
	struct installation i;
	enum err e = install_current(c->db, d->host, SLOT_AUTOMATIC, &i);

	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_C26_NONE_INSTALLED,
		    "%s has no automatic certificate to be revoked", d->host);
	if (e != ERR_OK)
		return e;
	e = begin(c, d, &i, ask, f);
	installation_clear(&i);
	return e;
}

/* --- telling the CA ------------------------------------------------------- */

static enum err
set_next(struct control *c, int64_t id, int64_t at, const struct fault *f)
{
	static const char sql[] =
	    "UPDATE revocation SET next_at = ?2, fault = ?3 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *o = f == NULL ? NULL : json_fault(f);
	char *text = o == NULL ? NULL : json_text(o);

	stmt_int(s, 1, id);
	if (at == 0)
		stmt_null(s, 2);
	else
		stmt_int(s, 2, at);
	stmt_str(s, 3, text);
	free(text);
	json_decref(o);
	return stmt_run(s);
}

#define COLUMNS                                                                \
	"SELECT r.id, r.certificate_id, r.host, r.reason, r.asked_at,"         \
	" c.revoked_at IS NOT NULL, r.asked_by FROM revocation r"              \
	" JOIN certificate c ON c.id = r.certificate_id "

static void
read_row(struct stmt *s, struct revocation *r)
{
	r->id = stmt_get_int(s, 0);
	r->certificate_id = stmt_get_int(s, 1);
	(void)snprintf(r->host, sizeof(r->host), "%s", stmt_get_str(s, 2));
	r->reason = (int)stmt_get_int(s, 3);
	r->asked_at = stmt_get_int(s, 4);
	r->is_distrusted = stmt_get_int(s, 5) != 0;
	(void)snprintf(r->by, sizeof(r->by), "%s", stmt_get_str(s, 6));
}

static enum err
find(struct control *c, int64_t id, struct revocation *out)
{
	static const char sql[] = COLUMNS "WHERE r.id = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	*out = (struct revocation){0};
	stmt_int(s, 1, id);
	e = stmt_step(s);
	if (e == ERR_OK)
		read_row(s, out);
	stmt_done(s);
	return e;
}

/* The number that the certificate has in its host's history. */
static enum err
installation_of(
    struct control *c, const struct revocation *r, struct installation *out)
{
	static const char sql[] =
	    "SELECT number FROM installation WHERE host = ?1"
	    " AND certificate_id = ?2 ORDER BY number DESC LIMIT 1";
	struct stmt *s = db_stmt(c->db, sql);
	int64_t number = 0;
	enum err e;

	stmt_str(s, 1, r->host);
	stmt_int(s, 2, r->certificate_id);
	e = stmt_step(s);
	if (e == ERR_OK)
		number = stmt_get_int(s, 0);
	stmt_done(s);
	return e == ERR_OK ? install_get(c->db, r->host, number, out) : e;
}

static enum err
add_event(struct control *c, const struct revocation *r)
{
	struct event event = {
	    .name = "certificate.revoke", .by = r->by, .host = r->host};
	struct installation i;
	struct fault f = {0};
	struct domain d;
	enum err e;

	if (installation_of(c, r, &i) == ERR_OK) {
		event.certificate = installation_json(&i);
		installation_clear(&i);
	}
	if (domain_load(c, r->host, &d, &f) == ERR_OK) {
		event.app = d.app;
		event.domain = domain_json(c, &d);
	}
	e = event_add(c->db, &event);
	domain_unload(&d);
	return e;
}

static int64_t
again_at(const struct revocation *r)
{
	int64_t now = clock_now(), pause = (now - r->asked_at) / 2;

	if (pause < AGAIN_MIN_S)
		pause = AGAIN_MIN_S;
	return now + (pause > AGAIN_MAX_S ? AGAIN_MAX_S : pause);
}

/* Not written down: the lease ends, and the CA says that it knows. */
static void
on_told(void *ctx, const struct fault *f)
{
	struct revocations *rs = ctx;
	struct control *c = rs->control;
	struct revocation r;
	enum err e;

	e = find(c, rs->id, &r);
	rs->id = 0;
	if (e != ERR_OK || change_begin(c, NULL) != ERR_OK)
		return;
	if (f == NULL) {
		log_info("revoked host=%s certificate=%lld", r.host,
		    (long long)r.certificate_id);
		e = set_next(c, r.id, 0, NULL);
		if (e == ERR_OK)
			e = add_event(c, &r);
	} else {
		log_warning("not revoked host=%s text=%s", r.host, f->text);
		e = set_next(c, r.id, again_at(&r), f);
	}
	if (e != ERR_OK || change_commit(c, NULL) != ERR_OK)
		change_abort(c);
}

/* --- what is due ---------------------------------------------------------- */

static enum err
refuse_host(void *ctx, const char *host)
{
	struct control *c = ctx;
	struct domain d;
	enum err e = domain_load(c, host, &d, NULL);

	domain_unload(&d);
	return e == ERR_OK ? ERR_DENIED : ERR_OK;
}

/* Some domain has it in its slot still. */
static bool
is_in_use(struct control *c, int64_t certificate_id)
{
	return install_hosts(c->db, certificate_id, refuse_host, c) != ERR_OK;
}

/* An order that failed is tried again as the domain's back-off has it. */
static void
order_again(struct control *c, const char *host)
{
	struct domain d;

	if (domain_load(c, host, &d, NULL) == ERR_OK &&
	    d.retry_at <= clock_now())
		change_order(c, host);
	domain_unload(&d);
}

static enum err
wait_for_successor(struct control *c, const struct revocation *r)
{
	enum err e;

	if (!is_in_use(c, r->certificate_id)) {
		e = distrust(c, r->certificate_id, r->host);
		return e == ERR_OK ? set_next(c, r->id, clock_now(), NULL) : e;
	}
	order_again(c, r->host);
	return set_next(c, r->id, clock_now() + WAITING_S, NULL);
}

/* To the CA, one at a time. */
static void
tell(struct revocations *rs, const struct revocation *r)
{
	struct control *c = rs->control;
	struct revocation_wish wish = {.reason = r->reason};
	struct stored_certificate stored;
	char *directory = NULL;
	struct fault f = {0};
	enum err e = install_directory(c->db, r->certificate_id, &directory);

	if (e == ERR_OK)
		e = install_read_certificate(c->db, r->certificate_id, &stored);
	if (e != ERR_OK) {
		free(directory);
		return;
	}
	wish.directory =
	    directory[0] == '\0' ? c->config.acme.directory : directory;
	wish.certificate = stored.leaf;
	rs->id = r->id;
	e = issuer_revoke(c->issuer, &wish, on_told, rs, &f);
	stmt_done(stored.statement);
	free(directory);
	if (e != ERR_OK)
		on_told(rs, &f);
}

static size_t
read_due(struct control *c, struct revocation *out)
{
	static const char sql[] =
	    COLUMNS "WHERE r.next_at IS NOT NULL AND r.next_at <= ?1"
		    " ORDER BY r.next_at LIMIT ?2";
	struct stmt *s = db_stmt(c->db, sql);
	size_t n = 0;

	stmt_int(s, 1, clock_now());
	stmt_int(s, 2, BATCH);
	while (stmt_step(s) == ERR_OK)
		read_row(s, &out[n++]);
	return n;
}

/* Writes what changes; *told is the one that is to go to its CA, if any. */
static enum err
attend(struct revocations *rs, const struct revocation *due, size_t n,
    const struct revocation **told)
{
	struct control *c = rs->control;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		if (!due[i].is_distrusted) {
			e = wait_for_successor(c, &due[i]);
		} else if (rs->id == 0 && *told == NULL) {
			*told = &due[i];
			e = set_next(c, due[i].id, clock_now() + LEASE_S, NULL);
		}
	}
	return e;
}

void
revocations_tick(struct control *c)
{
	struct revocation *due = xcalloc(BATCH, sizeof(*due));
	const struct revocation *told = NULL;
	size_t n = c->issuer == NULL ? 0 : read_due(c, due);
	bool is_done = false;

	if (n > 0 && change_begin(c, NULL) == ERR_OK) {
		is_done = attend(c->revocations, due, n, &told) == ERR_OK &&
			  change_commit(c, NULL) == ERR_OK;
		if (!is_done)
			change_abort(c);
	}
	if (is_done && told != NULL)
		tell(c->revocations, told);
	free(due);
}

json_t *
revocations_json(struct control *c)
{
	static const char sql[] =
	    "SELECT r.host, r.certificate_id, r.asked_at,"
	    " c.revoked_at IS NOT NULL, r.fault FROM revocation r"
	    " JOIN certificate c ON c.id = r.certificate_id"
	    " WHERE r.next_at IS NOT NULL ORDER BY r.id LIMIT ?1";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_int(s, 1, SHOWN_MAX);
	while (stmt_step(s) == ERR_OK) {
		json_t *o = json_object(), *fault = NULL;

		json_put_slice(o, "host", stmt_get(s, 0));
		json_put_int(o, "certificate_id", stmt_get_int(s, 1));
		json_put_time(o, "since", stmt_get_int(s, 2));
		json_put_bool(o, "replaced", stmt_get_int(s, 3) != 0);
		if (stmt_is_null(s, 4) ||
		    json_parse(stmt_get(s, 4), &fault, NULL) != ERR_OK)
			fault = json_null();
		json_put(o, "fault", fault);
		json_array_append_new(list, o);
	}
	return list;
}
