#ifndef ROUTER_EDGE_H2_CLIENT_H
#define ROUTER_EDGE_H2_CLIENT_H
/*
 * HTTP/2 (RFC 9113) as spoken with a backend, the client's end; nghttp2's
 * second door.  Sans-I/O: bytes come in and go out through functions, streams
 * are told of through h2_client_ops.
 *
 * Backends are strangers too: heads and trailers, queued answers and windows
 * are bounded, and one who breaks the rules loses the connection.
 *
 * From within an op h2_client_request, _resume, _consumed and _reset may be
 * called; what they make to be sent waits for h2_client_send.
 *
 * Owned by: a connection (upstream_h2.c).   Freed by: h2_client_free.
 */
#include "base/addr.h"
#include "router/edge/message.h"

#define H2_CLIENT_HEAD_MAX   (64 * 1024)
#define H2_CLIENT_FIELDS_MAX 128
/* Streams at once until the peer has said how many. */
#define H2_CLIENT_STREAMS 100
/* What may come of one response while nobody takes it. */
#define H2_CLIENT_WINDOW (256 * 1024)

struct h2_client;

enum h2_client_loss {
	H2_CLIENT_UNPROCESSED, /* the peer has not begun with it */
	H2_CLIENT_RESET,       /* the peer will not finish it */
	H2_CLIENT_GARBAGE,     /* what came of it is no HTTP */
};

/* How a request's body goes on. */
enum h2_client_more {
	H2_CLIENT_LATER,  /* nothing now: h2_client_resume tells when */
	H2_CLIENT_MORE,   /* this, and more to come */
	H2_CLIENT_END,    /* this, and the end */
	H2_CLIENT_BROKEN, /* it will not: the stream is lost */
};

/* One request and its response; embedded in what stands for it. */
struct h2_client_stream {
	int32_t id; /* 0: not begun */
	bool has_head;
	bool has_ended; /* the response has */
	bool is_head_request;
};

/* Slices are loans. */
struct h2_client_ops {
	void (*on_interim)(
	    struct h2_client_stream *s, const struct response *r);
	void (*on_head)(struct h2_client_stream *s, const struct response *r);
	/* Until h2_client_consumed the stream's window stays so much smaller;
	 * the connection's does not. */
	void (*on_body)(struct h2_client_stream *s, struct slice piece);
	/* The response is complete.  trailers: NULL for none. */
	void (*on_end)(
	    struct h2_client_stream *s, const struct headers *trailers);
	/* It never will be.  cause: a word of the peer's, or NULL. */
	void (*on_lost)(struct h2_client_stream *s, enum h2_client_loss why,
	    const char *cause);
	/* Puts up to `max` bytes of the request's body into out; how many. */
	size_t (*on_wanted)(struct h2_client_stream *s, char *out, size_t max,
	    enum h2_client_more *more);
	/* What ends the body when it is at H2_CLIENT_END; NULL: nothing. */
	const struct headers *(*trailers)(struct h2_client_stream *s);
	/* Bytes for the backend. */
	void (*on_write)(void *ctx, struct slice bytes);
	/* Whether no more should be written now. */
	bool (*is_full)(void *ctx);
};

/* Its preface and SETTINGS wait to be sent. */
struct h2_client *h2_client_new(const struct h2_client_ops *ops, void *ctx);
void h2_client_free(struct h2_client *c); /* no op is called */

/* The peer takes another stream now.  n: how many there are. */
bool h2_client_has_room(const struct h2_client *c, size_t n);
/* The peer takes no more streams, ever: only to be finished. */
bool h2_client_is_leaving(const struct h2_client *c);

/* A request with the headers that go to the backend; s, zeroed, stays where it
 * is until h2_client_reset, on_end or on_lost.  ERR_TOO_BIG: no number is left
 * for it. */
enum err MUST_USE h2_client_request(struct h2_client *c,
    const struct request *r, const struct headers *headers,
    struct h2_client_stream *s);
/* There is more for on_wanted. */
void h2_client_resume(struct h2_client *c, struct h2_client_stream *s);
/* n bytes that on_body gave have found their place. */
void h2_client_consumed(
    struct h2_client *c, struct h2_client_stream *s, size_t n);
/* No op is called for it any more; what is not finished of it is cancelled. */
void h2_client_reset(struct h2_client *c, struct h2_client_stream *s);

/* Uses all bytes.  When they are no HTTP/2, what is to be said of that waits to
 * be sent, and then it is over. */
void h2_client_receive(struct h2_client *c, struct slice bytes);
/* Writes what waits, until nothing does or is_full.  Not from within an op. */
void h2_client_send(struct h2_client *c);
/* Nothing more will come of it. */
bool h2_client_is_over(const struct h2_client *c);

#endif
