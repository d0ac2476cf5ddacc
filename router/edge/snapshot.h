#ifndef ROUTER_EDGE_SNAPSHOT_H
#define ROUTER_EDGE_SNAPSHOT_H
/*
 * A configuration as it was when a connection began: SIGHUP brings another one
 * while requests still point into this.
 *
 * Owned by: the worker and its connections, counted.
 * Freed by: snapshot_unref.
 */
#include "router/config.h"

struct snapshot {
	struct config config;
	unsigned refs;
};

/* From MSG_SETUP or MSG_CONFIG, with one reference.  ERR_SYNTAX. */
enum err MUST_USE snapshot_new(struct slice encoded, struct snapshot **out);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* NULL is allowed */

#endif
