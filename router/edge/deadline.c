#include "router/edge/deadline.h"

#include "base/mem.h"

static void
arm(struct deadline *d, ev_tstamp after)
{
	ev_timer_stop(d->loop, &d->timer);
	ev_timer_set(&d->timer, after, 0.);
	ev_timer_start(d->loop, &d->timer);
}

static void
on_timer(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct deadline *d = container_of(t, struct deadline, timer);

	(void)events;
	if (d->at == 0)
		return;
	if (d->at > ev_now(loop)) {
		arm(d, d->at - ev_now(loop));
		return;
	}
	d->at = 0;
	d->on_passed(d);
}

void
deadline_init(struct deadline *d, struct ev_loop *loop,
    void (*on_passed)(struct deadline *d))
{
	*d = (struct deadline){.loop = loop, .on_passed = on_passed};
	ev_init(&d->timer, on_timer);
}

void
deadline_clear(struct deadline *d)
{
	if (d->loop != NULL)
		ev_timer_stop(d->loop, &d->timer);
	d->at = 0;
}

void
deadline_set(struct deadline *d, double seconds, int reason)
{
	ev_tstamp at = ev_now(d->loop) + seconds;
	ev_tstamp fires;

	d->at = at;
	d->reason = reason;
	fires = ev_is_active(&d->timer)
		    ? ev_now(d->loop) + ev_timer_remaining(d->loop, &d->timer)
		    : 0;
	if (!ev_is_active(&d->timer) || fires > at)
		arm(d, seconds);
}

void
deadline_none(struct deadline *d)
{
	d->at = 0;
}
