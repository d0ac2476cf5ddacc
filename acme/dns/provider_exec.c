#include <stdlib.h>

#include "acme/dns/hook_request.h"
#include "acme/dns/provider.h"
#include "base/channel.h"
#include "base/mem.h"

#define ANSWER_MORE_MS 5000 /* the hook's own limit comes first */
#define AWAY_S         10.  /* a hook is started again in less */
#define TRIES_MAX      3    /* a command may be what its hook died of */

struct request;

struct exec {
	struct provider provider;
	int timeout_ms;
	struct channel *channel; /* NULL: no hook yet */
	struct list requests;    /* asked, and not answered */
	struct request *asked;   /* of the current change; NULL: it waits */
	int tries;
	ev_timer away;
};

/* Outlives the change that it was for, when that is dropped. */
struct request {
	struct list link;
	struct exec *exec; /* NULL: nobody wants to know any more */
};

static void ask(struct exec *x);

static void
finish(struct exec *x, const struct fault *f)
{
	ev_timer_stop(x->provider.loop, &x->away);
	x->asked = NULL;
	provider_finish(&x->provider, f);
}

static void
finish_unreachable(struct exec *x, const char *why)
{
	struct fault f = {0};

	fault_set(
	    &f, FAULT_D31_PROVIDER_UNREACHABLE, "[dns.exec] command: %s", why);
	finish(x, &f);
}

static void
on_answer(void *ctx, enum err e, struct slice body, const struct fault *f)
{
	struct request *q = ctx;
	struct exec *x = q->exec;

	(void)body;
	list_remove(&q->link);
	free(q);
	if (x == NULL)
		return;
	x->asked = NULL;
	if (e == ERR_OK)
		finish(x, NULL);
	else if (e == ERR_DENIED)
		finish(x, f);
	else if (e == ERR_TIMEOUT)
		finish_unreachable(x, "the process that runs it is stuck");
	else
		ask(x); /* it died: the next one is asked */
}

static void
request(struct exec *x)
{
	struct request *q = xcalloc(1, sizeof(*q));
	struct buf body;

	q->exec = x;
	list_append(&x->requests, &q->link);
	x->asked = q;
	x->tries++;
	buf_init(&body, CHANNEL_MESSAGE_MAX);
	hook_request_write(&body, &x->provider.current->change);
	channel_request(x->channel, MSG_HOOK_RUN, buf_slice(&body),
	    x->timeout_ms + ANSWER_MORE_MS, on_answer, q);
	buf_clear(&body);
}

static void
ask(struct exec *x)
{
	ev_timer_stop(x->provider.loop, &x->away);
	if (x->tries < TRIES_MAX && x->channel != NULL &&
	    channel_is_open(x->channel)) {
		request(x);
		return;
	}
	ev_timer_set(&x->away, AWAY_S, 0.);
	ev_timer_start(x->provider.loop, &x->away);
}

static void
on_away(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	finish_unreachable(container_of(w, struct exec, away),
	    "the process that runs it is not up");
}

/* --- the channel ---------------------------------------------------------- */

/* It asks nothing. */
static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	(void)ctx;
	(void)c;
	(void)m;
	return ERR_SYNTAX;
}

/* Requests hear of it themselves. */
static void
on_closed(void *ctx, struct channel *c)
{
	(void)ctx;
	(void)c;
}

static void
drop_requests(struct exec *x)
{
	LIST_FOREACH_SAFE(it, &x->requests) {
		list_remove(it);
		free(container_of(it, struct request, link));
	}
	x->asked = NULL;
}

void
provider_exec_take(struct provider *p, uint32_t instance, int fd)
{
	static const struct channel_ops ops = {on_message, on_closed};
	struct exec *x = container_of(p, struct exec, provider);

	channel_free(x->channel); /* and forgets what it was asked */
	drop_requests(x);
	x->channel =
	    channel_new(fd, ROLE_CONTROL, ROLE_HOOK, instance, &ops, x);
	channel_start(x->channel, p->loop);
	if (p->current != NULL)
		ask(x);
}

/* --- as a provider -------------------------------------------------------- */

static void
start(struct provider *p)
{
	struct exec *x = container_of(p, struct exec, provider);

	x->tries = 0;
	ask(x);
}

static void
stop(struct provider *p)
{
	struct exec *x = container_of(p, struct exec, provider);

	ev_timer_stop(p->loop, &x->away);
	if (x->asked != NULL)
		x->asked->exec = NULL;
	x->asked = NULL;
}

static void
free_exec(struct provider *p)
{
	struct exec *x = container_of(p, struct exec, provider);

	channel_free(x->channel);
	drop_requests(x);
	free(x);
}

struct provider *
provider_exec(struct ev_loop *loop, int timeout_ms)
{
	static const struct provider_ops ops = {
	    .start = start, .stop = stop, .free = free_exec};
	struct exec *x = xcalloc(1, sizeof(*x));

	provider_init(&x->provider, loop, &ops);
	x->timeout_ms = timeout_ms;
	list_init(&x->requests);
	ev_init(&x->away, on_away);
	return &x->provider;
}
