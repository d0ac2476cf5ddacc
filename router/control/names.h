#ifndef ROUTER_CONTROL_NAMES_H
#define ROUTER_CONTROL_NAMES_H
/*
 * Host names of backends.  A name is resolved when a backend is added by it,
 * and again whenever what DNS said has expired (not before NAMES_TTL_MIN_S, nor
 * later than NAMES_TTL_MAX_S); all its addresses become targets of the backends
 * that are named by it (router/control/backend.h).  While DNS fails, the
 * addresses of before stay, and the backend has a fault that says so.
 *
 * Owned by: control.   Freed by: names_free.
 */
#include "acme/dns/dns.h"
#include "base/list.h"

#define NAMES_TTL_MIN_S 5
#define NAMES_TTL_MAX_S 300
#define NAMES_WAIT_S    3. /* that an API call waits for an answer */
#define NAMES_BACKOFF_S 60 /* between looks at a name that fails, at most */
#define NAMES_MAX       20000
#define NAMES_UNDER_WAY 100

struct control;
struct names;

/* What is known of a name. */
struct name_answer {
	const struct addr *addresses; /* port 0 */
	size_t n;                     /* 0: none ever */
	/* Why the last look gave none; NULL: it did, or there was none yet. */
	const char *why;
};

struct names *names_new(struct control *c);
void names_free(struct names *ns);

/* Begins. */
void names_start(struct control *c);
/* All that the store has are watched. */
void names_watch_all(struct control *c);

/* After a commit: there is a backend of that name. */
void names_watch(struct control *c, const char *host);

/* Who waits for an answer; embedded. */
struct names_wait {
	struct list link;
	void (*done)(struct names_wait *w);
	void *ctx; /* its owner's */
};

/* Looks now, unless that was done within the last seconds; done: once, maybe
 * before this returns. */
void names_ask(struct control *c, const char *host, struct names_wait *w,
    void (*done)(struct names_wait *w));
void names_wait_no_more(struct names_wait *w); /* also when done */

/* Nothing is known of it: all fields empty. */
struct name_answer names_get(const struct control *c, const char *host);

#endif
