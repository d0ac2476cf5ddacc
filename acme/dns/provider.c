#include "acme/dns/provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
free_call(struct provider_call *call)
{
	list_remove(&call->link);
	free((char *)call->change.name);
	free((char *)call->change.type);
	free((char *)call->change.value);
	free(call);
}

static void
kick(struct provider *p)
{
	if (p->current != NULL || ev_is_active(&p->kick))
		return;
	ev_timer_set(&p->kick, 0., 0.);
	ev_timer_start(p->loop, &p->kick);
}

static void
on_kick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct provider *p = container_of(w, struct provider, kick);
	struct list *first = list_first(&p->waiting);

	(void)loop;
	(void)revents;
	if (p->current != NULL || first == NULL)
		return;
	p->current = container_of(first, struct provider_call, link);
	list_remove(first);
	p->ops->start(p);
}

void
provider_init(
    struct provider *p, struct ev_loop *loop, const struct provider_ops *ops)
{
	p->ops = ops;
	p->loop = loop;
	p->current = NULL;
	list_init(&p->waiting);
	list_init(&p->settling);
	ev_init(&p->kick, on_kick);
}

struct provider_call *
provider_apply(struct provider *p, const struct provider_change *change,
    provider_done *done, void *ctx)
{
	struct provider_call *call = xcalloc(1, sizeof(*call));

	call->provider = p;
	call->change = *change;
	call->change.name = xstrdup(change->name);
	call->change.type = xstrdup(change->type);
	call->change.value = xstrdup(change->value);
	call->done = done;
	call->ctx = ctx;
	list_append(&p->waiting, &call->link);
	kick(p);
	return call;
}

void
provider_cancel(struct provider_call *call)
{
	struct provider *p;

	if (call == NULL)
		return;
	p = call->provider;
	if (p->current == call) {
		p->ops->stop(p);
		p->current = NULL;
		kick(p);
	} else if (call->is_settling) {
		p->ops->drop(p, call);
	}
	free_call(call);
}

struct provider_call *
provider_settle(struct provider *p)
{
	struct provider_call *call = p->current;

	p->current = NULL;
	call->is_settling = true;
	list_append(&p->settling, &call->link);
	kick(p);
	return call;
}

void
provider_settled(struct provider_call *call, const struct fault *f)
{
	call->done(call->ctx, f);
	free_call(call);
}

void
provider_finish(struct provider *p, const struct fault *f)
{
	struct provider_call *call = p->current;

	p->current = NULL;
	kick(p);
	call->done(call->ctx, f);
	free_call(call);
}

void
provider_free(struct provider *p)
{
	if (p == NULL)
		return;
	if (p->current != NULL) {
		p->ops->stop(p);
		free_call(p->current);
	}
	LIST_FOREACH_SAFE(it, &p->waiting) {
		free_call(container_of(it, struct provider_call, link));
	}
	LIST_FOREACH_SAFE(it, &p->settling) {
		struct provider_call *call =
		    container_of(it, struct provider_call, link);

		p->ops->drop(p, call);
		free_call(call);
	}
	ev_timer_stop(p->loop, &p->kick);
	p->ops->free(p);
}

const char *
provider_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? "" : dot + 1;
}
