#ifndef ROUTER_EDGE_FRONT_H2_H
#define ROUTER_EDGE_FRONT_H2_H
/*
 * HTTP/2 as spoken with a client: each stream an exchange, as HTTP/1.1 has one
 * after the other (front_h1.h).
 *
 *   front_h2.c           the connection: bytes, deadlines, draining
 *   front_h2_request.c   what the session tells of requests
 *   front_h2_response.c  what exchanges tell, and bodies on their way out
 *
 * Whatever is to be written is written once for each round of the loop, so that
 * all streams' frames share records and system calls; only a large piece of a
 * body goes at once, for it fills records by itself and need not be copied.
 *
 * A request's body: windows open as the exchange takes it.  A response's body:
 * waits in its stream while the client's windows or its socket are shut, and
 * past a limit the backend is not read (front_h2_is_full).
 *
 * Owned by: the connection.   Freed by: its front's clear.
 */
#include <ev.h>

#include "base/buf.h"
#include "base/list.h"
#include "router/edge/h2_request.h"
#include "router/edge/h2_session.h"

struct conn;
struct conn_front_ops;
struct exchange;
struct front_ops;
struct worker;

struct front_h2 {
	struct conn *c;
	struct h2_session *session;
	struct list streams; /* that the session knows */
	struct list over;    /* that it does not any more: to be freed */
	struct list fresh;   /* whose head has come, to begin with this round */
	struct list moved;   /* whose exchange is to be told something */
	ev_tstamp moved_at;  /* when some of a body was written */
	size_t n_streams;
	size_t n_heads;    /* that have begun and are not complete */
	size_t n_complete; /* responses that only wait to be written */
	size_t n_waiting;  /* bytes of all responses */
	double patience_s; /* with a client that does not take them */
	bool is_locked;    /* the session runs: it must not be called */
	bool is_leaving;   /* the client was told that the end is near */
	bool has_left;     /* it was told which request was the last */
};

/*
 * One request and its response.
 *
 * Owned by: the front.   Freed by: h2_stream_free, from the loop.
 */
struct h2_stream {
	struct list link;  /* in one of the front's lists, or the worker's */
	struct list moved; /* in front's, or in fresh */
	struct front_h2 *f;
	int32_t id; /* 0: the session knows it no more */
	struct exchange *ex;
	/* the request */
	struct h2_head head; /* and then its trailers */
	struct headers trailers;
	struct buf early;  /* of a tunnel that is not open yet */
	size_t unconsumed; /* bytes that still shut the windows */
	uint64_t received; /* bytes of its body */
	bool has_head;     /* its head is complete */
	bool has_begun;    /* and its exchange knows */
	bool ends_at_head; /* no body */
	bool has_ended;    /* all of it has come */
	bool is_wide;      /* its window is */
	/* the response */
	struct buf out;             /* of its body, to be written */
	struct slice loan;          /* behind it, during one call */
	const struct headers *last; /* trailers, in the exchange; NULL: none */
	ev_tstamp moved_at; /* when some was written, or it was complete */
	bool opens;         /* a 101 was told */
	bool is_tunnel;     /* and its bytes go in */
	bool is_answered;   /* a head was given to the session */
	bool is_complete;   /* nothing more will come */
	bool is_waited;     /* the session waits for h2_session_resume */
	bool was_full;      /* the exchange waits for room */
};

/* What an open connection tells (conn.h). */
extern const struct conn_front_ops front_h2_conn_ops;

void h2_streams_clear(struct worker *w); /* those kept warm */

/* --- between the files of the front --------------------------------------- */

/* Writes what waits, unless the session runs: then later. */
void front_h2_send(struct front_h2 *f);

struct h2_stream *h2_stream_new(struct front_h2 *f, int32_t id);
void h2_stream_free(struct h2_stream *s);
/* The exchange begins: not at once, so that who resets what it has just begun,
 * over and over, gets no further than this. */
void h2_stream_begin(struct h2_stream *s);
/* Its exchange ends if it has not. */
void h2_stream_abandon(struct h2_stream *s);
/* Windows open by what the exchange has taken of the request's body. */
void h2_stream_release(struct h2_stream *s);
/* The backend has switched: bytes that came too early for it go in. */
void h2_stream_open_tunnel(struct h2_stream *s);
/* The client takes none of its response: a reset. */
void h2_stream_give_up(struct h2_stream *s);

/* What its session tells; .on_wanted and .on_taken are of front_h2_response.c,
 * the rest of front_h2_request.c. */
extern const struct h2_ops front_h2_session_ops;
enum h2_more h2_stream_wanted(void *stream, size_t max, struct slice *piece);
void h2_stream_taken(void *stream, size_t n);

/* What its exchanges talk to (front_h2_response.c). */
extern const struct front_ops front_h2_ops;

#endif
