#include <stdio.h>
#include <stdlib.h>

#include "acme/dns/dns_inside.h"
#include "acme/dns/dns_message.h"
#include "base/buf.h"
#include "base/mem.h"

#define MESSAGE_MAX ((size_t)65535)

struct dns_lookup {
	struct list link; /* in dns' lookups */
	struct dns *dns;
	char name[256];
	unsigned type;
	size_t at, tried; /* the resolver that is asked; how many before */
	enum dns_result result;
	struct buf message; /* of the one that answered */
	ev_timer deliver;   /* the answer leaves from here, not from c-ares */
	bool is_open;       /* c-ares points at it */
	bool is_cancelled;
	dns_lookup_done *done;
	void *ctx;
};

static void
free_lookup(struct dns_lookup *l)
{
	ev_timer_stop(l->dns->loop, &l->deliver);
	list_remove(&l->link);
	buf_clear(&l->message);
	free(l);
}

static void
on_deliver(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct dns_lookup *l = container_of(w, struct dns_lookup, deliver);
	struct dns_records records = {.result = l->result};

	(void)loop;
	(void)revents;
	if (l->result == DNS_OK && l->message.len > 0)
		(void)dns_message_records(
		    buf_slice(&l->message), l->name, l->type, &records);
	l->done(l->ctx, &records);
	free_lookup(l);
}

/* Nothing that another resolver would know better. */
static bool
is_final(enum dns_result result)
{
	return result == DNS_OK || result == DNS_NXDOMAIN;
}

static void ask(struct dns_lookup *l);

static void
on_answer(void *arg, int status, int timeouts, unsigned char *answer, int size)
{
	struct dns_lookup *l = arg;

	(void)timeouts;
	l->is_open = false;
	if (l->dns->is_closing)
		return;
	if (l->is_cancelled) {
		free_lookup(l);
		return;
	}
	l->result = dns_result_of(status);
	l->dns->resolvers[l->at].is_silent = l->result == DNS_TIMEOUT;
	if (!is_final(l->result) && ++l->tried < l->dns->n_resolvers) {
		l->at = (l->at + 1) % l->dns->n_resolvers;
		ask(l);
		return;
	}
	if (answer != NULL)
		(void)buf_add(&l->message, slice_of(answer, (size_t)size));
	ev_timer_start(l->dns->loop, &l->deliver);
}

/* May call on_answer at once. */
static void
ask(struct dns_lookup *l)
{
	struct resolver *r = &l->dns->resolvers[l->at];

	l->is_open = true;
	ares_query(
	    r->channel, l->name, DNS_CLASS_IN, (int)l->type, on_answer, l);
	dns_update_timer(r);
}

/* The first that is not known to be silent. */
static size_t
first_to_ask(const struct dns *d)
{
	for (size_t i = 0; i < d->n_resolvers; i++)
		if (!d->resolvers[i].is_silent)
			return i;
	return 0;
}

struct dns_lookup *
dns_lookup(struct dns *d, const char *name, unsigned type,
    dns_lookup_done *done, void *ctx)
{
	struct dns_lookup *l = xcalloc(1, sizeof(*l));

	l->dns = d;
	l->at = first_to_ask(d);
	l->type = type;
	l->done = done;
	l->ctx = ctx;
	snprintf(l->name, sizeof(l->name), "%s", name);
	buf_init(&l->message, MESSAGE_MAX);
	ev_timer_init(&l->deliver, on_deliver, 0., 0.);
	list_append(&d->lookups, &l->link);
	ask(l);
	return l;
}

void
dns_lookup_cancel(struct dns_lookup *l)
{
	if (l == NULL)
		return;
	l->is_cancelled = true;
	if (!l->is_open)
		free_lookup(l);
}

void
dns_free_lookups(struct dns *d)
{
	LIST_FOREACH_SAFE(it, &d->lookups) {
		free_lookup(container_of(it, struct dns_lookup, link));
	}
}
