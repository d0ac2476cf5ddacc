#ifndef BASE_CHILD_H
#define BASE_CHILD_H
/*
 * What every child of towpathd does alike, in five beats:
 *
 *   1. it begins with its channel to the parent on descriptor 3;
 *   2. the parent sets it up (MSG_SETUP, a MSG_PEER for each neighbour);
 *   3. at MSG_START it enters its sandbox and announces itself (MSG_READY);
 *   4. it serves on its loop until told to drain, or until it is orphaned;
 *   5. it cleans up, and the process's main returns the exit status.
 *
 *   int
 *   worker_main(uint32_t instance)
 *   {
 *           struct worker w = {0};
 *
 *           w.child = child_new(ROLE_WORKER, instance, &ops, &w);
 *           status = child_run(w.child);
 *           ... free what w owns ...
 *           child_free(w.child);
 *           return status;
 *   }
 *
 * All callbacks come from the loop.  Signals are the parent's to act on: they
 * are ignored here, SIGTERM too while the parent lives (a terminal or a service
 * manager may send them to all).
 *
 * Owned by: the role's *_main.   Freed by: child_free.
 */
#include <ev.h>

#include "base/channel.h"
#include "base/fault.h"
#include "base/messages.h"

struct child;

struct child_ops {
	/*
	 * MSG_SETUP: `config` (router/config.h) is a loan; descriptors in the
	 * order of base/messages.h, taken by setting them to -1, the rest is
	 * closed.  Open here all that needs opening: the sandbox follows.  Not
	 * ERR_OK: MSG_FAILED with *f, and the process ends with status 2.
	 */
	enum err (*on_setup)(void *ctx, struct slice config, int *fds,
	    size_t n_fds, struct fault *f);
	/* A fresh channel to a peer; takes fd.  Before on_start for each peer
	 * that there is, and again, at any time, when one was started anew:
	 * it replaces the older one. */
	void (*on_peer)(void *ctx, enum role role, uint32_t instance, int fd);
	/*
	 * In the sandbox now: begin to serve.  ERR_OK: MSG_READY is sent.
	 * ERR_AGAIN: not yet, child_ready is called when it is.  Else as
	 * on_setup.
	 */
	enum err (*on_start)(void *ctx, struct fault *f);
	/* MSG_DRAIN: accept no more, finish within ms, then child_exit; again:
	 * within another ms.  is_replaced: others go on in its place.  NULL:
	 * the child ends at once. */
	void (*on_drain)(void *ctx, uint32_t ms, bool is_replaced);
	/* MSG_REOPEN; takes fd.  NULL: not for this role. */
	void (*on_reopen)(void *ctx, int fd);
	/* MSG_CONFIG, a loan, and MSG_LISTEN's body and descriptors, taken by
	 * setting them to -1; after MSG_READY.  ERR_SYNTAX when malformed.
	 * NULL: not for this role. */
	enum err (*on_config)(void *ctx, struct slice config);
	enum err (*on_listen)(
	    void *ctx, struct slice body, int *fds, size_t n_fds);
	/* MSG_RESTARTS, at any time.  NULL: not for this role. */
	void (*on_restarts)(void *ctx, const uint64_t counts[ROLES]);
	/*
	 * The parent is gone (its channel closed, or SIGTERM by the kernel;
	 * told once).  A worker closes its listeners at once and drains within
	 * its configuration's drain_timeout; keys live as long as their peer.
	 * NULL: the child ends at once.
	 */
	void (*on_orphaned)(void *ctx);
};

/* Hardens the process, makes the loop; call it first.  ctx is a loan. */
struct child *child_new(
    enum role role, uint32_t instance, const struct child_ops *ops, void *ctx);
void child_free(struct child *c); /* after what hangs on the loop */

/* Of the binary's replacements; told by the set-up, 1 at first. */
uint32_t child_generation(const struct child *c);

struct ev_loop *child_loop(const struct child *c);

/* Runs the loop until child_exit; returns the exit status. */
int child_run(struct child *c);

void child_ready(struct child *c);            /* sends MSG_READY, once */
void child_exit(struct child *c, int status); /* ends child_run */
bool child_is_orphan(const struct child *c);

#endif
