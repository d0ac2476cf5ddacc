#include "router/edge/h2_limits.h"

#define TOKEN 1000

/* Tokens at most, and new ones for each second. */
struct rate {
	int64_t burst, per_second;
};

static const struct rate resets = {200, 20};
static const struct rate noise = {2000, 100};

#define SENT_TOKENS 2   /* given back for a frame of a body: two windows */
#define SENT_LEAST  512 /* bytes that are no dribble */

static void
fill(struct h2_bucket *b, const struct rate *r, int64_t tokens)
{
	b->tokens += tokens;
	if (b->tokens > r->burst * TOKEN)
		b->tokens = r->burst * TOKEN;
}

static bool
take(struct h2_bucket *b, const struct rate *r, int64_t now_ms)
{
	int64_t passed = now_ms - b->at_ms;

	/* beyond it the bucket is full, whatever it was: no overflow */
	if (passed > TOKEN * r->burst)
		passed = TOKEN * r->burst;
	if (passed > 0) {
		fill(b, r, passed * r->per_second);
		b->at_ms = now_ms;
	}
	if (b->tokens < TOKEN)
		return false;
	b->tokens -= TOKEN;
	return true;
}

void
h2_limits_init(struct h2_limits *l, int64_t now_ms)
{
	l->resets = (struct h2_bucket){now_ms, resets.burst * TOKEN};
	l->noise = (struct h2_bucket){now_ms, noise.burst * TOKEN};
}

bool
h2_limits_reset(struct h2_limits *l, int64_t now_ms)
{
	return take(&l->resets, &resets, now_ms);
}

bool
h2_limits_noise(struct h2_limits *l, int64_t now_ms)
{
	return take(&l->noise, &noise, now_ms);
}

void
h2_limits_sent(struct h2_limits *l, uint64_t n, bool is_whole)
{
	if (n >= SENT_LEAST || (n > 0 && is_whole))
		fill(&l->noise, &noise, SENT_TOKENS * TOKEN);
}
