#include "base/rate.h"

#include <stddef.h>

/* A word: 20 bits of tag, then 44 bits of time in microseconds, which come
 * round after 203 days. */
#define TIME_BITS 44
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
/* So many processes at one word at one moment are not to be expected. */
#define TRIES_MAX 1000
/* Of requests, in a period and at once. */
#define RATE_N_MAX 1000000

enum err
rate_parse(struct slice text, struct rate *out)
{
	struct slice number, period = text, burst;
	uint64_t n, at_once;
	int64_t second = 1000000, length;

	if (!slice_cut(&period, '/', &number) || period.p == NULL ||
	    slice_to_u64(number, &n) != ERR_OK || n < 1 || n > RATE_N_MAX)
		return ERR_SYNTAX;
	burst = period;
	(void)slice_cut(&burst, ':', &period);
	at_once = n;
	if (burst.p != NULL && slice_to_u64(burst, &at_once) != ERR_OK)
		return ERR_SYNTAX;
	if (slice_eq(period, SLICE("s")))
		length = second;
	else if (slice_eq(period, SLICE("m")))
		length = 60 * second;
	else if (slice_eq(period, SLICE("h")))
		length = 3600 * second;
	else
		return ERR_SYNTAX;
	if (at_once < 1 || at_once > RATE_N_MAX ||
	    (int64_t)at_once * (length / (int64_t)n) >= RATE_MAX_US)
		return ERR_SYNTAX;
	out->every_us = length / (int64_t)n;
	out->burst_us = ((int64_t)at_once - 1) * out->every_us;
	return ERR_OK;
}

static uint64_t
word_of(uint64_t tag, int64_t time)
{
	return tag << TIME_BITS | ((uint64_t)time & TIME_MASK);
}

/* How far the word's time is ahead of now; 0 when it is past, or so far off
 * that it must have been left there by an earlier round. */
static int64_t
ahead_of(uint64_t word, int64_t now_us)
{
	int64_t ahead = (int64_t)((word - (uint64_t)now_us) & TIME_MASK);

	return ahead < RATE_MAX_US ? ahead : 0;
}

/* The client's word in its bucket, else the one that it may have. */
static _Atomic uint64_t *
find(_Atomic uint64_t *bucket, uint64_t tag, int64_t now_us, uint64_t *value,
    bool *is_own)
{
	_Atomic uint64_t *best = NULL;
	int64_t least = 0;

	for (size_t i = 0; i < RATE_WAYS; i++) {
		uint64_t word =
		    atomic_load_explicit(&bucket[i], memory_order_relaxed);
		int64_t ahead = ahead_of(word, now_us);

		if (word >> TIME_BITS == tag) {
			*value = word;
			*is_own = true;
			return &bucket[i];
		}
		if (best == NULL || ahead < least) {
			best = &bucket[i];
			least = ahead;
			*value = word;
		}
	}
	*is_own = false;
	return best;
}

bool
rate_take(struct rate_table *t, uint64_t hash, const struct rate *r,
    int64_t now_us, int64_t *wait_us)
{
	_Atomic uint64_t *bucket = &t->words[hash % RATE_BUCKETS * RATE_WAYS];
	uint64_t tag = hash >> TIME_BITS;

	if (tag == 0)
		tag = 1; /* 0 is a free word */
	for (int i = 0; i < TRIES_MAX; i++) {
		uint64_t was = 0;
		bool is_own = false;
		_Atomic uint64_t *at = find(bucket, tag, now_us, &was, &is_own);
		int64_t ahead = is_own ? ahead_of(was, now_us) : 0;

		if (ahead > r->burst_us) {
			*wait_us = ahead - r->burst_us;
			return false;
		}
		if (atomic_compare_exchange_strong(
			at, &was, word_of(tag, now_us + ahead + r->every_us)))
			return true;
	}
	return true;
}
