#ifndef ROUTER_CONTROL_SCHEDULER_H
#define ROUTER_CONTROL_SCHEDULER_H
/*
 * What happens because time passes.  Every second the wall clock is read anew
 * (it may have been set) and the domains whose next_at has come are looked at,
 * a batch at a time, so that a hundred thousand of them cost what is due.
 * Ticket masters, old events and lagging followers have their turn here too.
 *
 * Owned by: control.   Freed by: scheduler_free.
 */
#include <stdint.h>

struct control;
struct scheduler;

struct scheduler *scheduler_new(struct control *c);
void scheduler_free(struct scheduler *s);

/* How long it took to find what is due: the last time, and the longest since
 * it began; and how many were due in all. */
struct scheduler_figures {
	int64_t find_us, find_worst_us;
	uint64_t attended;
};
struct scheduler_figures scheduler_figures(const struct scheduler *s);

#endif
