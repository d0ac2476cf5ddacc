#ifndef BASE_CHANNEL_INSIDE_H
#define BASE_CHANNEL_INSIDE_H
/*
 * The inside of channel.h, for channel.c (messages on the loop) and
 * channel_call.c (a question that is waited for).
 */
#include "base/channel.h"
#include "base/list.h"

struct channel {
	int fd; /* -1: closed */
	enum role self, peer;
	uint32_t peer_instance;
	const struct channel_ops *ops;
	void *ctx;
	struct ev_loop *loop; /* NULL: not started */
	ev_io readable, writable;
	ev_timer deadline;  /* of the earliest request */
	ev_timer soon;      /* what must be told from the loop */
	struct list unsent; /* parcels */
	size_t unsent_bytes;
	struct list kept;     /* parcels that came during a call */
	struct list requests; /* open ones */
	uint32_t next_number;
	bool is_patient; /* receives wait, for channel_call */
	bool lost;       /* the peer is gone; on_closed is still to be called */
	char *incoming;  /* one message with its header */
};

/* The peer is gone or not to be trusted: closed, told from the loop. */
void channel_cut(struct channel *c);
/* on_soon runs from the loop. */
void channel_tell_soon(struct channel *c);

/* One message into c->incoming; as datagram_receive. */
enum err channel_receive(struct channel *c, size_t *n, int fds[CHANNEL_FDS_MAX],
    size_t *n_fds, bool waits);
/* Sends what is unsent.  ERR_AGAIN: not all of it. */
enum err channel_flush(struct channel *c);
enum err channel_send_numbered(struct channel *c, enum message type,
    uint32_t number, struct slice body, const int *fds, size_t n_fds);
/* Never 0, which means "no request". */
uint32_t channel_new_number(struct channel *c);

#endif
