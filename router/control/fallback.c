#include "router/control/fallback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/outlook.h"
#include "base/clock.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/domain.h"
#include "router/control/domain_check.h"
#include "router/control/event.h"

#define LOOKS_MAX  1024 /* at once; each is a few questions to DNS */
#define PATIENCE_S 4.   /* of those who wait */

struct fallbacks {
	struct control *control;
	struct list looks;
	size_t n;
};

struct waiter {
	struct list link;
	fallback_done *done;
	void *ctx;
};

struct fallback_look {
	struct list link;
	struct fallbacks *all;
	char host[HOST_SIZE];
	bool has_checked; /* DNS was looked at first */
	struct outlook *outlook;
	struct list waiters;
	ev_timer patience;
};

static void
look_free(struct fallback_look *k)
{
	list_remove(&k->link);
	k->all->n--;
	ev_timer_stop(k->all->control->loop, &k->patience);
	outlook_cancel(k->outlook);
	LIST_FOREACH_SAFE(it, &k->waiters) {
		list_remove(it);
		free(container_of(it, struct waiter, link));
	}
	free(k);
}

static void
tell(struct fallback_look *k, const struct fault *f)
{
	LIST_FOREACH_SAFE(it, &k->waiters) {
		struct waiter *w = container_of(it, struct waiter, link);

		list_remove(&w->link);
		w->done(w->ctx, f);
		free(w);
	}
}

static void
on_impatient(struct ev_loop *loop, ev_timer *w, int events)
{
	struct fallback_look *k =
	    container_of(w, struct fallback_look, patience);
	struct fault f = {0};

	(void)loop;
	(void)events;
	if (k->outlook == NULL)
		fault_set(&f, FAULT_D16_TIMEOUT,
		    "DNS has not answered yet whether %s reaches us", k->host);
	else
		fault_set(&f, FAULT_A11_CA_UNREACHABLE,
		    "The certificate authority, or DNS for its CAA records, "
		    "has not answered yet");
	tell(k, &f);
}

/* --- what was seen -------------------------------------------------------- */

static bool
has_custom(struct control *c, const char *host)
{
	struct installation i;

	if (install_current(c->db, host, SLOT_CUSTOM, &i) != ERR_OK)
		return false;
	installation_clear(&i);
	return true;
}

static bool
is_same(const struct fault *a, const struct fault *b)
{
	return a->code == b->code && strcmp(a->text, b->text) == 0 &&
	       strcmp(a->action, b->action) == 0;
}

static enum err
write_down(struct control *c, const char *host, const struct fault *f)
{
	struct domain d;
	enum err e = domain_load(c, host, &d, NULL);

	if (e != ERR_OK)
		return e;
	if (d.fallback_at != 0 && is_same(&d.fallback_fault, f)) {
		domain_unload(&d);
		return ERR_OK;
	}
	d.fallback_at = clock_now();
	d.fallback_fault = *f;
	e = domain_settle(c, &d, EVENT_BY_ITSELF);
	domain_unload(&d);
	return e;
}

/* f NULL: nothing that is worth keeping.  The store away: tomorrow again. */
static void
keep(struct control *c, const char *host, const struct fault *f)
{
	if (f == NULL || !has_custom(c, host) ||
	    change_begin(c, NULL) != ERR_OK)
		return;
	if (write_down(c, host, f) != ERR_OK ||
	    change_commit(c, NULL) != ERR_OK)
		change_abort(c);
}

static void
conclude(struct fallback_look *k, const struct fault *f, bool is_kept)
{
	keep(k->all->control, k->host, is_kept ? f : NULL);
	tell(k, f);
	look_free(k);
}

/* A limit that passes before the custom certificate ends is no obstacle. */
static bool
passes_in_time(struct control *c, const char *host, int64_t until)
{
	struct installation i;
	bool in_time;

	if (install_current(c->db, host, SLOT_CUSTOM, &i) != ERR_OK)
		return true;
	in_time = until < i.not_after;
	installation_clear(&i);
	return in_time;
}

