#ifndef BASE_RATE_H
#define BASE_RATE_H
/*
 * How often each of very many clients may ask, counted once for all processes
 * that map the table: the generic cell rate algorithm, which needs one number
 * for a client, the time at which it will have used up nothing of its
 * allowance.  That number and a tag of the client are one atomic word, so
 * there are no locks, and who dies half-way leaves nothing behind.
 *
 * A client's word is one of a bucket's four; when all are in use the one that
 * is forgotten is that of the client who has asked least.
 *
 * Owned by: a memory file (base/limits.h).   Freed by: it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define RATE_WAYS    4
#define RATE_BUCKETS (1u << 16)

struct rate_table {
	_Atomic uint64_t words[RATE_BUCKETS * RATE_WAYS]; /* 0: free */
};

/* All together less than RATE_MAX_US. */
struct rate {
	int64_t every_us; /* one request each; at least 1 */
	int64_t burst_us; /* that may have been used ahead of time: one less
			   * than the requests that may come at once, times
			   * every_us */
};

#define RATE_MAX_US (INT64_C(1) << 42)

/*
 * "100/s", "600/m", "1000/h": so many in a second, a minute or an hour, and as
 * many at once; "100/s:20": 20 at once.  ERR_SYNTAX.
 */
enum err MUST_USE rate_parse(struct slice text, struct rate *out);

/*
 * Takes one from the allowance of the client with this hash.  False: nothing
 * is left, and *wait_us is how long until there is.  now_us: of a clock that
 * all processes share and that never goes back.
 */
bool rate_take(struct rate_table *t, uint64_t hash, const struct rate *r,
    int64_t now_us, int64_t *wait_us);

#endif
