#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H
/*
 * One end of a socketpair (SOCK_SEQPACKET) between two of our processes: whole
 * messages, descriptors beside them, requests with numbers and their answers.
 *
 * Two ways to use one: on the loop (channel_start; nothing blocks, what the
 * kernel does not take is queued, capped), or blocking for one answer
 * (channel_call), which a worker does with its keys process.  Both may be
 * mixed: what else arrives during a call is kept and delivered on the loop.
 *
 * A peer that breaks the rules (unknown or forbidden message, a handler that
 * returns ERR_SYNTAX, a queue that overflows) loses the channel: it is closed
 * and on_closed is called, from the loop, once.
 *
 * Owned by: whoever made it.   Freed by: channel_free; never inside one of its
 * own callbacks, where channel_close is the way.
 */
#include <ev.h>

#include "base/buf.h"
#include "base/datagram.h"
#include "base/fault.h"
#include "base/messages.h"

#define CHANNEL_MESSAGE_MAX ((size_t)160 * 1024) /* one message */
#define CHANNEL_FDS_MAX     DATAGRAM_FDS_MAX /* descriptors beside one message */
#define CHANNEL_QUEUE_MAX   ((size_t)4096 * 1024) /* unsent bytes */

struct channel;

struct channel_message {
	enum message type;
	uint32_t number; /* of a request; 0: none */
	struct slice body;
	int *fds; /* taken ones are set to -1 by the handler; rest closed */
	size_t n_fds;
};

struct channel_ops {
	/* A message that is in the table.  ERR_SYNTAX costs the peer the
	 * channel; any other value is ignored. */
	enum err (*on_message)(
	    void *ctx, struct channel *c, const struct channel_message *m);
	/* The peer is gone or was cut off.  The fd is closed already. */
	void (*on_closed)(void *ctx, struct channel *c);
};

/* An answer to channel_request: e is ERR_OK with body, or the error with f
 * (ERR_TIMEOUT, ERR_CLOSED, or what the peer refused with: ERR_DENIED). */
typedef void channel_answer(
    void *ctx, enum err e, struct slice body, const struct fault *f);

/* A pair of connected descriptors, close-on-exec. */
enum err MUST_USE channel_pair(int fds[2]);

/* Takes fd.  self and peer select the rows of the message table. */
struct channel *channel_new(int fd, enum role self, enum role peer,
    uint32_t peer_instance, const struct channel_ops *ops, void *ctx);
void channel_free(struct channel *c); /* NULL is allowed */

void channel_start(struct channel *c, struct ev_loop *loop);
void channel_close(struct channel *c); /* on_closed is not called */
bool channel_is_open(const struct channel *c);
/* The same, asking the kernel: a peer that died a moment ago is seen before
 * the loop tells. */
bool channel_is_alive(struct channel *c);
/* Nothing waits to be sent, and no answer is awaited. */
bool channel_is_idle(const struct channel *c);
/* The descriptor, for who will go on with it in another program's life; it
 * stays the channel's. */
int channel_fd(const struct channel *c);
enum role channel_peer(const struct channel *c);

/*
 * Sends; on the loop it queues what does not fit now.  fds stay the caller's.
 * ERR_CLOSED, ERR_TOO_BIG.
 */
enum err channel_send(struct channel *c, enum message type, struct slice body,
    const int *fds, size_t n_fds);
enum err channel_answer_ok(
    struct channel *c, uint32_t number, struct slice body);
enum err channel_refuse(
    struct channel *c, uint32_t number, const struct fault *f);

/* Asks; `done` is called once, from the loop, also on time-out or loss. */
void channel_request(struct channel *c, enum message type, struct slice body,
    int timeout_ms, channel_answer *done, void *ctx);

/*
 * Asks and waits, at most timeout_ms.  The answer's body is put in *answer
 * (initialised by the caller with its limit).  ERR_TIMEOUT (a late answer is
 * dropped when it comes), ERR_CLOSED, ERR_DENIED and *f when refused.
 */
enum err MUST_USE channel_call(struct channel *c, enum message type,
    struct slice body, int timeout_ms, struct buf *answer, struct fault *f);

#endif
