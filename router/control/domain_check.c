#include "router/control/domain_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/dns/sight.h"
#include "base/clock.h"
#include "base/host.h"
#include "base/list.h"
#include "base/mem.h"
#include "router/control/app.h"
#include "router/control/caa_look.h"
#include "router/control/control.h"
#include "router/control/dns_targets.h"
#include "router/control/domain.h"
#include "router/control/platform.h"
#include "router/control/probe.h"
#include "router/control/retired.h"

#define ASKS_MAX 8 /* names of ours that are asked for, for a host */

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
	char app[APP_NAME_SIZE]; /* that it would belong to; "": none */
	struct ask own;          /* the host's */
	struct dns_answer *answers;
	size_t n_answers;
	struct ask targets[ASKS_MAX];
	size_t n_pending;
	struct caa_look *caa; /* NULL: none under way */
	json_t *caa_answer;   /* NULL: nobody asked */
	struct probe *probe;  /* NULL: none under way */
	struct reach_probe outcome;
	bool is_probed;
	struct reach_verdict *verdict; /* NULL: not judged yet */
	char *records, *sight;         /* JSON, when it is */
	struct list waiters;
};

struct checks {
	struct control *control;
	struct list list;   /* waiting for answers */
	struct list judged; /* to be written before the loop sleeps */
	struct ev_prepare before_sleep;
	size_t n;
	struct dns_targets targets;
	struct probes *probes;
	struct diagnoses *diagnoses;
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
	probe_cancel(k->probe);
	caa_look_cancel(k->caa);
	json_decref(k->caa_answer);
	free(k->answers);
	free(k->verdict);
	free(k->records);
	free(k->sight);
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
	probes_free(ch->probes);
	diagnoses_free(ch->diagnoses);
	free(ch);
}

/* --- what is ours --------------------------------------------------------- */

/* The app that host belongs to, or would. */
static void
app_of(struct control *c, const char *host, char out[APP_NAME_SIZE])
{
	static const char sql[] = "SELECT a.name FROM domain d JOIN app a ON"
				  " a.id = d.app_id WHERE d.host = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, host);
	(void)snprintf(out, APP_NAME_SIZE, "%s",
	    stmt_step(s) == ERR_OK ? stmt_get_str(s, 0)
				   : c->config.platform.default_app);
	stmt_done(s);
	if (strcmp(out, PLATFORM_APP) == 0)
		out[0] = '\0'; /* no name is made of it */
}

/* The names whose addresses are ours, as seen from a host; returns how many.
 * Under a wildcard that is the app's name, and the one that was told for the
 * host before there were such. */
static size_t
names_of(const struct config_strings *targets, const char *app,
    const char *host, char names[ASKS_MAX][256])
{
	size_t n = 0;

	for (size_t i = 0; i < targets->n && n < ASKS_MAX; i++) {
		reach_cname(targets->items[i], app, host, names[n++]);
		if (n == ASKS_MAX)
			break;
		reach_cname(targets->items[i], "", host, names[n]);
		n += strcmp(names[n], names[n - 1]) != 0;
	}
	return n;
}

/* Addresses of a target. */
struct room {
	struct addr resolved[ASKS_MAX * DNS_ADDRESSES_MAX];
	struct addr retired[RETIRED_MAX];
};

/* What is ours as seen from host; app is a loan, and the room the caller's. */
static struct reach_target
target_of(
    struct checks *ch, const char *app, const char *host, struct room *room)
{
	const struct config *config = &ch->control->config;
	struct reach_target t = {
	    .cnames = (const char *const *)config->platform.cname_target.items,
	    .n_cnames = config->platform.cname_target.n,
	    .app = app,
	    .addresses = config->platform.addresses.items,
	    .n_addresses = config->platform.addresses.n,
	    .resolved = room->resolved,
	    .retired = room->retired,
	    .n_retired = retired_addresses(ch->control, room->retired),
	};
	char names[ASKS_MAX][256];
	size_t n = names_of(&config->platform.cname_target, app, host, names);

	for (size_t i = 0; i < n; i++) {
		const struct dns_target *known =
		    dns_targets_get(&ch->targets, names[i]);

		for (size_t k = 0; known != NULL && k < known->n; k++)
			room->resolved[t.n_resolved++] = known->addresses[k];
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
	struct room *room = xcalloc(1, sizeof(*room));
	struct reach_verdict *v = xcalloc(1, sizeof(*v));
	char app[APP_NAME_SIZE], *text;
	struct reach_target t;

	app_of(c, host, app);
	t = target_of(c->checks, app, host, room);
	reach_records(host, &t, v);
	text = records_text(v);
	free(v);
	free(room);
	return text;
}

static struct diagnosis
diagnosis_of(const struct check *k)
{
	return (struct diagnosis){k->host, k->verdict->reaches,
	    &k->verdict->fault, k->records, k->sight};
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
		struct look look = {diagnosis_of(k), k->verdict,
		    k->is_probed && k->outcome.is_answered};

		e = diagnosis_write(c, ch->diagnoses, &look);
		if (e != ERR_OK)
			break;
	}
	if (e != ERR_OK || change_commit(c, NULL) != ERR_OK)
		change_abort(c);
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
	ch->probes = probes_new(c);
	ch->diagnoses = diagnoses_new();
	return ch;
}

