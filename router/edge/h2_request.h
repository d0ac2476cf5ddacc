#ifndef ROUTER_EDGE_H2_REQUEST_H
#define ROUTER_EDGE_H2_REQUEST_H
/*
 * The head of an HTTP/2 request, gathered field by field, and what it is in our
 * own words (RFC 9113, 8.3; RFC 8441, 4).  Pure; all memory is the arena's.
 *
 * nghttp2 has refused already what breaks the rules of a single field: upper
 * case, bytes that no field has, pseudo-headers unknown, twice or late, and the
 * fields of a connection.  Here is judged what fields mean together, and what
 * must not reach an HTTP/1.1 backend.
 */
#include "router/edge/message.h"

struct h2_head {
	struct slice method, scheme, authority, path, protocol;
	struct slice host; /* the field of that name; not among the fields */
	struct headers fields;
	size_t n_cookies;
	size_t size; /* as the limit counts, h2_limits.h */
	size_t n_fields;
	bool is_too_large; /* 431; the rest was dropped */
};

/* One more field, copied.  False: so far past the limits that it is abuse. */
bool h2_head_add(
    struct h2_head *h, struct arena *a, struct slice name, struct slice value);

/*
 * The request that the head is.  NULL: *out is filled, but for version and
 * has_body; else why it is none, for the router line, with the status to
 * answer.
 */
const char *h2_head_request(
    struct h2_head *h, struct arena *a, struct request *out, int *status);

/* The fields of h as trailers: without those that must not come so late
 * (RFC 9110, 6.5.1). */
struct headers h2_head_trailers(struct h2_head *h);

#endif
