#ifndef ROUTER_EDGE_LISTENER_H
#define ROUTER_EDGE_LISTENER_H
/*
 * The listening sockets, shared with the other workers: the parent made them,
 * and none is ever closed by a worker that others live on.  A few connections
 * are accepted for each wake, so that the others have their share.
 *
 * Owned by: the worker.   Freed by: listeners_free.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct worker;
struct listeners;

/* Room for n. */
struct listeners *listeners_new(struct worker *w, size_t n);
void listeners_free(struct listeners *ls); /* NULL is allowed */

/* Takes fd. */
void listeners_add(struct listeners *ls, int fd, bool is_tls);

/* At most max connections of this worker at once. */
void listeners_start(struct listeners *ls, size_t max);
/* Before listeners_stop: who the kernel has let in already would be reset. */
void listeners_take_all(struct listeners *ls);
/* No more is accepted; the sockets are closed here. */
void listeners_stop(struct listeners *ls);

/* The number of connections has changed. */
void listeners_update(struct listeners *ls);

#endif
