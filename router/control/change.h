#ifndef ROUTER_CONTROL_CHANGE_H
#define ROUTER_CONTROL_CHANGE_H
/*
 * A transaction together with what must follow its commit, in this order: the
 * change counters of what it touched are bumped (from then on every worker
 * reads anew), followers get its events, orders end, DNS is looked at, orders
 * begin.  The caller is answered after all of that.
 *
 * Owned by: struct control (one change at a time).   Freed by: change_clear.
 */
#include "base/buf.h"
#include "base/fault.h"

struct control;

struct change {
	struct buf touched;   /* keys of change counters, each ended by NUL */
	struct buf checks;    /* hosts to look at */
	struct buf orders;    /* hosts to order for */
	struct buf cancels;   /* hosts whose orders end */
	struct buf names;     /* hosts of backends */
	struct buf fallbacks; /* hosts to look at, by fallback.h */
};

void change_init(struct change *ch);
void change_clear(struct change *ch);

/* S19 when the store cannot be written. */
enum err MUST_USE change_begin(struct control *c, struct fault *f);
enum err MUST_USE change_commit(struct control *c, struct fault *f);
void change_abort(struct control *c); /* also when none is open */

#define CHANGE_APP_KEY "app:"

/* A host as stored, or "app:" and a name: workers read it anew. */
void change_touch(struct control *c, const char *key);
void change_touch_app(struct control *c, const char *name);
void change_check(struct control *c, const char *host);
void change_order(struct control *c, const char *host);
void change_cancel(struct control *c, const char *host);
void change_fallback(struct control *c, const char *host);
void change_name(struct control *c, const char *host); /* names_watch */
/* What was asked for so far need not follow: it was undone. */
void change_forget(struct control *c);

/*
 * A part of the change that can be undone by itself (a line of an import).
 * What a part touched before it was undone is bumped all the same: harmless.
 */
enum err MUST_USE change_part_begin(struct control *c);
enum err MUST_USE change_part_keep(struct control *c);
enum err MUST_USE change_part_undo(struct control *c);

#endif
