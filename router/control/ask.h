#ifndef ROUTER_CONTROL_ASK_H
#define ROUTER_CONTROL_ASK_H
/*
 * One question to all workers.  Each answers or fails for itself: a worker that
 * is away, or busy for longer than ASK_WAIT_MS, is left out.
 *
 * Owned by: the workers' list, until all have answered.   Freed by: the last
 * answer, or asks_free.
 */
#include "base/channel.h"
#include "base/list.h"

#define ASK_ALL     UINT32_MAX
#define ASK_WAIT_MS 2000

struct control;

struct ask {
	enum message type;
	struct slice body; /* a loan until the call returns */
	uint32_t seat;     /* of one worker, or ASK_ALL */
	/* The answer of one; ERR_SYNTAX: it does not decode (logged). */
	enum err (*on_answer)(void *ctx, uint32_t seat, struct slice body);
	/* All are in; once, maybe before the question returns.  Not called
	 * when the daemon ends first. */
	void (*on_done)(void *ctx);
	void *ctx;
};

void ask_workers(struct control *c, const struct ask *question);

/* Forgets those under way: the daemon ends. */
void asks_free(struct list *asks);

/* Says something that is not answered. */
void tell_workers(struct control *c, enum message type, struct slice body);

#endif
