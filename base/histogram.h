#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H
/*
 * How long things took, in fixed memory: counts in buckets that grow with what
 * they hold, HISTOGRAM_STEPS of them for each doubling, so that every quantile
 * is right within an eighth, from microseconds to a quarter of an hour.  What
 * is longer counts into the last bucket.
 *
 * Owned by: whoever embeds it.   Zeroed is empty.
 */
#include <stdint.h>

#include "base/wire.h"

#define HISTOGRAM_UNIT_BITS 4 /* the first buckets are 16 us wide */
#define HISTOGRAM_STEP_BITS 3
#define HISTOGRAM_STEPS     (1U << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_DOUBLINGS 23U /* of the first HISTOGRAM_STEPS buckets */
#define HISTOGRAM_BUCKETS   ((HISTOGRAM_DOUBLINGS + 1) * HISTOGRAM_STEPS)

struct histogram {
	uint32_t counts[HISTOGRAM_BUCKETS];
};

/* The bucket of a duration, and the first duration behind a bucket. */
static inline unsigned
histogram_bucket(uint64_t us)
{
	uint64_t v = us >> HISTOGRAM_UNIT_BITS;
	unsigned shift, bucket;

	if (v < HISTOGRAM_STEPS)
		return (unsigned)v;
	shift = 63U - (unsigned)__builtin_clzll(v) - HISTOGRAM_STEP_BITS;
	bucket = shift * HISTOGRAM_STEPS + (unsigned)(v >> shift);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}
uint64_t histogram_end(unsigned bucket);

static inline void
histogram_add(struct histogram *h, uint64_t us)
{
	h->counts[histogram_bucket(us)]++;
}
void histogram_merge(struct histogram *into, const struct histogram *from);
uint64_t histogram_count(const struct histogram *h);

/*
 * The duration in microseconds that a share of all (0.95) do not exceed: the
 * middle of the bucket where it lies.  0 of an empty one.
 */
uint64_t histogram_quantile(const struct histogram *h, double share);

/* On the wire only what is not 0: u32 n, n times u32 bucket, u32 count.
 * Reading adds to what is there. */
void histogram_put(struct buf *b, const struct histogram *h);
void histogram_read(struct wire *w, struct histogram *into);

#endif
