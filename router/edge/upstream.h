#ifndef ROUTER_EDGE_UPSTREAM_H
#define ROUTER_EDGE_UPSTREAM_H
/*
 * One exchange's way to a backend, whatever protocol that speaks: a connection
 * of HTTP/1.1 (upstream_h1.h), which waits in its backend's pool between two
 * exchanges, or a stream of HTTP/2 (upstream_h2.h), whose connection serves
 * several at once.
 *
 * Owned by: the exchange, until upstream_let_go.   Freed by: upstreams_reap,
 * from the loop; nothing frees an upstream while its own callback runs.
 */
#include "base/buf.h"
#include "router/edge/backend.h"
#include "router/edge/message.h"

struct worker;
struct exchange;
struct upstream;

/* Why an exchange's upstream ended. */
enum upstream_loss {
	LOST_REFUSED,     /* nobody listens there */
	LOST_UNREACHABLE, /* no way there */
	LOST_UNPROVED,    /* TLS failed: upstream.cause says why */
	LOST_UNPROCESSED, /* told that it has not begun, nor will */
	LOST_SILENT,      /* closed before a byte of the response */
	LOST_CUT_HEAD,    /* closed within the head */
	LOST_CUT_BODY,    /* closed within the body */
	LOST_GARBAGE,     /* that is not HTTP */
};

/* A protocol.  What each does is said at the functions of the same name. */
struct upstream_ops {
	void (*send_head)(struct upstream *u, const struct request *r,
	    const struct headers *headers);
	void (*send_body)(struct upstream *u, struct slice piece);
	void (*send_end)(struct upstream *u, const struct headers *trailers);
	bool (*is_full)(const struct upstream *u);
	void (*pause)(struct upstream *u, bool paused);
	bool (*take_back)(struct upstream *u, struct buf *body); /* or NULL */
	void (*let_go)(struct upstream *u, bool reusable);
};

struct upstream {
	const struct upstream_ops *ops;
	struct worker *w;
	struct backend *backend;
	struct exchange *ex; /* NULL: let go */
	bool is_connected;
	const char *cause; /* of a loss, for the router line; NULL: no more */
	bool was_used;     /* an old connection may be dead without saying */
};

/* Which connections will do. */
enum upstream_choice {
	UPSTREAM_ANY,
	UPSTREAM_SURE,  /* no old one that may just be closing */
	UPSTREAM_FRESH, /* a new one */
};

/*
 * An upstream for ex: on a connection that is there, else on a new one, which
 * tells exchange_on_connected.  ERR_AGAIN: there is no room for one here, which
 * says nothing of the backend; ERR_DENIED, ERR_IO: as LOST_REFUSED,
 * LOST_UNREACHABLE.
 */
enum err MUST_USE upstream_open(struct worker *w, struct backend *b,
    struct exchange *ex, enum upstream_choice which, struct upstream **out);

static inline bool
upstream_is_connected(const struct upstream *u)
{
	return u->is_connected;
}

/* The request: its head, then pieces of its body, then its end.  All is taken;
 * who sends more should ask upstream_is_full first. */
static inline void
upstream_send_head(
    struct upstream *u, const struct request *r, const struct headers *headers)
{
	u->ops->send_head(u, r, headers);
}

static inline void
upstream_send_body(struct upstream *u, struct slice piece)
{
	u->ops->send_body(u, piece);
}

/* trailers: NULL for none */
static inline void
upstream_send_end(struct upstream *u, const struct headers *trailers)
{
	u->ops->send_end(u, trailers);
}

static inline bool
upstream_is_full(const struct upstream *u)
{
	return u->ops->is_full(u);
}

/* No more of the response now. */
static inline void
upstream_pause(struct upstream *u, bool paused)
{
	u->ops->pause(u, paused);
}

/* Of a lost one: adds all that was sent of the request's body to *body, to be
 * sent again elsewhere.  False: it was not kept. */
static inline bool
upstream_take_back(struct upstream *u, struct buf *body)
{
	return u->ops->take_back != NULL && u->ops->take_back(u, body);
}

/* The exchange is through with it.  Its connection serves others if it can;
 * reusable: as far as the exchange knows. */
static inline void
upstream_let_go(struct upstream *u, bool reusable)
{
	u->ops->let_go(u, reusable);
}

/* Closes what is idle: nobody refers to the backend any more. */
void upstreams_close_idle(struct backend *b);

/* --- for the protocols ---------------------------------------------------- */

/* What a protocol's own _open is asked for. */
struct upstream_wish {
	enum upstream_choice which;
	struct slice first; /* bytes at the start of a new connection */
};

/* What has ended, embedded in it, until it is freed from the loop. */
struct upstream_ended {
	struct list link;
	void (*free_it)(struct upstream_ended *e);
};

void upstream_end(struct worker *w, struct upstream_ended *e,
    void (*free_it)(struct upstream_ended *e));
void upstreams_reap(struct worker *w);
/* Does what waits for the end of the loop's round; false when nothing did. */
bool upstreams_step(struct worker *w);

/* --- what an upstream tells its exchange (exchange_response.c) -------------
 * All slices are loans that end with the call.
 */

void exchange_on_connected(struct exchange *ex);
void exchange_on_interim(struct exchange *ex, const struct response *r);
void exchange_on_head(struct exchange *ex, const struct response *r);
void exchange_on_body(struct exchange *ex, struct slice piece);
/* trailers: NULL for none */
void exchange_on_response_end(
    struct exchange *ex, const struct headers *trailers);
void exchange_on_upstream_room(struct exchange *ex);
void exchange_on_lost(struct exchange *ex, enum upstream_loss why);

#endif
