#ifndef ADMIN_TUI_LIVE_H
#define ADMIN_TUI_LIVE_H
/*
 * Keeps the model up to date: asks for status and domains again and again, at
 * once when the stream of events says that something happened, and tries again
 * by itself when the daemon is away.
 *
 * A large installation is never loaded whole: what needs a person first, then
 * at most MODEL_OTHERS_MAX others; and the pause grows with what a round
 * costs.
 *
 * Owned by: the console.   Freed by: live_free.
 */
#include <ev.h>

#include "admin-tui/client.h"
#include "admin-tui/model.h"

struct live;

/* changed: the model has changed.  event: something happened to that host. */
struct live_hooks {
	void (*changed)(void *ctx);
	void (*event)(void *ctx, const char *host);
	void *ctx;
};

struct live *live_new(struct ev_loop *loop, struct client *client,
    struct model *model, const struct live_hooks *hooks);
void live_free(struct live *l);

void live_refresh(struct live *l); /* soon, also when the daemon is away */

#endif