static json_t *
probe_json(const struct check *k)
{
	json_t *o;

	if (!k->is_probed)
		return json_null();
	o = json_object();
	json_put_str(o, "address", k->outcome.address);
	json_put_bool(o, "came_back", k->outcome.came_back);
	json_put_str(o, "text", k->outcome.text);
	return o;
}

/* The Diagnosis of the API, but what the verdict has. */
static char *
sight_of(const struct check *k, const struct reach_target *target)
{
	const struct reach_verdict *v = k->verdict;
	json_t *o = json_object();
	char *text;

	json_put_time(o, "checked_at", clock_now());
	json_put(o, "cached_for",
	    v->cached_s > 0 ? json_integer(v->cached_s) : json_null());
	json_put(o, "resolvers", sight_json(k->answers, k->n_answers, target));
	json_put_bool(o, "cdn", v->is_cdn);
	json_put(o, "probe", probe_json(k));
	json_put_str(o, "note", v->note);
	if (k->caa_answer != NULL)
		json_put(o, "caa", json_incref(k->caa_answer));
	text = json_text(o);
	json_decref(o);
	return text;
}

/* Nothing more is to be asked; it is written before the loop sleeps. */
static void
conclude(struct check *k, const struct reach_target *target)
{
	struct checks *ch = k->all;

	if (k->is_probed)
		reach_probed(k->verdict, &k->outcome);
	k->records = records_text(k->verdict);
	k->sight = sight_of(k, target);
	/* no longer under way: who asks from now on wants a new look */
	list_remove(&k->link);
	list_append(&ch->judged, &k->link);
	ev_prepare_start(ch->control->loop, &ch->before_sleep);
}

static void on_probed(void *ctx, const struct reach_probe *outcome);

/* DNS has answered: judge, and ask behind foreign addresses. */
static bool
needs_probe(struct check *k)
{
	const struct reach_verdict *v = k->verdict;
	const struct reach_probe *known;

	if (k->is_probed || v->n_probes == 0)
		return false;
	known =
	    probes_recall(k->all->probes, k->own.name, v->probes, v->n_probes);
	if (known == NULL)
		return true;
	k->outcome = *known;
	k->is_probed = true;
	return false;
}

static void
answered(struct check *k)
{
	struct room *room;
	struct reach_target t;

	if (--k->n_pending > 0)
		return;
	room = xcalloc(1, sizeof(*room));
	t = target_of(k->all, k->app, k->host, room);
	if (k->verdict == NULL) {
		k->verdict = xcalloc(1, sizeof(*k->verdict));
		reach_judge(k->host, k->answers, k->n_answers, &t, k->verdict);
	}
	if (needs_probe(k)) {
		k->n_pending++;
		k->probe = probe_start(k->all->probes, k->own.name,
		    k->verdict->probes, k->verdict->n_probes, on_probed, k);
	} else {
		conclude(k, &t);
	}
	free(room);
}

static void
on_probed(void *ctx, const struct reach_probe *outcome)
{
	struct check *k = ctx;

	k->probe = NULL;
	k->outcome = *outcome;
	k->is_probed = true;
	answered(k);
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
	char names[ASKS_MAX][256];
	struct check *k = find(ch, host);
	size_t n;

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
	app_of(ch->control, host, k->app);
	n = names_of(
	    &ch->control->config.platform.cname_target, k->app, host, names);
	for (size_t i = 0; i < n; i++) {
		if (dns_targets_get(&ch->targets, names[i]) != NULL)
			continue;
		(void)snprintf(k->targets[i].name, sizeof(k->targets[i].name),
		    "%s", names[i]);
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

static void
on_caa(void *ctx, json_t *answer)
{
	struct check *k = ctx;

	k->caa = NULL;
	k->caa_answer = answer;
	answered(k);
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
	if (k->caa == NULL && k->caa_answer == NULL) {
		k->n_pending++;
		k->caa = caa_look_start(c, host, on_caa, k);
	}
	w = xcalloc(1, sizeof(*w));
	w->done = done;
	w->ctx = ctx;
	list_append(&k->waiters, &w->link);
	return ERR_OK;
}

struct diagnoses *
checks_diagnoses(const struct control *c)
{
	return c->checks->diagnoses;
}
