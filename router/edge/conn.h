#ifndef ROUTER_EDGE_CONN_H
#define ROUTER_EDGE_CONN_H
/*
 * A client's connection, the socket's side of it: ClientHello, TLS, closing.
 * What is said on it is the front's business: HTTP/1.1 (front_h1.h) or HTTP/2,
 * as ALPN chose, through conn_front_ops.
 *
 * Owned by: the worker's list.   Freed by: conns_reap, from the loop; nothing
 * frees a connection while its own callback runs.
 */
#include "router/edge/deadline.h"
#include "router/edge/exchange.h"
#include "router/edge/front_h1.h"

struct conn;
struct front_h2;

enum conn_state {
	CONN_PROXY,     /* a PROXY header is gathered */
	CONN_HELLO,     /* bytes of a ClientHello are gathered */
	CONN_PARKED,    /* it is whole, and keys is away */
	CONN_HANDSHAKE, /* GnuTLS has it */
	CONN_OPEN,      /* the front has it */
	CONN_CLOSING,   /* the last bytes go out */
	CONN_LINGERING, /* gone; what the client still sends is thrown away */
	CONN_CLOSED,    /* to be reaped */
};

enum conn_deadline {
	CONN_DEADLINE_HANDSHAKE,
	CONN_DEADLINE_PARKED,
	CONN_DEADLINE_IDLE, /* no request under way */
	CONN_DEADLINE_HEAD, /* a request's head stays incomplete */
	CONN_DEADLINE_BODY, /* the rest of a body that nobody wants */
	CONN_DEADLINE_TAIL, /* the client is to take what is written */
	CONN_DEADLINE_FLUSH,
	CONN_DEADLINE_LINGER,
};

/* What an open connection tells its front. */
struct conn_front_ops {
	/* It is open; bytes may come with the next breath. */
	void (*start)(struct conn *c);
	/* A loan, to be used or copied. */
	void (*bytes)(struct conn *c, struct slice bytes);
	void (*room)(struct conn *c); /* some of what waited has gone */
	/* The client ended its half (ERR_CLOSED), or all of it (ERR_PEER,
	 * ERR_TLS), the latter also after the former. */
	void (*end)(struct conn *c, enum err why);
	void (*step)(struct conn *c); /* conn_wake was called */
	/* No more requests after those under way; force: not even these. */
	void (*drain)(struct conn *c, bool force);
	void (*late)(struct conn *c); /* a deadline of the front's passed */
	/* Bytes that it keeps because the client does not take them; what the
	 * socket has yet to take comes on top. */
	size_t (*held)(const struct conn *c);
	/* It is closed, by whomever; called before clear, from any call of
	 * the front's, so nothing is freed here. */
	void (*gone)(struct conn *c);
	void (*clear)(struct conn *c); /* frees what the front holds */
};

#define CONN_ADDRESS_SIZE 46 /* of the longest IPv6 address, and a NUL */

struct conn {
	struct stream stream;
	struct worker *w;
	struct list link;  /* all, or closed ones */
	struct list woken; /* in the worker's, when there is something to do */
	struct list parked;
	struct list half_open;
	enum conn_state state;
	struct deadline deadline;
	struct buf hello;        /* first bytes, until somebody can use them */
	struct tls_session *tls; /* NULL: plain HTTP */
	struct client client;
	struct snapshot *snapshot; /* its configuration */
	char address[CONN_ADDRESS_SIZE];
	bool is_tls; /* is to be, as its listener is */
	bool lingers;
	ev_tstamp lingers_until;
	bool is_challenge;  /* a CA looks at the certificate (RFC 8737) */
	bool is_shut;       /* our half has ended */
	bool is_second_try; /* of a handshake that keys did not live through */
	const struct conn_front_ops *front; /* NULL until it is open */
	union {
		struct front_h1 h1;
		struct front_h2 *h2;
	};
};

/* Takes fd, just accepted on a listener of that kind and port. */
void conn_new(struct worker *w, int fd, const struct addr *peer, bool is_tls,
    uint16_t port);

/* The only writer of the state. */
void conn_enter(struct conn *c, enum conn_state next);

/* How long a client may take to get through its handshake. */
#define HANDSHAKE_SECONDS 10.

/* Hands it to what will be spoken on it. */
void conn_open(struct conn *c, const struct conn_front_ops *front);

/* --- for the front -------------------------------------------------------- */

void conn_write(struct conn *c, struct slice bytes);
bool conn_is_full(const struct conn *c);
/* Some of what was written waits for the client. */
bool conn_is_waiting(const struct conn *c);
void conn_pause(struct conn *c, bool paused);
void conn_deadline(struct conn *c, double seconds, enum conn_deadline why);
void conn_no_deadline(struct conn *c);
/* Calls the front's step from the loop, soon. */
void conn_wake(struct conn *c);
/* Ends our half in good order, after what was written; the client's half goes
 * on.  More than once is allowed. */
void conn_shut_down(struct conn *c);
/* Closes in good order after what was written; lingers: the client is still
 * sending, so the answer must not be lost to a reset. */
void conn_finish(struct conn *c, bool lingers);
/* Closes now, without goodbye: the client shall see that it was cut.  resets:
 * on plain HTTP nothing else would tell it, as a FIN is the body's good end. */
void conn_abort(struct conn *c, bool resets);

/* --- for the worker ------------------------------------------------------- */

/* Ends up to n connections on which nothing is under way, the oldest first;
 * returns how many. */
size_t conns_shed_idle(struct worker *w, size_t n);
void conns_unpark(struct worker *w); /* keys is back */
void conns_drain(struct worker *w);  /* idle ones go, others after this one */
void conns_force(struct worker *w);  /* the drain is over */
void conns_close(struct worker *w);  /* all, at once */
/* Steps what is woken; false when nothing was. */
bool conns_step(struct worker *w);
void conns_reap(struct worker *w);

#endif
