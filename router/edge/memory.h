#ifndef ROUTER_EDGE_MEMORY_H
#define ROUTER_EDGE_MEMORY_H
/*
 * The ceiling of a worker's memory.  What it holds is asked of the kernel, at
 * most a hundred times a second and only while something happens; files that
 * are mapped do not count.
 *
 *   easy    nothing is done
 *   short   (from 7/8 on) nobody new is accepted, buffers of connections become
 *           small, and those on which nothing is under way are ended, the
 *           oldest first, until there is room again
 *   over    also those end whose client does not read what it asked for, or
 *           does not end what it began to ask
 *
 * Owned by: the worker, embedded.   Freed by: memory_clear.
 */
#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

enum memory_state {
	MEMORY_EASY,
	MEMORY_SHORT,
	MEMORY_OVER,
};

struct memory {
	struct worker *w;
	int statm;      /* /proc/self/statm */
	size_t machine; /* what there is for all workers */
	size_t ceiling;
	enum memory_state state;
	size_t conns_at_first; /* when it became short */
	ev_tstamp measured_at, trim_at, warned_at;
	uint64_t received_then; /* of the worker's streams */
	struct ev_timer tick;   /* while it is not easy */
};

/* Before the sandbox. */
void memory_init(struct memory *m, struct worker *w);
void memory_clear(struct memory *m);
/* The ceiling, from the configuration. */
void memory_configure(struct memory *m);
/* At the end of each round of the loop. */
void memory_watch(struct memory *m);
/* Whether somebody new may come in. */
bool memory_accepts(const struct memory *m);

/* What follows from so much held, for memory_watch. */
enum memory_state memory_judge(
    enum memory_state now, size_t held, size_t ceiling);

#endif
