#include "router/control/domain_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/schedule.h"
#include "base/clock.h"
#include "base/host.h"
#include "base/list.h"
#include "base/map.h"
#include "router/control/control.h"
#include "router/control/dns_targets.h"
#include "router/control/domain.h"
#include "router/control/event.h"

#define DAILY_S      INT64_C(86400)
#define ASKS_MAX     8   /* CNAME targets that count */
#define REMEMBER_MAX 256 /* hosts that are no domains */

/* Someone who waits for the outcome. */
struct waiter {
	struct list link;
	check_done *done;
	void *ctx;
};

struct check;

/* One DNS question of a check. */
struct ask {
	struct check *check;
	struct dns_query *query; /* NULL: none under way */
	char name[HOST_SIZE + 16];
};

struct check {
	struct list link;
	struct checks *all;
	char host[HOST_SIZE];
	struct ask own; /* the host's */
	struct dns_answer *answers;
	size_t n_answers;
	struct ask targets[ASKS_MAX];
	size_t n_pending;
	struct reach_verdict *verdict; /* NULL: not judged yet */
	char *records;                 /* that the verdict asks for; JSON */
	struct list waiters;
};

/* What was seen of a host that is no domain. */
struct memory {
	bool reaches;
	struct fault fault;
	char *records;
	char host[HOST_SIZE];
};

struct checks {
	struct control *control;
	struct list list;   /* waiting for answers */
	struct list judged; /* to be written before the loop sleeps */
	struct ev_prepare before_sleep;
	size_t n;
	struct dns_targets targets;
	struct map memories;
	struct memory ring[REMEMBER_MAX];
	size_t next;
};

static void
check_free(struct check *k)
{
	list_remove(&k->link);
	k->all->n--;
	if (k->own.query != NULL)
		dns_cancel(k->own.query);
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (k->targets[i].query != NULL)
			dns_cancel(k->targets[i].query);
	LIST_FOREACH_SAFE(it, &k->waiters) {
		list_remove(it);
		free(container_of(it, struct waiter, link));
	}
	free(k->answers);
	free(k->verdict);
	free(k->records);
	free(k);
}

void
checks_free(struct checks *ch)
{
	if (ch == NULL)
		return;
	ev_prepare_stop(ch->control->loop, &ch->before_sleep);
	LIST_FOREACH_SAFE(it, &ch->list) {
		check_free(container_of(it, struct check, link));
	}
	LIST_FOREACH_SAFE(it, &ch->judged) {
		check_free(container_of(it, struct check, link));
	}
	dns_targets_clear(&ch->targets);
	map_clear(&ch->memories);
	for (size_t i = 0; i < REMEMBER_MAX; i++)
		free(ch->ring[i].records);
	free(ch);
}

/* What is ours as seen from host; resolved is the caller's room. */
static struct reach_target
target_of(struct checks *ch, const char *host, struct addr *resolved)
{
	const struct config *config = &ch->control->config;
	struct reach_target t = {
	    .cnames = (const char *const *)config->platform.cname_target.items,
	    .n_cnames = config->platform.cname_target.n,
	    .addresses = config->platform.addresses.items,
	    .n_addresses = config->platform.addresses.n,
	    .resolved = resolved,
	};

	for (size_t i = 0; i < t.n_cnames && i < ASKS_MAX; i++) {
		const struct dns_target *known;
		char name[256];

		reach_cname(t.cnames[i], host, name);
		known = dns_targets_get(&ch->targets, name);
		for (size_t k = 0; known != NULL && k < known->n; k++)
			resolved[t.n_resolved++] = known->addresses[k];
	}
	return t;
}

static char *
records_text(const struct reach_verdict *v)
{
	json_t *list = reach_records_json(v);
	char *text = json_text(list);

	json_decref(list);
	return text;
}

char *
checks_records(struct control *c, const char *host)
{
	struct addr *resolved =
	    xcalloc(ASKS_MAX * DNS_ADDRESSES_MAX, sizeof(*resolved));
	struct reach_verdict *v = xcalloc(1, sizeof(*v));
	struct reach_target t = target_of(c->checks, host, resolved);
	char *text;

	reach_records(host, &t, v);
	text = records_text(v);
	free(v);
	free(resolved);
	return text;
}

/* No answer is not the answer that the name points elsewhere. */
static bool
is_inconclusive(const struct fault *f)
{
	return f->code == FAULT_D15_SERVFAIL || f->code == FAULT_D16_TIMEOUT ||
	       f->code == FAULT_D17_REFUSED || f->code == FAULT_D21_DNSSEC;
}

