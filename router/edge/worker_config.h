#ifndef ROUTER_EDGE_WORKER_CONFIG_H
#define ROUTER_EDGE_WORKER_CONFIG_H
/*
 * What a worker is told of the configuration: at the set-up, and again by each
 * SIGHUP.  Connections that are open keep the one that they began with.
 */
#include "router/edge/worker.h"

/* Takes a configuration over.  ERR_SYNTAX, and nothing has changed. */
enum err MUST_USE worker_configure(struct worker *w, struct slice encoded);

/* The caches and limits that follow from it; after worker_configure, once they
 * are there. */
void worker_apply(struct worker *w);

/* MSG_LISTEN (base/messages.h). */
enum err MUST_USE worker_listen(
    struct worker *w, struct slice body, int *fds, size_t n_fds);

#endif
