#ifndef ROUTER_EDGE_FRONT_H1_H
#define ROUTER_EDGE_FRONT_H1_H
/*
 * HTTP/1.1 as spoken with a client: requests of a connection one after the
 * other, each made an exchange; responses written as the exchange gives them.
 *
 * Owned by: the connection that embeds it.   Freed by: its clear.
 */
#include "base/buf.h"
#include "base/http1.h"
#include "router/edge/h1_write.h"
#include "router/edge/readers.h"

struct exchange;
struct front_ops;
struct conn_front_ops;

enum front_h1_state {
	H1_HEAD,    /* a request's head is awaited, or is incomplete */
	H1_BODY,    /* its body comes */
	H1_ASKED,   /* it is complete; its response is not */
	H1_TUNNEL,  /* after a 101: bytes, both ways */
	H1_STOPPED, /* nothing more is read */
};

struct front_h1 {
	enum front_h1_state state;
	struct http1 *reader; /* NULL while idle */
	struct exchange *ex;  /* NULL: none, or its request is just drained */
	struct buf in;        /* received, not used yet */
	enum h1_framing framing;
	bool is_http10;
	bool keeps_alive; /* the client is willing */
	bool may_drain;   /* the rest of the body is short enough to read */
	bool closes;      /* after this response */
	bool is_cut;      /* the response will never be complete */
	bool has_served;  /* at least one request */
	bool is_ended;    /* of a tunnel: the client's way */
};

/* What its connection talks to: its start makes the front. */
extern const struct conn_front_ops front_h1_conn_ops;

/* What its exchanges talk to (front_h1_response.c). */
extern const struct front_ops front_h1_ops;

#endif
