#ifndef ROUTER_EDGE_QUARANTINE_H
#define ROUTER_EDGE_QUARANTINE_H
/*
 * A backend that fails is left alone for a while, longer each time it fails
 * again: 1 s, 2 s, 4 s ... 30 s.  One that cannot be connected to has failed;
 * one that answers badly (not at all, not in time, not in HTTP, not to the end)
 * has failed at the third bad answer in a row: a single slow or broken page
 * tells nothing of the others.  When the while is over, one request may try it;
 * only when that one succeeds do the others follow.  Pure: time comes in.
 *
 * Owned by: whoever embeds it (zeroed).   Freed by: nothing to free.
 */
#include <stdbool.h>
#include <stdint.h>

#define QUARANTINE_FIRST_MS 1000
#define QUARANTINE_MAX_MS   30000
#define QUARANTINE_BAD      3 /* answers in a row */

struct quarantine {
	unsigned failures; /* in a row; 0: healthy */
	unsigned bad;      /* answers in a row */
	int64_t until_ms;  /* nothing is sent before */
	int64_t back_ms;   /* when it was last found well again; 0: never ill */
	bool is_probing;   /* one request is finding out */
	bool answers;      /* it failed by bad answers: there is somebody */
};

/* Whether a request may be sent there. */
bool quarantine_allows(const struct quarantine *q, int64_t now_ms);

/* A request is sent: if it is the one that finds out, remember that. */
void quarantine_sent(struct quarantine *q);

/* It could not be connected to. */
void quarantine_failed(struct quarantine *q, int64_t now_ms);
/* It answered badly. */
void quarantine_answered_badly(struct quarantine *q, int64_t now_ms);
void quarantine_worked(struct quarantine *q, int64_t now_ms);

/* The request ended without telling anything about the backend. */
void quarantine_undecided(struct quarantine *q);

#endif
