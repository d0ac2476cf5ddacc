#ifndef ROUTER_EDGE_H2_SESSION_H
#define ROUTER_EDGE_H2_SESSION_H
/*
 * HTTP/2 (RFC 9113, 7541, 8441) as spoken with a client; nghttp2's door.  Bytes
 * come in and go out through functions, streams are told of through h2_ops: no
 * socket, no clock, no exchange in here.
 *
 * Limits are all of h2_limits.h.  What breaks one costs the connection and
 * nothing else: a GOAWAY is sent, and the session is over.
 *
 * Nothing of this file may be called from within an op, but what says so.
 *
 * Owned by: the front of a connection.   Freed by: h2_session_free.
 */
#include "router/edge/h2_limits.h"
#include "router/edge/message.h"

struct h2_session;

/* How a response's body goes on. */
enum h2_more {
	H2_LATER,    /* nothing now: h2_session_resume tells when */
	H2_MORE,     /* this, and more to come */
	H2_END,      /* this, and the end of the stream */
	H2_TRAILERS, /* this, and then trailers: h2_session_trailers was called
		      */
};

/* What a session tells.  `stream` is what on_stream has returned. */
struct h2_ops {
	/* A request begins: what stands for it from now on, never NULL. */
	void *(*on_stream)(void *ctx, int32_t id);
	/* A field of its head, or of its trailers.  False: this is abuse. */
	bool (*on_field)(void *stream, struct slice name, struct slice value);
	/* The head is complete; ends: no body follows.  Responding and
	 * resetting are allowed. */
	void (*on_head)(void *stream, bool ends);
	/* Until h2_session_consumed the peer's windows stay so much smaller. */
	void (*on_data)(void *stream, struct slice piece);
	/* The body is complete, and so are its trailers. */
	void (*on_end)(void *stream);
	/* All of the response has been written. */
	void (*on_sent)(void *stream);
	/* It is no more; is_whole: both sides had ended.  The last call. */
	void (*on_closed)(void *stream, bool is_whole);
	/* Up to `max` bytes of the response's body, which stay where they are
	 * until on_taken tells how many of them were written.
	 * h2_session_trailers is allowed. */
	enum h2_more (*on_wanted)(
	    void *stream, size_t max, struct slice *piece);
	void (*on_taken)(void *stream, size_t n);
	/* Bytes for the client, a loan. */
	void (*on_write)(void *ctx, struct slice bytes);
	/* Whether no more should be written now. */
	bool (*is_full)(void *ctx);
};

/*
 * One buffer for the frames that all sessions of a process write, who so hold
 * none while they are idle (16 KB each).  So no two may run at the same time:
 * h2_session_send asserts it.
 *
 * Owned by: the worker.   Freed by: h2_scratch_free, after all sessions.
 */
struct h2_scratch;
struct h2_scratch *h2_scratch_new(void);
void h2_scratch_free(struct h2_scratch *scratch);          /* NULL is allowed */
bool h2_scratch_is_used(const struct h2_scratch *scratch); /* just now */

/* Its SETTINGS wait to be sent. */
struct h2_session *h2_session_new(const struct h2_ops *ops, void *ctx,
    struct h2_scratch *scratch, int64_t now_ms);
void h2_session_free(struct h2_session *s); /* no op is called */

/* Uses all bytes.  What breaks a limit or the rules is not read on, and the
 * session is over when its GOAWAY was sent. */
void h2_session_receive(
    struct h2_session *s, struct slice bytes, int64_t now_ms);
enum h2_abuse h2_session_abuse(const struct h2_session *s);

/* Writes what waits, until nothing does or is_full. */
void h2_session_send(struct h2_session *s);
bool h2_session_has_more(struct h2_session *s); /* that waits */

/* One side told the other to go, and no stream is left; or the peer was told
 * that it broke the rules: the connection is to be closed. */
bool h2_session_is_over(struct h2_session *s);

/* --- a stream -------------------------------------------------------------
 * Those with ERR_TOO_BIG: the head is past every limit, nothing was sent. */

enum err MUST_USE h2_session_interim(
    struct h2_session *s, int32_t id, const struct response *r);
/* has_body: on_wanted will be asked for it; else the stream ends so. */
enum err MUST_USE h2_session_respond(
    struct h2_session *s, int32_t id, const struct response *r, bool has_body);
enum err MUST_USE h2_session_trailers(
    struct h2_session *s, int32_t id, const struct headers *trailers);
/* on_wanted said later, and may be asked again; allowed from any op. */
void h2_session_resume(struct h2_session *s, int32_t id);

/* n bytes that on_data gave have found their place: windows open again.  id 0:
 * of a stream that is no more. */
void h2_session_consumed(struct h2_session *s, int32_t id, size_t n);
/* A stream that flows gets a window that fits long ways. */
void h2_session_widen(struct h2_session *s, int32_t id);

enum h2_reason {
	H2_REASON_NONE,     /* the answer was complete: send no more */
	H2_REASON_INTERNAL, /* the answer never will be */
	H2_REASON_CANCEL,   /* the peer does not take it */
};
void h2_session_reset(struct h2_session *s, int32_t id, enum h2_reason why);

/* --- the end --------------------------------------------------------------
 * In two steps, so that no request is lost on its way (RFC 9113, 6.8): a
 * notice, and when the peer has surely read it (was_noticed), the last word. */

void h2_session_notice(struct h2_session *s);
bool h2_session_was_noticed(const struct h2_session *s);
void h2_session_go_away(struct h2_session *s);

/* --- windows ---------------------------------------------------------------
 * What one connection can make us hold of request bodies.  A stream begins with
 * what an exchange keeps while it looks for a backend. */

#define H2_WINDOW_STREAM      (128 * 1024)
#define H2_WINDOW_STREAM_WIDE (512 * 1024)
#define H2_WINDOW_CONNECTION  (1024 * 1024)

#endif
