#ifndef ROUTER_EDGE_QUEUE_H
#define ROUTER_EDGE_QUEUE_H
/*
 * Requests of one app that wait for a backend, first come, first served: all
 * are full, or there is none yet.  Each worker has a queue of its own for an
 * app; how many wait is counted over all of them (base/limits.h).
 *
 * A queue is looked at when a request of the app has ended here, and every
 * QUEUE_TICK seconds, for what this worker is not told of: a request that has
 * ended elsewhere, a backend that is new.
 *
 * Owned by: the app's counts; queues: the worker.
 * Freed by: nothing to free; queues_clear.
 */
#include <ev.h>

#include "base/limits.h"
#include "base/list.h"

#define QUEUE_TICK 0.02

struct queues {
	struct ev_loop *loop;
	struct list all; /* that are not empty */
	struct ev_timer tick;
	struct limits *limits; /* a loan; NULL: this worker alone counts */
	uint32_t worker;       /* its number there */
	bool any_due;
};

struct queue {
	struct list waiting; /* places, the first is the next */
	struct list link;    /* in queues.all */
	size_t n;
	uint64_t hash; /* of the app */
	bool is_due;   /* to be looked at */
};

/* Embedded in what waits. */
struct queue_place {
	struct list link;
	struct queue *queue; /* NULL: waits in none */
};

void queues_init(struct queues *qs, struct ev_loop *loop, struct limits *limits,
    uint32_t worker);
void queues_clear(struct queues *qs);

void queue_init(struct queue *q, const struct queues *qs, struct slice app);

/* At the end; it waits in none. */
void queue_join(struct queues *qs, struct queue *q, struct queue_place *p);
void queue_leave(struct queues *qs, struct queue_place *p); /* or in none */
struct queue_place *queue_first(const struct queue *q);     /* NULL: empty */

/* How many wait, in all workers; in the others. */
uint64_t queue_length(const struct queues *qs, const struct queue *q);
uint64_t queue_length_elsewhere(const struct queues *qs, const struct queue *q);

/* Something has changed that the first may have waited for. */
void queue_is_due(struct queues *qs, struct queue *q);
/* The next that is due, which then is not; NULL: none. */
struct queue *queues_next_due(struct queues *qs);

#endif