static void
on_outlook(void *ctx, const struct outlook_answer *a)
{
	struct fallback_look *k = ctx;
	bool passes = a->is_passing &&
		      (a->until == 0 ||
			  passes_in_time(k->all->control, k->host, a->until));

	k->outlook = NULL;
	conclude(k, &a->fault, !passes);
}

/* --- looking -------------------------------------------------------------- */

static void proceed(struct fallback_look *k);

static void
on_checked(void *ctx, const struct diagnosis *d)
{
	(void)d; /* it is in the store now */
	proceed(ctx);
}

/* Nobody has looked at DNS yet, and somebody does now. */
static bool
checks_first(struct fallback_look *k, const struct domain *d)
{
	struct fault f;

	if (k->has_checked || d->dns_checked_at != 0)
		return false;
	k->has_checked = true;
	return checks_ask(k->all->control, k->host, on_checked, k, &f) ==
	       ERR_OK;
}

static void
judge(struct fallback_look *k, const struct domain *d)
{
	struct control *c = k->all->control;
	struct candidate candidates[CANDIDATES_MAX];
	struct domain_facts facts = domain_look(c, d, candidates);
	static const struct fault none;
	struct domain_verdict v;
	struct fault why;

	facts.fallback_fault = NULL;
	domain_derive(&facts, &v);
	domain_fallback(&facts, &why);
	if (v.fallback_ready)
		conclude(k, &none, true);
	else if (!fault_is_set(&why) && c->issuer != NULL)
		k->outlook =
		    outlook_start(c->issuer, d->ca, k->host, on_outlook, k);
	else if (!checks_first(k, d))
		/* the domain's own facts say so: nothing to keep */
		conclude(k, &why, false);
}

static void
proceed(struct fallback_look *k)
{
	struct fault f = {0};
	struct domain d;

	if (domain_load(k->all->control, k->host, &d, &f) == ERR_OK)
		judge(k, &d);
	else
		conclude(k, &f, false);
	domain_unload(&d);
}

static struct fallback_look *
find(const struct fallbacks *all, const char *host)
{
	LIST_FOREACH(it, &all->looks) {
		struct fallback_look *k =
		    container_of(it, struct fallback_look, link);

		if (strcmp(k->host, host) == 0)
			return k;
	}
	return NULL;
}

static struct fallback_look *
look_new(struct fallbacks *all, const char *host)
{
	struct fallback_look *k = xcalloc(1, sizeof(*k));

	k->all = all;
	(void)snprintf(k->host, sizeof(k->host), "%s", host);
	list_init(&k->waiters);
	list_append(&all->looks, &k->link);
	all->n++;
	ev_timer_init(&k->patience, on_impatient, PATIENCE_S, 0.);
	return k;
}

void
fallback_start(struct control *c, const char *host)
{
	if (c->fallbacks->n < LOOKS_MAX && find(c->fallbacks, host) == NULL)
		proceed(look_new(c->fallbacks, host));
}

void
fallback_ask(
    struct control *c, const char *host, fallback_done *done, void *ctx)
{
	struct fallback_look *k = find(c->fallbacks, host);
	struct waiter *w = xcalloc(1, sizeof(*w));
	bool is_new = k == NULL;

	if (is_new)
		k = look_new(c->fallbacks, host);
	w->done = done;
	w->ctx = ctx;
	list_append(&k->waiters, &w->link);
	if (!ev_is_active(&k->patience))
		ev_timer_start(c->loop, &k->patience);
	if (is_new)
		proceed(k);
}

struct fallbacks *
fallbacks_new(struct control *c)
{
	struct fallbacks *all = xcalloc(1, sizeof(*all));

	all->control = c;
	list_init(&all->looks);
	return all;
}

void
fallbacks_free(struct fallbacks *all)
{
	if (all == NULL)
		return;
	LIST_FOREACH_SAFE(it, &all->looks) {
		look_free(container_of(it, struct fallback_look, link));
	}
	free(all);
}
