#ifndef BASE_SHARED_H
#define BASE_SHARED_H
/*
 * What processes share without messages: memory files made by the parent.
 *
 * `struct shared` (one, written by control, read-only in workers): the change
 * counters and the ticket masters.  After a commit, control bumps the slot
 * that a host, app or token hashes to; a worker loads the slot *before* it
 * reads the store and compares it at every ClientHello and request; a
 * difference means read again.  So there are no notices and no stale read.
 *
 * `struct stats_page` (one per seat of a worker, written by who sits there,
 * summed by control).
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define SHARED_SLOTS       4096
#define TICKET_NAME_SIZE   16
#define TICKET_MASTER_SIZE 64

struct ticket_master {
	uint8_t name[TICKET_NAME_SIZE];     /* told apart on the wire */
	uint8_t secret[TICKET_MASTER_SIZE]; /* see router/edge/tickets.h */
	int64_t made_at;                    /* 0: none */
};

/* Another number for another form of what stands in these files: processes of
 * two versions share them during an upgrade. */
#define SHARED_LAYOUT 1

struct shared; /* the mapping; opaque, see the functions */

/* Parent: a new memory file of the right size; the fd is the caller's.
 * shared_fd_readonly opens it again for reading only. */
size_t shared_size(void);
enum err MUST_USE shared_create(int *fd);
enum err MUST_USE shared_fd_readonly(int fd, int *out);

/* Maps; read-only when writable is false.  The fd stays the caller's. */
enum err MUST_USE shared_map(int fd, bool writable, struct shared **out);
void shared_unmap(struct shared *s);

/*
 * The slot that `key` hashes to (the same in all processes), its value now,
 * and control's bump.  A key is e.g. a host as stored, "app:" and a name, or
 * "token:" and a token.
 */
unsigned shared_slot(struct slice key);
uint64_t shared_load(const struct shared *s, unsigned slot); /* acquire */
void shared_bump(struct shared *s, struct slice key);        /* release */
void shared_bump_all(struct shared *s);

/*
 * Ticket masters: [0] is used to make tickets, both to read them.  Control
 * rotates (daily); the reader gets a consistent copy (a sequence lock) or
 * ERR_AGAIN before the first rotation.
 */
void shared_rotate_master(struct shared *s, const struct ticket_master *next);
enum err MUST_USE shared_masters(
    const struct shared *s, struct ticket_master out[2]);

/* Why HTTP/2 connections are ended, as the edge's h2_limits.h says. */
#define STATS_HTTP2_ABUSES 6
extern const char *const stats_http2_abuses[STATS_HTTP2_ABUSES];

/* Plain counters of one worker; each is a running total or a gauge. */
struct stats_page {
	_Atomic uint64_t generation;       /* of the worker that sits there */
	_Atomic uint64_t connections_open; /* in whatever state */
	_Atomic uint64_t connections_serving, connections_closing; /* of them */
	_Atomic uint64_t connections_total;
	_Atomic uint64_t handshakes_full;
	_Atomic uint64_t handshakes_resumed;
	_Atomic uint64_t handshakes_full_tls12, handshakes_resumed_tls12;
	_Atomic uint64_t handshakes_failed;
	_Atomic uint64_t handshakes_refused; /* of them, without a session */
	_Atomic uint64_t http2_abuses[STATS_HTTP2_ABUSES];
	_Atomic uint64_t requests_total;
	_Atomic uint64_t requests_active;
	_Atomic uint64_t responses[6]; /* by first digit; [0] none */
	_Atomic uint64_t errors;       /* router lines at=error */
	_Atomic uint64_t bytes_in, bytes_out;
	_Atomic uint64_t store_reads;
	_Atomic uint64_t sites_cached;
	_Atomic uint64_t parked; /* handshakes waiting for keys */
	_Atomic uint64_t log_lines_dropped;
};

/* A file of n pages, one for each seat that a worker can have; maps page i. */
size_t stats_size(size_t n);
enum err MUST_USE stats_create(size_t n, int *fd);
enum err MUST_USE stats_map(
    int fd, size_t i, bool writable, struct stats_page **out);
/* A worker takes the seat: gauges begin anew, totals go on. */
void stats_begin(struct stats_page *p);
void stats_unmap(struct stats_page *p);

#endif
