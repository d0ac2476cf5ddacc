#ifndef ROUTER_EDGE_BACKEND_H
#define ROUTER_EDGE_BACKEND_H
/*
 * A backend as this worker knows it: where it is, how busy it is with us,
 * whether it is quarantined, which connections to it are idle.  One for each
 * address, shared by the apps (and their versions) that name it.
 *
 * Owned by: who refers to it, counted.   Freed by: backend_unref.
 */
#include "base/addr.h"
#include "base/list.h"
#include "base/map.h"
#include "router/edge/quarantine.h"

struct backend {
	char *address; /* as in the store and in router lines */
	struct addr addr;
	unsigned refs;
	unsigned active; /* requests under way */
	struct quarantine quarantine;
	struct list idle; /* of upstream_h1.c: connections to be used again */
	unsigned n_idle;
	struct backends *owner;
};

/* All of a worker's, by address. */
struct backends {
	struct map map;
	/* Nobody refers to b any more: close what is idle. */
	void (*on_unused)(struct backend *b);
};

void backends_init(struct backends *bs, void (*on_unused)(struct backend *b));
void backends_clear(struct backends *bs); /* nobody refers to any */

/* A reference.  ERR_SYNTAX: not an address that can be connected to (a name,
 * or a scheme this version does not speak); ERR_TOO_BIG: too many. */
enum err MUST_USE backend_get(
    struct backends *bs, struct slice address, struct backend **out);
void backend_unref(struct backend *b);

#endif
