#ifndef ROUTER_EDGE_WORKER_H
#define ROUTER_EDGE_WORKER_H
/*
 * The state of one worker process, made in worker_proc.c and passed down.  What
 * hangs on it is a tree: listeners, connections, their exchanges; backends and
 * the connections to them; caches over the store.
 */
#include "base/child.h"
#include "base/db.h"
#include "base/limits.h"
#include "base/shared.h"
#include "certs/keyring.h"
#include "router/config.h"
#include "router/edge/access_log.h"
#include "router/edge/app.h"
#include "router/edge/memory.h"
#include "router/edge/queue.h"
#include "router/edge/readers.h"
#include "router/edge/site.h"
#include "router/edge/snapshot.h"
#include "router/edge/stream.h"
#include "router/edge/taps.h"

struct tls;
struct tls_certificates;
struct listeners;
struct h2_scratch;

struct worker {
	struct child *child;
	struct ev_loop *loop;
	uint32_t seat;        /* among all workers (router/config.h) */
	struct config config; /* a loan of the snapshot's */
	struct snapshot *snapshot;
	/* shared with other processes */
	struct shared *shared;
	struct stats_page *stats;
	struct limits *limits; /* counted with the other workers */
	struct db *db;
	struct keyring *keyring;
	struct channel *keys, *control; /* NULL: away */
	/* read on demand */
	struct sites sites;
	struct apps apps;
	struct pages pages;
	struct backends backends;
	struct queues queues; /* requests that wait for one */
	struct tls_certificates *certificates;
	/* moving bytes */
	struct stream_io *io;
	struct tls *tls;
	struct random random;
	struct readers readers;
	struct buf scratch; /* one message head, while it is written */
	struct access_log *log;
	/* what is kept of requests */
	struct recent *recent;
	struct taps taps;
	struct traffic traffic; /* of all of them */
	/* clients */
	struct listeners *listeners;
	struct list conns, closed; /* of conn.c */
	struct list woken;         /* have something to do at settle */
	struct list parked;        /* handshakes that wait for keys */
	struct list half_open;     /* are not open yet (half_open.h) */
	size_t n_conns, n_parked, n_half_open;
	struct memory memory;
	/* requests and backends */
	struct list free_exchanges; /* warm, to be used again */
	size_t n_free_exchanges;
	struct h2_scratch *h2_scratch; /* of all sessions */
	struct list free_h2_streams;   /* likewise */
	size_t n_free_h2_streams;
	struct list woken_upstreams, closed_upstreams;
	size_t n_idle, max_idle; /* connections to all backends together */
	bool is_draining;
	bool is_replaced; /* it drains, and others serve on in its place */
};

#endif
