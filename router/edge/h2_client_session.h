#ifndef ROUTER_EDGE_H2_CLIENT_SESSION_H
#define ROUTER_EDGE_H2_CLIENT_SESSION_H
/*
 * What a struct h2_client is made of, for its two files alone: h2_client.c has
 * what comes, h2_client_request.c what goes.
 */
#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "router/edge/decimal.h"
#include "router/edge/h2_client.h"

/* A block of fields, gathered while it comes; blocks never interleave. */
struct h2_block {
	struct buf bytes;
	struct {
		size_t name, value, end; /* offsets in bytes */
	} fields[H2_CLIENT_FIELDS_MAX];
	size_t n;
	int status;
	int64_t content_length;
};

struct h2_client {
	const struct h2_client_ops *ops;
	void *ctx;
	nghttp2_session *session;
	struct h2_block block; /* that comes */
	nghttp2_nv *nv;        /* that goes */
	size_t max_nv;         /* room in it */
	struct buf names;      /* of nv */
	char digits[DECIMAL_SIZE];
	int32_t reset_by_peer; /* the stream that closes now; 0: none */
	int32_t not_sent;      /* the same, whose request never went out */
	bool is_leaving;
	bool is_broken;
};

static inline struct h2_client_stream *
h2_client_stream_of(const struct h2_client *c, int32_t id)
{
	return nghttp2_session_get_stream_user_data(c->session, id);
}

/* nghttp2 knows it no more, so no op is called for it. */
static inline void
h2_client_forget(struct h2_client *c, struct h2_client_stream *s)
{
	(void)nghttp2_session_set_stream_user_data(c->session, s->id, NULL);
}

#endif
