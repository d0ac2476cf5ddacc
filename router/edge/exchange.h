#ifndef ROUTER_EDGE_EXCHANGE_H
#define ROUTER_EDGE_EXCHANGE_H
/*
 * One request and its response, whatever HTTP version either side speaks: where
 * it goes, what is tried, how long it may take, what is logged.  It sits
 * between a front (the client's side, through front_ops) and an upstream (the
 * connection to a backend, upstream.h), and owns neither socket.
 *
 *   front  --exchange_begin, _body, _body_end, _room, _client_gone-->  exchange
 *   exchange  --front_ops-->  front
 *   exchange  --upstream_*-->  upstream  --exchange_on_*-->  exchange
 *
 * A front may be told of the end from within any exchange_* call; it then only
 * remembers, and calls exchange_free later, from the loop.
 *
 * Bodies stream.  Either side takes all it is offered and then says when it is
 * full; the other side's socket is not read until there is room.
 *
 * A response of status 101 opens a tunnel (request.upgrade; RFC 9110, 7.8):
 * from then on bodies are its bytes, each way for itself, and each way ends as
 * a body does.  The exchange is done when both have ended.
 *
 * Owned by: the front.   Freed by: exchange_free.
 */
#include "base/host.h"
#include "router/edge/deadline.h"
#include "router/edge/headers.h"
#include "router/edge/pace.h"
#include "router/edge/queue.h"
#include "router/edge/upstream.h"
#include "router/edge/worker.h"

/* The client's side: HTTP/1 (front_h1.c); HTTP/2 speaks the same. */
struct front_ops {
	/* Heads are loans for the call alone.
	 * An informational response (100, 103). */
	void (*on_interim)(void *front, const struct response *r);
	/* The response's head; once. */
	void (*on_head)(void *front, const struct response *r);
	void (*on_body)(void *front, struct slice piece);
	/* The response is complete; trailers: NULL when it has none.  Of a
	 * tunnel: the backend's way has ended, which is the end of all when
	 * exchange_is_done. */
	void (*on_end)(void *front, const struct headers *trailers);
	/* It will never be: show the client a cut. */
	void (*on_cut)(void *front);
	/* More than enough waits for the client: ask again at exchange_room. */
	bool (*is_full)(void *front);
	/* There is room again for the request's body (exchange_is_full). */
	void (*on_wanted)(void *front);
};

/* The connection that requests come on. */
struct client {
	struct origin origin;
	const struct stream *stream;
	const char *tls;        /* "1.3"; NULL: plain */
	struct site *site;      /* of its SNI; NULL: plain */
	int64_t certificate_id; /* chosen for it; 0: none, or resumed */
};

enum exchange_state {
	EXCHANGE_ROUTING,    /* where to? */
	EXCHANGE_QUEUED,     /* waits for a backend */
	EXCHANGE_CONNECTING, /* to a backend */
	EXCHANGE_WAITING,    /* request goes out, no response yet */
	EXCHANGE_RESPONDING, /* the head is out */
	EXCHANGE_DONE,       /* logged; waits to be freed */
};

/* What came of looking for a backend. */
enum exchange_choice {
	CHOICE_MADE, /* it is counted there */
	CHOICE_NONE, /* the app has none, but for those that drain */
	CHOICE_DOWN, /* none can be used now */
	CHOICE_FULL, /* all that can have max_active requests */
};

#define EXCHANGE_TRIES_MAX 3

/* How a try went: CODE_NONE when it is not over, or the last. */
struct exchange_try {
	enum code code;
	uint32_t ms;
};

#define REPLY_HEADERS_MAX 9 /* of an answer of our own */

struct exchange {
	struct list free; /* in the worker's list, when in no use */
	struct worker *w;
	const struct front_ops *ops;
	void *front;
	const struct client *client;
	enum exchange_state state;
	struct arena arena;
	struct deadline deadline;
	struct pace pace; /* of the client */
	/* the request */
	struct request request;
	char host[HOST_SIZE]; /* in stored form */
	struct slice request_id;
	struct forwarded forwarded;
	struct headers to_backend;
	struct buf pending;    /* of the body, until a backend is connected */
	int64_t body_received; /* bytes */
	bool body_ended;
	bool body_sent;                 /* some of it is gone: no second try */
	const struct headers *trailers; /* of the request; NULL: none */
	/* where it goes */
	struct site *site;
	struct app *app;
	struct backend *backend;
	struct upstream *upstream;
	struct backend *tried[EXCHANGE_TRIES_MAX];
	struct exchange_try tries[EXCHANGE_TRIES_MAX]; /* how they went */
	size_t n_tried;
	bool is_fresh;       /* this try must not use an old connection */
	bool is_last_resort; /* to a backend that is quarantined */
	bool is_crowded;     /* a backend was passed over for being full */
	/* a tunnel's two ways: the request's is over when body_ended */
	bool is_tunnel, response_ended;
	bool keeps_cookie; /* the visitor is known, wherever this one goes */
	uint64_t cookie;   /* token of the backend; 0: none is to be set */
	struct queue_place place;
	enum exchange_choice queued_for;
	/* the response */
	struct header reserve[REPLY_HEADERS_MAX];
	unsigned n_interims;
	int status; /* 0: none yet */
	uint64_t bytes;
	/* for the router line */
	int64_t began_ms, began_us, tried_mono_ms, sent_mono_ms;
	int64_t connect_ms, service_ms; /* -1: not known */
	int64_t queue_ms;
	int64_t retry_after_s; /* told with a refusal; 0: not */
	enum code code;
	const char *cause, *sock;
	const char *rule; /* that answered; NULL: a backend, or a code says */
};

