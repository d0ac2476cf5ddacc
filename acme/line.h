#ifndef ACME_LINE_H
#define ACME_LINE_H
/*
 * Who is ordered for first, and when the others shall come again: pure.
 */
#include <stdbool.h>
#include <stdint.h>

/* needed_at: when a name will be without a certificate; 0: it has none. */

/* So near its end that it may push in. */
bool line_is_urgent(int64_t needed_at, int64_t now);

/* Certificates near their end come first, soonest first: a site that works is
 * not to break.  Then names that have none, then the rest, soonest first. */
bool line_precedes(int64_t needed_at, int64_t other, int64_t now);

/*
 * Gives those who cannot be served now one turn after the other, so that not
 * all of a hundred thousand come back for the same one.
 */
struct line_turns {
	int64_t last_ms; /* the latest that was given */
};

#define LINE_AHEAD_MAX_MS (INT64_C(6) * 86400 * 1000)

/* Not before from_ms, step_ms behind the one before; wall clock.  Whoever
 * would have to wait for more than LINE_AHEAD_MAX_MS comes by then. */
int64_t line_turn(
    struct line_turns *turns, int64_t from_ms, int64_t step_ms, int64_t now_ms);

#endif
