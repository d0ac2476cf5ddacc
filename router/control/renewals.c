#include "router/control/renewals.h"

#include <sys/random.h>

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/renewal.h"
#include "acme/schedule.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain.h"
#include "router/control/event.h"

#define TICK_S       1.
#define POLLS_MAX    4  /* at once */
#define ASKING_MAX   32 /* with those that orders wait for */
#define FRESH_S      60 /* an order goes by what is younger */
#define FIRST_POLL_S 3600
#define DAY_S        86400
#define QUIET_MS     60000

struct renewals {
	struct control *control;
	struct ev_timer tick;
	struct list asking;
	size_t n_asking, n_polls;
	int64_t quiet_ms; /* monotonic: nobody is asked before */
};

/* A question under way. */
struct asking {
	struct list link;
	struct renewals *renewals;
	struct renewal known;
	struct renewal_query *query;
	bool is_poll;
};

static uint64_t
random_bits(void)
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		die("no random bytes");
	return bits;
}

/* --- what holds a certificate -------------------------------------------- */

/* Domains whose automatic slot has it. */
struct holders {
	struct control *control;
	char **hosts;
	size_t n;
	int64_t not_after; /* 0: nobody holds it */
};

static void
add_holder(void *ctx, const char *host, int64_t not_after)
{
	struct holders *h = ctx;

	h->hosts = xrealloc(h->hosts, (h->n + 1) * sizeof(*h->hosts));
	h->hosts[h->n++] = xstrdup(host);
	h->not_after = not_after;
}

static void
holders_clear(struct holders *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->hosts[i]);
	free(h->hosts);
	*h = (struct holders){0};
}

/* Those that are domains now: a removed one keeps its certificate, in case it
 * comes back. */
static bool
is_wanted(struct control *c, const struct holders *h)
{
	static const char sql[] = "SELECT 1 FROM domain WHERE host = ?1";
	bool found = false;

	for (size_t i = 0; i < h->n && !found; i++) {
		struct stmt *s = db_stmt(c->db, sql);

		stmt_str(s, 1, h->hosts[i]);
		found = stmt_step(s) == ERR_OK;
		stmt_done(s);
	}
	return found;
}

/* --- answers ------------------------------------------------------------- */

/* It failed when it was due, and is not due any more. */
static void
put_off(struct domain *d, int64_t at)
{
	int64_t now = clock_now();

	if (d->renew_at <= now && at > now && !d->needs_person)
		fault_clear(&d->order_fault);
	d->renew_at = at;
}

/* One domain that holds it: renew_at follows, and what follows from that. */
static enum err
follow(struct control *c, const char *host, bool is_refresh)
{
	struct installation i;
	struct domain d;
	int64_t at;
	enum err e = domain_load(c, host, &d, NULL);

	if (e == ERR_OK)
		e = install_current(c->db, host, SLOT_AUTOMATIC, &i);
	if (e == ERR_OK) {
		at = renewals_at(c, host, &i);
		installation_clear(&i);
		if (at != d.renew_at || is_refresh) {
			put_off(&d, at);
			e = domain_settle(c, &d, EVENT_BY_ITSELF);
		}
	}
	domain_unload(&d);
	return e == ERR_NOT_FOUND ? ERR_OK : e; /* it is gone */
}

static enum err
keep(struct renewals *rs, const struct renewal *r, bool is_poll)
{
	struct control *c = rs->control;
	struct holders h = {0};
	enum err e = install_holders(
	    c->db, r->certificate_id, SLOT_AUTOMATIC, add_holder, &h);

	if (e == ERR_OK)
		e = change_begin(c, NULL);
	if (e == ERR_OK) {
		e = renewal_save(c->db, r);
		for (size_t i = 0; i < h.n && e == ERR_OK; i++)
			e = follow(c, h.hosts[i], !is_poll);
		if (e == ERR_OK)
			e = change_commit(c, NULL);
		if (e != ERR_OK)
			change_abort(c);
	}
	holders_clear(&h);
	return e;
}

static void
tell(const struct renewal *r)
{
	char start[CLOCK_TEXT_SIZE], end[CLOCK_TEXT_SIZE], at[CLOCK_TEXT_SIZE];

	log_info("acme: renewal window certificate=%lld start=%s end=%s at=%s "
		 "explanation=%s",
	    (long long)r->certificate_id,
	    clock_format(r->window.start_at, start),
	    clock_format(r->window.end_at, end), clock_format(r->chosen_at, at),
	    r->window.explanation);
}

