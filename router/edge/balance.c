#include "router/edge/balance.h"

static unsigned
usable_weight(const struct balance_item *item)
{
	return item->is_excluded ? 0 : item->weight;
}

static uint32_t
total_weight(const struct balance_item *items, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += usable_weight(&items[i]);
	return sum;
}

/* The item in whose share of the whole weight `at` falls. */
static size_t
item_at(const struct balance_item *items, size_t n, uint32_t at)
{
	for (size_t i = 0; i < n; i++) {
		unsigned w = usable_weight(&items[i]);

		if (at < w)
			return i;
		at -= w;
	}
	return BALANCE_NONE;
}

/* a / weight(a) < b / weight(b), without dividing. */
static bool
is_less_busy(const struct balance_item *a, const struct balance_item *b)
{
	return (uint64_t)a->active * b->weight <
	       (uint64_t)b->active * a->weight;
}

/* Two draws by weight without replacement: with two backends both are seen. */
static size_t
pick_random2(const struct balance_item *items, size_t n, uint32_t weight,
    struct random *random)
{
	size_t a = item_at(items, n, random_below(random, weight)), b;
	uint32_t rest = weight - items[a].weight, at;

	if (rest == 0)
		return a;
	at = random_below(random, rest);
	for (b = 0; b < n; b++) {
		unsigned w = b == a ? 0 : usable_weight(&items[b]);

		if (at < w)
			break;
		at -= w;
	}
	return is_less_busy(&items[b], &items[a]) ? b : a;
}

/* Equals are told apart by chance, or the first would get every burst. */
static size_t
pick_least(const struct balance_item *items, size_t n, struct random *random)
{
	size_t best = BALANCE_NONE, start = random_below(random, (uint32_t)n);

	for (size_t k = 0; k < n; k++) {
		size_t i = (start + k) % n;

		if (usable_weight(&items[i]) == 0)
			continue;
		if (best == BALANCE_NONE ||
		    is_less_busy(&items[i], &items[best]))
			best = i;
	}
	return best;
}

/* Everybody earns its weight, and who has most pays for all. */
static size_t
pick_in_turn(struct balance_item *items, size_t n, uint32_t weight)
{
	size_t best = BALANCE_NONE;

	for (size_t i = 0; i < n; i++) {
		if (usable_weight(&items[i]) == 0)
			continue;
		*items[i].credit += items[i].weight;
		if (best == BALANCE_NONE ||
		    *items[i].credit > *items[best].credit)
			best = i;
	}
	*items[best].credit -= weight;
	return best;
}

size_t
balance_pick(enum balance how, struct balance_item *items, size_t n,
    struct random *random)
{
	uint32_t weight = total_weight(items, n);

	if (weight == 0)
		return BALANCE_NONE;
	switch (how) {
	case BALANCE_RANDOM2:
		return pick_random2(items, n, weight, random);
	case BALANCE_LEAST:
		return pick_least(items, n, random);
	case BALANCE_ROUNDROBIN:
		return pick_in_turn(items, n, weight);
	}
	return BALANCE_NONE;
}

unsigned
balance_share(int64_t age_ms, int64_t ramp_ms)
{
	if (age_ms < 0 || age_ms >= ramp_ms)
		return BALANCE_FULL;
	return BALANCE_COLD +
	       (unsigned)(age_ms * (BALANCE_FULL - BALANCE_COLD) / ramp_ms);
}
