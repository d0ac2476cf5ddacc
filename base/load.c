#include "base/load.h"

#include <stddef.h>

/* A word: 40 bits of tag, then 24 bits of count. */
#define COUNT_BITS 24
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)

static uint64_t
tag_of(uint64_t hash)
{
	return hash >> COUNT_BITS;
}

void
load_add(struct load_page *p, uint64_t hash, int change)
{
	_Atomic uint64_t *bucket = &p->words[hash % LOAD_BUCKETS * LOAD_WAYS];
	_Atomic uint64_t *at = NULL;
	int64_t count = 0;

	for (size_t i = 0; i < LOAD_WAYS; i++) {
		uint64_t word =
		    atomic_load_explicit(&bucket[i], memory_order_relaxed);

		if ((word & COUNT_MASK) == 0) {
			if (at == NULL)
				at = &bucket[i];
		} else if (word >> COUNT_BITS == tag_of(hash)) {
			at = &bucket[i];
			count = (int64_t)(word & COUNT_MASK);
			break;
		}
	}
	count += change;
	if (at != NULL && count >= 0 && count <= (int64_t)COUNT_MASK)
		atomic_store(at, tag_of(hash) << COUNT_BITS | (uint64_t)count);
}

uint32_t
load_get(const struct load_page *p, uint64_t hash)
{
	const _Atomic uint64_t *bucket =
	    &p->words[hash % LOAD_BUCKETS * LOAD_WAYS];

	for (size_t i = 0; i < LOAD_WAYS; i++) {
		uint64_t word = atomic_load(&bucket[i]);

		if ((word & COUNT_MASK) != 0 &&
		    word >> COUNT_BITS == tag_of(hash))
			return (uint32_t)(word & COUNT_MASK);
	}
	return 0;
}