static void pump(struct renewals *rs);

/* What is not written down would be asked again at once, and again. */
static void
not_written(struct renewals *rs)
{
	log_error("acme: renewal information is not written down");
	rs->quiet_ms = clock_mono_ms() + QUIET_MS;
}

static void
stop_asking(struct asking *a)
{
	struct renewals *rs = a->renewals;

	renewal_cancel(a->query);
	list_remove(&a->link);
	rs->n_asking--;
	rs->n_polls -= a->is_poll;
	free(a);
}

static void
on_answer(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct asking *a = ctx;
	struct renewals *rs = a->renewals;
	struct acme_response none = {.location = "", .retry_after = ""};

	a->query = NULL;
	if (r == NULL && p != NULL) {
		none.now = clock_now();
		none.fault = &p->fault;
		r = &none;
	}
	if (r == NULL)
		renewal_not_offered(&a->known, clock_now());
	else if (renewal_answered(&a->known, r, random_bits()))
		tell(&a->known);
	if (fault_is_set(&a->known.fault))
		log_warning("acme: %s certificate=%lld", a->known.fault.text,
		    (long long)a->known.certificate_id);
	if (keep(rs, &a->known, a->is_poll) != ERR_OK)
		not_written(rs);
	stop_asking(a);
	pump(rs);
}

/* --- questions ----------------------------------------------------------- */

static struct asking *
find_asking(struct renewals *rs, int64_t certificate_id)
{
	LIST_FOREACH(it, &rs->asking) {
		struct asking *a = container_of(it, struct asking, link);

		if (a->known.certificate_id == certificate_id)
			return a;
	}
	return NULL;
}

/* False: that CA is not configured (any more). */
static bool
ask(struct renewals *rs, const struct renewal *r, bool is_poll)
{
	struct ca *ca = issuer_ca(rs->control->issuer, r->directory);
	struct asking *a;

	if (ca == NULL)
		return false;
	a = xcalloc(1, sizeof(*a));
	a->renewals = rs;
	a->known = *r;
	a->is_poll = is_poll;
	list_append(&rs->asking, &a->link);
	rs->n_asking++;
	rs->n_polls += is_poll;
	a->query = renewal_ask(ca, r->ari_id, on_answer, a);
	return true;
}

/* What nobody serves is not asked about: what is over never again, what may
 * come back (a domain that was removed) tomorrow. */
static void
poll_one(struct renewals *rs, int64_t certificate_id)
{
	struct db *db = rs->control->db;
	struct holders h = {0};
	struct renewal r;
	int64_t now = clock_now();
	enum err e;

	if (renewal_get(db, certificate_id, &r) != ERR_OK ||
	    install_holders(
		db, certificate_id, SLOT_AUTOMATIC, add_holder, &h) != ERR_OK)
		return;
	if (h.not_after < now) { /* also: nobody holds it */
		e = renewal_drop(db, certificate_id);
	} else if (is_wanted(rs->control, &h) && ask(rs, &r, true)) {
		e = ERR_OK;
	} else {
		r.poll_at = now + DAY_S;
		e = renewal_save(db, &r);
	}
	holders_clear(&h);
	if (e != ERR_OK)
		not_written(rs);
}

static void
pump(struct renewals *rs)
{
	int64_t ids[POLLS_MAX + ASKING_MAX];
	size_t n;

	if (rs->n_polls >= POLLS_MAX || clock_mono_ms() < rs->quiet_ms ||
	    renewal_due(rs->control->db, clock_now(), ids, COUNT_OF(ids), &n) !=
		ERR_OK)
		return;
	for (size_t i = 0; i < n && rs->n_polls < POLLS_MAX; i++)
		if (find_asking(rs, ids[i]) == NULL)
			poll_one(rs, ids[i]);
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	pump(container_of(w, struct renewals, tick));
}

struct renewals *
renewals_new(struct control *c)
{
	struct renewals *rs = xcalloc(1, sizeof(*rs));

	rs->control = c;
	list_init(&rs->asking);
	ev_timer_init(&rs->tick, on_tick, TICK_S, TICK_S);
	ev_timer_start(c->loop, &rs->tick);
	return rs;
}

