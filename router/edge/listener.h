#ifndef ROUTER_EDGE_LISTENER_H
#define ROUTER_EDGE_LISTENER_H
/*
 * The listening sockets, shared with the other workers: the parent made them
 * and says which.  A few connections are accepted for each wake, so that the
 * others have their share.
 *
 * Accepting pauses while there are as many connections as there may be, while
 * memory is short (router/edge/memory.h) and while there is no descriptor: who
 * waits then waits in the kernel's queue and is not turned away.
 *
 * Owned by: the worker.   Freed by: listeners_free.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct worker;
struct listeners;

struct listeners *listeners_new(struct worker *w);
void listeners_free(struct listeners *ls); /* NULL is allowed */

/* A socket as the parent names it. */
struct listener_place {
	uint32_t id;
	bool is_tls;
	int fd; /* taken */
};

/*
 * These are all from now on.  Which are among them already go on undisturbed;
 * of which are not any more, those who wait are let in, and they are closed.
 */
void listeners_set(
    struct listeners *ls, const struct listener_place *places, size_t n);

/* At most max connections of this worker at once; again at any time. */
void listeners_start(struct listeners *ls, size_t max);
/* Before listeners_stop: who the kernel has let in already would be reset when
 * nobody else has the sockets. */
void listeners_take_all(struct listeners *ls);
/* No more is accepted; the sockets are closed here. */
void listeners_stop(struct listeners *ls);

/* The number of connections has changed, or what else decides. */
void listeners_update(struct listeners *ls);

#endif
