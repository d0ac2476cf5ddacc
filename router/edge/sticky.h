#ifndef ROUTER_EDGE_STICKY_H
#define ROUTER_EDGE_STICKY_H
/*
 * Sticky sessions: a cookie that names the backend which answered, so that the
 * visitor's next request goes there too.  It holds a keyed hash of app and
 * backend, which tells nothing of the address; the key is the store's, so that
 * all workers know it, also after a restart.  Pure.
 */
#include "router/edge/message.h"

#define STICKY_COOKIE    "towpath_sticky"
#define STICKY_SECONDS   86400
#define STICKY_KEY_CHARS 32 /* of hexadecimal digits */

struct sticky_key {
	uint64_t words[2];
};

/* From the store's text.  ERR_SYNTAX. */
enum err MUST_USE sticky_key_read(struct slice hex, struct sticky_key *out);

/* What stands for a backend of an app; never 0. */
uint64_t sticky_token(
    const struct sticky_key *key, struct slice app, struct slice backend);

/* The token in a request's cookies; 0: none. */
uint64_t sticky_find(const struct headers *request);

/* A Set-Cookie's value; .p NULL past the arena's limit. */
struct slice sticky_cookie(struct arena *a, uint64_t token, bool is_https);

#endif
