#include "router/edge/queue.h"

#include "base/mem.h"

static void
on_tick(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct queues *qs = container_of(t, struct queues, tick);

	(void)loop;
	(void)events;
	LIST_FOREACH(it, &qs->all)
		container_of(it, struct queue, link)->is_due = true;
	qs->any_due = true;
}

void
queues_init(struct queues *qs, struct ev_loop *loop, struct limits *limits,
    uint32_t worker)
{
	qs->loop = loop;
	qs->limits = limits;
	qs->worker = worker;
	qs->any_due = false;
	list_init(&qs->all);
	ev_timer_init(&qs->tick, on_tick, QUEUE_TICK, QUEUE_TICK);
}

void
queues_clear(struct queues *qs)
{
	if (qs->loop != NULL)
		ev_timer_stop(qs->loop, &qs->tick);
}

void
queue_init(struct queue *q, const struct queues *qs, struct slice app)
{
	*q = (struct queue){0};
	list_init(&q->waiting);
	list_init(&q->link);
	if (qs->limits != NULL)
		q->hash = limits_hash(qs->limits, app);
}

static void
count(const struct queues *qs, const struct queue *q, int change)
{
	if (qs->limits != NULL)
		limits_count(qs->limits, qs->worker, q->hash, change);
}

void
queue_join(struct queues *qs, struct queue *q, struct queue_place *p)
{
	list_append(&q->waiting, &p->link);
	p->queue = q;
	if (q->n++ == 0)
		list_append(&qs->all, &q->link);
	count(qs, q, 1);
	if (!ev_is_active(&qs->tick))
		ev_timer_again(qs->loop, &qs->tick);
}

void
queue_leave(struct queues *qs, struct queue_place *p)
{
	struct queue *q = p->queue;

	if (q == NULL)
		return;
	p->queue = NULL;
	list_remove(&p->link);
	if (--q->n == 0)
		list_remove(&q->link);
	count(qs, q, -1);
	if (list_empty(&qs->all))
		ev_timer_stop(qs->loop, &qs->tick);
}

struct queue_place *
queue_first(const struct queue *q)
{
	struct list *first = list_first(&q->waiting);

	if (first == NULL)
		return NULL;
	return container_of(first, struct queue_place, link);
}

uint64_t
queue_length_elsewhere(const struct queues *qs, const struct queue *q)
{
	if (qs->limits == NULL)
		return 0;
	return limits_of_others(qs->limits, qs->worker, q->hash);
}

uint64_t
queue_length(const struct queues *qs, const struct queue *q)
{
	return q->n + queue_length_elsewhere(qs, q);
}

void
queue_is_due(struct queues *qs, struct queue *q)
{
	if (q->n == 0)
		return;
	q->is_due = true;
	qs->any_due = true;
}

struct queue *
queues_next_due(struct queues *qs)
{
	if (!qs->any_due)
		return NULL;
	LIST_FOREACH(it, &qs->all) {
		struct queue *q = container_of(it, struct queue, link);

		if (!q->is_due)
			continue;
		q->is_due = false;
		return q;
	}
	qs->any_due = false;
	return NULL;
}