void
renewals_free(struct renewals *rs)
{
	if (rs == NULL)
		return;
	LIST_FOREACH_SAFE(it, &rs->asking) {
		stop_asking(container_of(it, struct asking, link));
	}
	ev_timer_stop(rs->control->loop, &rs->tick);
	free(rs);
}

/* --- for domains --------------------------------------------------------- */

enum err
renewals_add(struct control *c, int64_t certificate_id,
    const struct chain *chain, int64_t order_id)
{
	const struct certificate *leaf = chain->items[0];
	int64_t spread = (leaf->not_after - leaf->not_before) / 50;

	/* a thousand names issued together are not asked about together */
	if (spread > FIRST_POLL_S)
		spread = FIRST_POLL_S;
	return renewal_add(c->db, certificate_id, leaf, order_id,
	    clock_now() + ARI_POLL_MIN_S +
		(int64_t)(random_bits() % (uint64_t)(spread + 1)));
}

int64_t
renewals_at(struct control *c, const char *host, const struct installation *i)
{
	struct renewal r;
	bool known = renewal_get(c->db, i->certificate_id, &r) == ERR_OK;

	return renewal_at(known ? &r : NULL, i->not_before, i->not_after,
	    schedule_jitter(host), clock_now());
}

/* Of the certificate that host's automatic slot holds. */
static enum err
find(struct control *c, const char *host, struct renewal *out)
{
	struct installation i;
	enum err e = install_current(c->db, host, SLOT_AUTOMATIC, &i);

	if (e != ERR_OK)
		return e;
	e = renewal_get(c->db, i.certificate_id, out);
	if (e == ERR_OK && i.not_after < clock_now())
		e = ERR_NOT_FOUND;
	installation_clear(&i);
	return e;
}

/* A person's wish, or a name without a certificate, waits for no window. */
static bool
is_due(struct control *c, const char *host)
{
	struct domain d;
	bool is = domain_load(c, host, &d, NULL) == ERR_OK && d.renew_at != 0 &&
		  d.renew_at <= clock_now();

	domain_unload(&d);
	return is;
}

bool
renewals_refresh(struct control *c, const char *host)
{
	struct renewals *rs = c->renewals;
	struct renewal r;
	int64_t now = clock_now();
	struct asking *under_way;

	if (rs == NULL || !is_due(c, host) || find(c, host, &r) != ERR_OK ||
	    r.chosen_at == 0 ||
	    (r.asked_at <= now && now - r.asked_at < FRESH_S))
		return false;
	under_way = find_asking(rs, r.certificate_id);
	if (under_way != NULL) {
		if (under_way->is_poll)
			rs->n_polls--;
		under_way->is_poll = false; /* now an order waits for it */
		return true;
	}
	return rs->n_asking < ASKING_MAX && ask(rs, &r, false);
}

enum err
renewals_id(struct control *c, const char *host, char out[RENEWALS_ID_SIZE])
{
	struct renewal r;
	enum err e = find(c, host, &r);

	_Static_assert(RENEWALS_ID_SIZE == ARI_ID_SIZE, "the same");
	if (e == ERR_OK)
		(void)snprintf(out, RENEWALS_ID_SIZE, "%s", r.ari_id);
	return e;
}

bool
renewals_are_welcome(struct control *c, const char *host)
{
	int64_t now = clock_now();
	struct renewal r;

	return find(c, host, &r) == ERR_OK && r.window.start_at <= now &&
	       now < r.window.end_at;
}

json_t *
renewals_json(struct control *c, const char *host)
{
	struct renewal r;
	json_t *o, *window;

	if (find(c, host, &r) != ERR_OK ||
	    (r.chosen_at == 0 && !fault_is_set(&r.fault)))
		return json_null();
	o = json_object();
	window = json_object();
	json_put_time(window, "start", r.window.start_at);
	json_put_time(window, "end", r.window.end_at);
	if (r.chosen_at == 0) {
		json_decref(window);
		window = json_null();
	}
	json_put(o, "window", window);
	json_put_time(o, "at", r.chosen_at);
	json_put_str(o, "explanation_url",
	    r.window.explanation[0] == '\0' ? NULL : r.window.explanation);
	json_put_time(o, "asked_at", r.asked_at);
	json_put_time(o, "answered_at", r.answered_at);
	json_put_time(o, "next_at", r.poll_at);
	json_put(o, "fault", json_fault(&r.fault));
	return o;
}