/* Puts what was seen into the domain's facts; returns the event's name, NULL
 * when nothing turned. */
static const char *
apply(struct control *c, struct domain *d, const struct reach_verdict *v,
    const char *records)
{
	int64_t now = clock_now();
	enum domain_dns was = d->dns;

	d->dns_checked_at = now;
	d->check_at =
	    now + schedule_check(c->config.dns.check_interval_ms / 1000,
		      d->touched_at, now);
	if (v->reaches) {
		d->dns = DOMAIN_DNS_OK;
		d->check_at = now + DAILY_S - schedule_jitter(d->host);
		fault_clear(&d->dns_fault);
		/* what failed may have failed by this; CAA is asked for again
		 * before the CA hears of it */
		if (was != DOMAIN_DNS_OK ||
		    d->order_fault.code == FAULT_A15_CAA) {
			d->retry_at = 0;
			d->needs_person = false;
		}
		if (was == DOMAIN_DNS_OK)
			return NULL;
	} else if (was == DOMAIN_DNS_OK && is_inconclusive(&v->fault)) {
		return NULL; /* asked again soon; known to be good until then */
	} else if (was == DOMAIN_DNS_PENDING) {
		d->dns_fault = v->fault;
	} else {
		d->dns = DOMAIN_DNS_LOST;
		fault_set(&d->dns_fault, FAULT_D20_LOST,
		    "The name no longer points here: %s", v->fault.text);
		fault_action(&d->dns_fault, "%s", v->fault.action);
	}
	free(d->records);
	d->records = xstrdup(records);
	if (v->reaches)
		return "domain.dns_ok";
	return was == DOMAIN_DNS_OK ? "domain.dns_lost" : NULL;
}

static struct diagnosis
diagnosis_of(const struct check *k)
{
	return (struct diagnosis){
	    k->host, k->verdict->reaches, &k->verdict->fault, k->records};
}

static void
remember(struct checks *ch, const struct diagnosis *d)
{
	struct memory *m = map_get(&ch->memories, slice_str(d->host));

	if (m == NULL) {
		m = &ch->ring[ch->next++ % REMEMBER_MAX];
		if (m->records != NULL)
			map_remove(&ch->memories, slice_str(m->host));
		(void)snprintf(m->host, sizeof(m->host), "%s", d->host);
		(void)map_put(&ch->memories, slice_str(m->host), m);
	}
	free(m->records);
	m->records = xstrdup(d->records);
	m->reaches = d->reaches;
	m->fault = *d->fault;
}

/* Writes what was seen; ERR_NOT_FOUND: the host is no domain. */
static enum err
write_down(struct control *c, const struct check *k)
{
	const char *event;
	struct domain d;
	enum err e = domain_load(c, k->host, &d, NULL);

	if (e != ERR_OK)
		return e;
	event = apply(c, &d, k->verdict, k->records);
	e = domain_settle(c, &d, EVENT_BY_ITSELF);
	if (e == ERR_OK && event != NULL)
		e = domain_event(c, &d, event, EVENT_BY_ITSELF, NULL);
	domain_unload(&d);
	return e;
}

/* All in one change.  What the store does not take is looked at again when the
 * lease ends. */
static void
write_all(struct checks *ch, const struct list *judged)
{
	struct control *c = ch->control;
	enum err e = change_begin(c, NULL);

	if (e != ERR_OK)
		return;
	LIST_FOREACH(it, judged) {
		const struct check *k = container_of(it, struct check, link);
		struct diagnosis d = diagnosis_of(k);

		e = write_down(c, k);
		if (e == ERR_NOT_FOUND)
			remember(ch, &d);
		else if (e != ERR_OK)
			break;
	}
	if ((e != ERR_OK && e != ERR_NOT_FOUND) ||
	    change_commit(c, NULL) != ERR_OK)
		change_abort(c);
}

bool
checks_recall(struct control *c, const char *host, struct diagnosis *out)
{
	struct memory *m = map_get(&c->checks->memories, slice_str(host));

	if (m == NULL)
		return false;
	*out = (struct diagnosis){m->host, m->reaches, &m->fault, m->records};
	return true;
}

static void
tell_waiters(struct check *k, const struct diagnosis *d)
{
	LIST_FOREACH_SAFE(it, &k->waiters) {
		struct waiter *w = container_of(it, struct waiter, link);

		list_remove(&w->link);
		w->done(w->ctx, d);
		free(w);
	}
}

