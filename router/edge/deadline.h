#ifndef ROUTER_EDGE_DEADLINE_H
#define ROUTER_EDGE_DEADLINE_H
/*
 * The one deadline of an object, with the reason why it would pass.  Moving it
 * further away costs an assignment: the timer under it is left alone and asks
 * again when it fires, so a busy connection does not touch the loop's heap.
 *
 * Owned by: whoever embeds it.   Freed by: deadline_clear.
 */
#include <ev.h>

struct deadline {
	struct ev_timer timer;
	struct ev_loop *loop;
	ev_tstamp at; /* in loop time; 0: none */
	int reason;   /* an enum of the owner's */
	void (*on_passed)(struct deadline *d);
};

void deadline_init(struct deadline *d, struct ev_loop *loop,
    void (*on_passed)(struct deadline *d));
void deadline_clear(struct deadline *d);

/* In `seconds` from now, for `reason`. */
void deadline_set(struct deadline *d, double seconds, int reason);
void deadline_none(struct deadline *d);

#endif
