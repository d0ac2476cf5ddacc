#ifndef ROUTER_EDGE_STREAM_H
#define ROUTER_EDGE_STREAM_H
/*
 * A connected stream socket on the loop, the client's or a backend's: the only
 * owner of its descriptor and watcher.  It moves bytes and knows no protocol.
 *
 * Reading: into one buffer of the worker, so that an idle connection holds
 * none; what on_bytes is given is a loan and must be used or copied.  One
 * recv for each time the loop says so: a short read means drained.
 *
 * Writing: gathered in one buffer of the worker, sent at once at the end of the
 * loop's round or when another stream writes; what the kernel does not take
 * waits in `out`, and on_room tells when some of it has gone.  Writing never
 * fails: an error shows when reading.
 *
 * Which events are wanted is computed in stream_update alone.
 *
 * All callbacks come from the loop (or stream_io_settle), never from within
 * another call of this file.
 *
 * Owned by: whoever embeds it.   Freed by: stream_close.
 */
#include <ev.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/list.h"

#define STREAM_IO_SIZE (64 * 1024)
/* Who writes more than this beyond what the kernel takes should stop reading
 * its source (stream_is_full). */
#define STREAM_HIGH_WATER       (64 * 1024)
#define STREAM_HIGH_WATER_SMALL (8 * 1024)    /* while memory is short */
#define STREAM_OUT_MAX          (1024 * 1024) /* far beyond it: a bug, or abuse */

struct stream;

/* The worker's buffers, shared by all its streams. */
struct stream_io {
	struct ev_loop *loop;
	struct stream *writer; /* whose bytes are gathered; NULL: nobody's */
	struct list refused;   /* streams whose writing has failed just now */
	struct list paused;    /* of those that want to hear of a reset */
	struct ev_timer tick;  /* while there are such */
	bool is_small;         /* memory is short: less is buffered */
	uint64_t n_received;   /* bytes, by all */
	size_t n_gathered;
	char gathered[STREAM_IO_SIZE];
	char received[STREAM_IO_SIZE];
};

struct stream_ops {
	void (*on_bytes)(struct stream *s, struct slice bytes);
	/* Connected, or some of what waited has gone. */
	void (*on_room)(struct stream *s);
	/* Nothing more will come.  ERR_CLOSED: in good order; ERR_PEER: reset,
	 * which may follow on the former, when writing fails later;
	 * of a connecting one ERR_DENIED: refused, ERR_IO: not reachable. */
	void (*on_end)(struct stream *s, enum err why);
	/* on_end also tells, soon, of a reset while nothing is read or
	 * written; what had come before is lost then. */
	bool tells_resets;
};

struct stream {
	struct ev_io watcher;
	struct stream_io *io;
	const struct stream_ops *ops;
	struct list refused; /* in io->refused, until told */
	struct list paused;  /* in io->paused */
	struct buf out;
	int wanted; /* events of the watcher */
	bool is_connecting;
	bool is_paused;  /* the owner takes no bytes now */
	bool is_ended;   /* on_end was told */
	bool is_refused; /* writing failed: the rest is thrown away */
	bool has_sent;   /* something was handed to the kernel */
	bool is_shut;    /* no more will be written: a FIN behind `out` */
};

struct stream_io *stream_io_new(struct ev_loop *loop);
void stream_io_free(struct stream_io *io);
/* From now on full streams are full earlier, or as before. */
void stream_io_be_small(struct stream_io *io, bool is_small);
/* Sends what is gathered. */
void stream_io_flush(struct stream_io *io);
/* Before the loop waits: flushes, and tells those whose writing failed.  False
 * when there was nothing to do. */
bool stream_io_settle(struct stream_io *io);

/* Takes fd (non-blocking, connected). */
void stream_open(struct stream *s, struct stream_io *io, int fd,
    const struct stream_ops *ops);

/* Begins to connect; on_room or on_end tells.  ERR_DENIED: refused; ERR_IO: no
 * way there; ERR_AGAIN: no descriptor, port or memory is left here. */
enum err MUST_USE stream_connect(struct stream *s, struct stream_io *io,
    const struct addr *to, const struct stream_ops *ops);

/* Sends what is gathered, closes.  Safe when it is closed already. */
void stream_close(struct stream *s);
bool stream_is_open(const struct stream *s);

void stream_write(struct stream *s, struct slice bytes);
/* Forgets what was written, if none of it has been sent: else false. */
bool stream_take_back(struct stream *s);
bool stream_is_full(const struct stream *s);
/* Everything written has been taken by the kernel. */
bool stream_is_drained(const struct stream *s);
/* Closing will be a reset: the peer shall not take it for a good end. */
void stream_reset_on_close(struct stream *s);
/* Nothing more will be written: a FIN after what is there. */
void stream_shut_down(struct stream *s);

void stream_pause(struct stream *s, bool paused);

/* Where this end of it is.  False: not known any more. */
bool stream_local_addr(const struct stream *s, struct addr *out);

/* Nothing has come that was not read yet, not even the end: one system call,
 * for who is about to say what can be said only once. */
bool stream_is_quiet(const struct stream *s);

#endif