/* For a front, which fills in `request` (in the arena) before it begins. */
struct exchange *exchange_new(struct worker *w, const struct front_ops *ops,
    void *front, const struct client *client);
void exchange_free(struct exchange *ex); /* NULL is allowed */
void exchanges_clear(struct worker *w);  /* those kept warm */

void exchange_begin(struct exchange *ex);
/* The request never was one: answered with H26 and this status. */
void exchange_refuse(struct exchange *ex, int status, const char *cause);
void exchange_body(struct exchange *ex, struct slice piece);
/* trailers: of the request, in the arena and sifted (trailers.h); NULL when it
 * has none.  It may complete a tunnel: ask exchange_is_done. */
void exchange_body_end(struct exchange *ex, const struct headers *trailers);
/* The request's body should not be read on now. */
bool exchange_is_full(const struct exchange *ex);
void exchange_room(struct exchange *ex); /* the client took some of it */
/* Also of one that has not begun: it goes nowhere, and is logged. */
void exchange_client_gone(struct exchange *ex);
void exchange_force_end(struct exchange *ex); /* the drain is over: H24 */

/* From the loop: lets in who waited.  Returns whether anybody was. */
bool exchanges_step(struct worker *w);

static inline bool
exchange_is_done(const struct exchange *ex)
{
	return ex->state == EXCHANGE_DONE;
}

/* --- between the files of the exchange ------------------------------------ */

enum exchange_deadline {
	DEADLINE_CONNECT,    /* H19 */
	DEADLINE_FIRST_BYTE, /* H12 */
	DEADLINE_BACKEND,    /* H15: the response stopped */
	DEADLINE_CLIENT,     /* H28: the client stopped */
	DEADLINE_QUEUE,      /* H20, H11: waited too long */
};

/* exchange.c: the only writer of the state. */
void exchange_enter(struct exchange *ex, enum exchange_state next);
/* After each sign of life: who is waited for now, and for how long.  It may
 * end the exchange: with a client that is too slow. */
void exchange_wait(struct exchange *ex);

/* exchange_choose.c: a backend; CHOICE_MADE: it is ex->backend. */
enum exchange_choice exchange_choose(struct exchange *ex);

/* exchange_attempt.c: finds a backend and connects, waits, or fails. */
void exchange_try(struct exchange *ex);
/* Connects, or fails with what the choice means. */
void exchange_begin_choice(struct exchange *ex, enum exchange_choice choice);
/* What was tried failed before any answer: again elsewhere, or fails with
 * code. */
void exchange_try_again(struct exchange *ex, enum code code);
/* An old connection was dead: again to the same backend, on a new one. */
void exchange_try_fresh(struct exchange *ex);
/* Lets go of backend and connection. */
void exchange_let_go(struct exchange *ex, bool reusable);
/* The backend answered badly; see quarantine.h. */
void exchange_blame(struct exchange *ex);

/* exchange_queue.c: others of the app wait already. */
bool exchange_has_queue(const struct exchange *ex);
/* Waits, or is refused a place; false: for that choice nobody waits. */
bool exchange_queues_for(struct exchange *ex, enum exchange_choice choice);
void exchange_leave_queue(struct exchange *ex); /* if it is in one */
void exchange_waited_too_long(struct exchange *ex);
/* The app has a backend with room: the next may go. */
void exchange_queue_moves(struct exchange *ex);

/* exchange.c: ends it with this code; a page when no head is out, a cut else.
 * status 0: the code's. */
void exchange_fail(struct exchange *ex, enum code code, int status);
/* The response is complete: counts and logs. */
void exchange_finish(struct exchange *ex);

/* exchange_record.c: the latest try failed with this code; call before there is
 * another. */
void exchange_tried(struct exchange *ex, enum code code);
/* It is over: its router line, counters, and what explains it. */
void exchange_record(struct exchange *ex, int64_t now_us);

/* exchange_reply.c: answers of our own. */
void exchange_page(struct exchange *ex, enum code code, int status);
void exchange_redirect(struct exchange *ex, int status, struct slice location);
void exchange_text(struct exchange *ex, int status, struct slice text);

/* route.c: proxies, answers, redirects or refuses. */
void route(struct exchange *ex);

#endif
