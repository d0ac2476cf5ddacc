#ifndef ROUTER_EDGE_MESSAGE_H
#define ROUTER_EDGE_MESSAGE_H
/*
 * The internal form of a request and a response, which every HTTP version is
 * read into and written from, so that proxying is written once.  Slices lie in
 * the exchange's arena or in the reader's input, as said where one is made.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct header {
	struct slice name, value;
};

struct headers {
	struct header *items;
	size_t n, max; /* entries, and room for them */
};

enum http_version {
	HTTP_10,
	HTTP_11,
	HTTP_2
};

struct request {
	enum http_version version;
	struct slice method;
	struct slice target; /* origin-form: "/path?query", or "*" */
	struct slice host;   /* as sent, with port */
	struct headers headers;
	int64_t content_length; /* -1: not told */
	/* The protocol it asks to go on with, "websocket"; "": none.  In HTTP/2
	 * the :protocol of an extended CONNECT (RFC 8441), which is told here
	 * as the GET that HTTP/1.1 would send. */
	struct slice upgrade;
	bool takes_trailers; /* TE: trailers */
	bool has_body;
	bool expects_continue;
	bool expects_other; /* an Expect that nobody can meet: 417 */
};

struct response {
	int status;
	struct slice reason; /* "" when unknown */
	struct headers headers;
	struct slice upgrade;   /* of a 101: the protocol that begins */
	int64_t content_length; /* -1: not told */
	bool has_body;          /* bytes may follow the head */
};

/* Room for max; .items == NULL past the arena's limit. */
struct headers headers_new(struct arena *a, size_t max);

/* To be more than max is a bug: asserted. */
void headers_add(struct headers *h, struct slice name, struct slice value);

/* The first of that name, compared without case; .p NULL when none. */
struct slice headers_find(const struct headers *h, struct slice name);

const char *http_version_text(enum http_version v); /* "1.1", "2" */

/* May be sent twice without harm (RFC 9110, 9.2.2). */
bool method_is_idempotent(struct slice method);

#endif
