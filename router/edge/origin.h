#ifndef ROUTER_EDGE_ORIGIN_H
#define ROUTER_EDGE_ORIGIN_H
/*
 * Names of origins: of the app version that a domain with one has (app.h), and
 * what an origin is told for Host.  Pure.
 */
#include "base/host.h"
#include "base/slice.h"

#define ORIGIN_AUTHORITY_SIZE (HOST_SIZE + 8) /* with ":65535" */

/* An app's key that is an origin's. */
bool origin_is(const char *key);

/*
 * The authority of a backend that is named by host, without its scheme's own
 * port; "" of one that is given by address or path, which has no name of its
 * own: it gets the visitor's.
 */
void origin_authority(struct slice backend, char out[ORIGIN_AUTHORITY_SIZE]);

#endif
