#include "base/histogram.h"

/* The first value, in units, of a bucket. */
static uint64_t
begin_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	shift = bucket / HISTOGRAM_STEPS - 1;
	return (uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << shift;
}

uint64_t
histogram_end(unsigned bucket)
{
	return begin_of(bucket + 1) << HISTOGRAM_UNIT_BITS;
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->counts[i] += from->counts[i];
}

uint64_t
histogram_count(const struct histogram *h)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		n += h->counts[i];
	return n;
}

uint64_t
histogram_quantile(const struct histogram *h, double share)
{
	uint64_t n = histogram_count(h), below = 0, wanted;

	if (n == 0)
		return 0;
	wanted = (uint64_t)((double)n * share);
	if (wanted >= n)
		wanted = n - 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += h->counts[i];
		if (below > wanted)
			return ((begin_of(i) << HISTOGRAM_UNIT_BITS) +
				   histogram_end(i)) /
			       2;
	}
	return 0;
}

void
histogram_put(struct buf *b, const struct histogram *h)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		n += h->counts[i] != 0;
	wire_put_u32(b, n);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (h->counts[i] == 0)
			continue;
		wire_put_u32(b, i);
		wire_put_u32(b, h->counts[i]);
	}
}

void
histogram_read(struct wire *w, struct histogram *into)
{
	uint32_t n = wire_u32(w);

	for (uint32_t i = 0; i < n && !w->bad; i++) {
		uint32_t bucket = wire_u32(w), count = wire_u32(w);

		if (bucket >= HISTOGRAM_BUCKETS)
			w->bad = true;
		else
			into->counts[bucket] += count;
	}
}
