#ifndef ROUTER_EDGE_TRAILERS_H
#define ROUTER_EDGE_TRAILERS_H
/*
 * Which trailer fields go on (RFC 9110, 6.5.1): not those that frame, route,
 * authenticate or say how the content is to be read, for who merges trailers
 * into the head would believe them.
 */
#include "base/http1.h"
#include "router/edge/message.h"

bool trailer_may_pass(struct slice name);

/* Those of a reader that may pass: loans, in items. */
struct headers trailers_sift(const struct http1_field *fields, size_t n,
    struct header items[HTTP1_TRAILERS_MAX]);

/* Copied into the arena; NULL when there is none, or no room. */
const struct headers *trailers_keep(struct arena *a, const struct headers *h);

#endif
