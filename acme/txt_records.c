#include "acme/txt_records.h"

#include <stdio.h>
#include <stdlib.h>

#include "acme/dns/zone_check.h"
#include "acme/rows.h"
#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"

#define TTL_S        60
#define SWEEP_SOON_S 0.
#define SWEEP_LATE_S 60. /* after a removal that failed */
/* For all servers of a zone to have a record; most have it in seconds. */
#define PATIENCE_MS          120000
#define RESOLVER_PATIENCE_MS 20000

struct txt_records {
	struct ev_loop *loop;
	struct db *db;
	struct dns *dns;
	struct provider *provider;
	struct zone_check_config zones;
	ev_timer sweeper;
	/* the one that is being removed */
	struct provider_call *removal;
	int64_t removed_id;
	int64_t failed_id; /* rows up to it wait for the next round */
};

struct txt_publication {
	struct txt_records *owner;
	int64_t order_id;
	char name[PROVIDER_NAME_SIZE];
	char value[CHALLENGE_DIGEST_MAX + 1];
	struct dns_query *query;
	struct provider_call *call;
	struct zone_check *check;
	txt_done *done;
	void *ctx;
};

/* --- publishing ----------------------------------------------------------- */

static void
finish(struct txt_publication *p, const struct fault *f)
{
	p->done(p->ctx, f);
	free(p);
}

static void
on_seen(void *ctx, const struct fault *f)
{
	struct txt_publication *p = ctx;

	p->check = NULL;
	log_info("acme: TXT record %s name=%s order=%lld",
	    f == NULL ? "is there" : "is not everywhere", p->name,
	    (long long)p->order_id);
	finish(p, f);
}

static void
on_made(void *ctx, const struct fault *f)
{
	struct txt_publication *p = ctx;
	const char *const txt[] = {p->name, p->value};

	p->call = NULL;
	log_info("acme: TXT record %s name=%s order=%lld",
	    f == NULL ? "is made" : "refused", p->name, (long long)p->order_id);
	if (f == NULL)
		p->check = zone_check_start(p->owner->loop, p->owner->dns,
		    &p->owner->zones, txt, on_seen, p);
	else
		finish(p, f);
}

/* The row first: what is made is known to be ours. */
static void
make(struct txt_publication *p)
{
	struct txt_records *t = p->owner;
	struct provider_change change = {
	    .act = PROVIDER_ADD,
	    .name = p->name,
	    .type = "TXT",
	    .value = p->value,
	    .ttl_s = TTL_S,
	};
	struct fault f = {0};

	if (rows_add_txt(t->db, p->order_id, p->name, p->value) != ERR_OK) {
		fault_set(&f, FAULT_S19_STORE_AWAY, NULL);
		finish(p, &f);
		return;
	}
	p->call = provider_apply(t->provider, &change, on_made, p);
}

/* Where the name leads; the first resolver that knows of a CNAME is believed,
 * for one that does not may remember the time before. */
static void
on_delegation(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct txt_publication *p = ctx;

	p->query = NULL;
	for (size_t i = 0; i < n; i++) {
		const struct dns_answer *a = &answers[i];

		if (a->n_chain == 0)
			continue;
		snprintf(
		    p->name, sizeof(p->name), "%s", a->chain[a->n_chain - 1]);
		break;
	}
	make(p);
}

struct txt_publication *
txt_records_publish(struct txt_records *t, int64_t order_id, const char *host,
    const char *value, txt_done *done, void *ctx)
{
	struct txt_publication *p = xcalloc(1, sizeof(*p));

	p->owner = t;
	p->order_id = order_id;
	p->done = done;
	p->ctx = ctx;
	snprintf(p->name, sizeof(p->name), "_acme-challenge.%s", host);
	snprintf(p->value, sizeof(p->value), "%s", value);
	p->query = dns_ask(t->dns, p->name, on_delegation, p);
	return p;
}

void
txt_publication_cancel(struct txt_publication *p)
{
	if (p == NULL)
		return;
	if (p->query != NULL)
		dns_cancel(p->query);
	provider_cancel(p->call);
	zone_check_cancel(p->check);
	free(p);
}

/* --- removing ------------------------------------------------------------- */

static void
sweep_in(struct txt_records *t, double seconds)
{
	ev_timer_stop(t->loop, &t->sweeper);
	ev_timer_set(&t->sweeper, seconds, 0.);
	ev_timer_start(t->loop, &t->sweeper);
}

static void
on_removed(void *ctx, const struct fault *f)
{
	struct txt_records *t = ctx;

	t->removal = NULL;
	if (f == NULL && rows_delete_txt(t->db, t->removed_id) == ERR_OK) {
		sweep_in(t, SWEEP_SOON_S);
		return;
	}
	if (f != NULL)
		log_warning("acme: TXT record not removed code=%s text=%s",
		    fault_code_name(f->code), f->text);
	t->failed_id = t->removed_id;
	sweep_in(t, SWEEP_SOON_S);
}

static void
on_sweep(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct txt_records *t = container_of(w, struct txt_records, sweeper);
	struct txt_row row;
	struct provider_change change = {
	    .act = PROVIDER_REMOVE, .type = "TXT", .ttl_s = TTL_S};

	(void)loop;
	(void)revents;
	if (t->removal != NULL)
		return;
	if (rows_ended_txt(t->db, t->failed_id, &row) != ERR_OK) {
		if (t->failed_id != 0)
			sweep_in(t, SWEEP_LATE_S);
		t->failed_id = 0;
		return;
	}
	t->removed_id = row.id;
	change.name = row.name;
	change.value = row.value;
	t->removal = provider_apply(t->provider, &change, on_removed, t);
}

void
txt_records_sweep(struct txt_records *t)
{
	if (t->removal == NULL)
		sweep_in(t, SWEEP_SOON_S);
}

/* --- life ----------------------------------------------------------------- */

struct txt_records *
txt_records_new(struct ev_loop *loop, struct db *db, struct dns *dns,
    struct provider *provider)
{
	struct txt_records *t = xcalloc(1, sizeof(*t));

	*t = (struct txt_records){
	    .loop = loop, .db = db, .dns = dns, .provider = provider};
	t->zones.patience_ms = PATIENCE_MS;
	t->zones.resolver_patience_ms = RESOLVER_PATIENCE_MS;
	ev_init(&t->sweeper, on_sweep);
	return t;
}

void
txt_records_set_patience(struct txt_records *t, int64_t ms)
{
	t->zones.patience_ms = (int)ms;
	if (t->zones.resolver_patience_ms > t->zones.patience_ms)
		t->zones.resolver_patience_ms = t->zones.patience_ms;
}

void
txt_records_know(struct txt_records *t, const struct addr *server)
{
	if (t->zones.n_known < ZONE_CHECK_KNOWN_MAX)
		t->zones.known[t->zones.n_known++] = *server;
}

void
txt_records_free(struct txt_records *t)
{
	if (t == NULL)
		return;
	provider_cancel(t->removal);
	ev_timer_stop(t->loop, &t->sweeper);
	free(t);
}
