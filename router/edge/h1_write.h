#ifndef ROUTER_EDGE_H1_WRITE_H
#define ROUTER_EDGE_H1_WRITE_H
/*
 * Internal messages as HTTP/1.1 bytes (RFC 9112), framing included; pure.
 * Readers are in base/http1.h.
 */
#include "base/buf.h"
#include "base/http1.h"
#include "router/edge/message.h"

enum h1_framing {
	H1_NO_BODY,     /* nothing follows, and nothing is said of length */
	H1_LENGTH,      /* Content-Length */
	H1_CHUNKED,     /* Transfer-Encoding: chunked */
	H1_UNTIL_CLOSE, /* of a response, to an HTTP/1.0 client */
};

/* With what r->upgrade and r->takes_trailers ask for.  ERR_TOO_BIG: past b's
 * limit. */
enum err h1_write_request(struct buf *b, const struct request *r,
    const struct headers *headers, enum h1_framing framing);

/* upgrade: what a 101 goes on with.  length is that of H1_LENGTH, and is told
 * for H1_NO_BODY too when it is not negative (a HEAD's).  close: say that this
 * was the last one; keep_alive: say that it was not, which HTTP/1.0 needs to
 * hear. */
struct h1_response_options {
	enum h1_framing framing;
	int64_t length;
	bool close, keep_alive;
	struct slice upgrade;
};
enum err h1_write_response(struct buf *b, const struct response *r,
    const struct h1_response_options *o);

#define H1_CHUNK_HEAD_SIZE 24
/* "1f\r\n"; the chunk's bytes and "\r\n" follow. */
struct slice h1_chunk_head(size_t n, char out[H1_CHUNK_HEAD_SIZE]);
/* The end of a chunked body; trailers: NULL for none. */
enum err h1_write_last_chunk(struct buf *b, const struct headers *trailers);

/* A parsed head's fields as headers in the arena, whose copy of the bytes
 * `copy` is of `original`; .items == NULL past the arena's limit. */
struct headers h1_headers(struct arena *a, const struct http1_head *head,
    struct slice original, struct slice copy);
/* A slice of `original` as the same one of `copy`. */
struct slice h1_moved(struct slice s, struct slice original, struct slice copy);

#endif
