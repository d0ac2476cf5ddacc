#ifndef ROUTER_EDGE_PACE_H
#define ROUTER_EDGE_PACE_H
/*
 * Whether a peer that is waited for moves its bytes at a rate worth waiting
 * for: one byte just before each deadline would hold a connection, and a
 * backend's, for ever (slow-request and slow-read attacks).
 *
 * Only time in which nobody but the peer is waited for counts.  When a window
 * of it is full, it must have moved a minimum, or is as good as idle.  Pure;
 * zeroed at first.
 */
#include <stdbool.h>
#include <stdint.h>

#define PACE_MIN 240. /* bytes a second: less than any modem */

struct pace {
	double since;    /* seconds, of any clock; 0: it is not waited for */
	double waited_s; /* in this window, until `since` */
	uint64_t mark;   /* total when the window began */
};

/* At each sign of life: the time, the peer's total so far, whether the peer is
 * what is waited for from now on.  False: it was too slow. */
bool pace_holds(
    struct pace *p, double now, uint64_t total, bool waits, double window_s);

#endif