/* One commit, and so one wait for the disk, for all that was judged in a turn
 * of the loop: while it waits, more answers come. */
static void
on_before_sleep(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct checks *ch = container_of(w, struct checks, before_sleep);
	struct list judged;

	(void)events;
	ev_prepare_stop(loop, w);
	list_init(&judged);
	LIST_FOREACH_SAFE(it, &ch->judged) {
		list_remove(it);
		list_append(&judged, it);
	}
	write_all(ch, &judged);
	LIST_FOREACH_SAFE(it, &judged) {
		struct check *k = container_of(it, struct check, link);
		struct diagnosis d = diagnosis_of(k);

		tell_waiters(k, &d);
		check_free(k);
	}
}

struct checks *
checks_new(struct control *c)
{
	struct checks *ch = xcalloc(1, sizeof(*ch));

	ch->control = c;
	list_init(&ch->list);
	list_init(&ch->judged);
	ev_prepare_init(&ch->before_sleep, on_before_sleep);
	dns_targets_init(&ch->targets);
	map_init(&ch->memories, REMEMBER_MAX);
	return ch;
}

/* Everything is answered: judge; it is written before the loop sleeps. */
static void
conclude(struct check *k)
{
	struct checks *ch = k->all;
	struct addr *resolved =
	    xcalloc(ASKS_MAX * DNS_ADDRESSES_MAX, sizeof(*resolved));
	struct reach_target t = target_of(ch, k->host, resolved);

	k->verdict = xcalloc(1, sizeof(*k->verdict));
	reach_judge(k->host, k->answers, k->n_answers, &t, k->verdict);
	k->records = records_text(k->verdict);
	free(resolved);
	/* no longer under way: who asks from now on wants a new look */
	list_remove(&k->link);
	list_append(&ch->judged, &k->link);
	ev_prepare_start(ch->control->loop, &ch->before_sleep);
}

static void
answered(struct check *k)
{
	if (--k->n_pending == 0)
		conclude(k);
}

static void
on_own(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct ask *a = ctx;

	a->query = NULL;
	a->check->answers = xcalloc(n + 1, sizeof(*answers));
	if (n > 0)
		memcpy(a->check->answers, answers, n * sizeof(*answers));
	a->check->n_answers = n;
	answered(a->check);
}

static void
on_target(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct ask *a = ctx;

	a->query = NULL;
	dns_targets_put(&a->check->all->targets, a->name, answers, n);
	answered(a->check);
}

static void
ask(struct check *k, struct ask *a, dns_done *done)
{
	a->check = k;
	k->n_pending++;
	a->query = dns_ask(k->all->control->dns, a->name, done, a);
}

static struct check *
find(const struct checks *ch, const char *host)
{
	LIST_FOREACH(it, &ch->list) {
		struct check *k = container_of(it, struct check, link);

		if (strcmp(k->host, host) == 0)
			return k;
	}
	return NULL;
}

/* A check of host that is under way, begun if need be; NULL: no room. */
static struct check *
begin(struct checks *ch, const char *host)
{
	const struct config_strings *cnames =
	    &ch->control->config.platform.cname_target;
	struct check *k = find(ch, host);

	if (k != NULL || ch->n >= CHECKS_MAX)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->all = ch;
	list_init(&k->waiters);
	list_append(&ch->list, &k->link);
	ch->n++;
	(void)snprintf(k->host, sizeof(k->host), "%s", host);
	domain_sample(host, k->own.name);
	ask(k, &k->own, on_own);
	for (size_t i = 0; i < cnames->n && i < ASKS_MAX; i++) {
		reach_cname(cnames->items[i], host, k->targets[i].name);
		if (dns_targets_get(&ch->targets, k->targets[i].name) == NULL)
			ask(k, &k->targets[i], on_target);
	}
	return k;
}

void
checks_start(struct control *c, const char *host)
{
	(void)begin(c->checks, host);
}

size_t
checks_room(const struct control *c)
{
	return CHECKS_MAX - c->checks->n;
}

enum err
checks_ask(struct control *c, const char *host, check_done *done, void *ctx,
    struct fault *f)
{
	struct check *k = begin(c->checks, host);
	struct waiter *w;

	if (k == NULL) {
		fault_set(f, FAULT_S20_LIMIT_REACHED,
		    "%d names are being looked at already", CHECKS_MAX);
		return ERR_AGAIN;
	}
	w = xcalloc(1, sizeof(*w));
	w->done = done;
	w->ctx = ctx;
	list_append(&k->waiters, &w->link);
	return ERR_OK;
}
