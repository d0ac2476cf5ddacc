#ifndef ROUTER_EDGE_H2_SESSION_STATE_H
#define ROUTER_EDGE_H2_SESSION_STATE_H
/*
 * Between the files of h2_session.h alone: what a session is.
 */
#include <nghttp2/nghttp2.h>

#include "router/edge/h2_session.h"

struct h2_session {
	nghttp2_session *nghttp2;
	struct h2_scratch *scratch;
	const struct h2_ops *ops;
	void *ctx;
	struct h2_limits limits;
	int64_t now_ms; /* when bytes came last */
	enum h2_abuse abuse;
	bool is_new; /* being made: its first frame buffer is the scratch */
	/* the head under way: only one can be */
	int32_t head_id;
	void *head_stream;
	int32_t reset_id;    /* the peer has reset it, which was counted */
	struct slice wanted; /* what on_wanted gave, until it is written */
	bool wanted_all;     /* and nothing else waited */
	bool was_pinged;     /* behind the notice */
	bool was_noticed;
};

/* h2_session_memory.c: where its session's memory comes from; a loan. */
nghttp2_mem h2_session_memory(struct h2_session *s);
/* No other session is within this. */
void h2_scratch_enter(struct h2_scratch *scratch);
void h2_scratch_leave(struct h2_scratch *scratch);

/* What the front gave for a stream; NULL: it is no more. */
void *h2_session_stream(struct h2_session *s, int32_t id);

/* h2_session_streams.c: a frame of a response's body is to be written. */
int h2_session_on_send_data(nghttp2_session *n, nghttp2_frame *frame,
    const uint8_t *head, size_t length, nghttp2_data_source *source, void *ctx);

#endif
