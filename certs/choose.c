#include "certs/choose.h"

#define SOURCE(s) (1u << (s))

static bool
is_valid(const struct candidate *c, int64_t now)
{
	return c->not_before <= now && now <= c->not_after;
}

/* Of two that are both valid the one stored last: a renewal replaces. */
static bool
is_stored_later(const struct candidate *a, const struct candidate *b)
{
	return a->certificate_id > b->certificate_id;
}

static bool
ends_later(const struct candidate *a, const struct candidate *b)
{
	return a->not_after > b->not_after;
}

/* A step of the order: the best candidate of these sources, n if none. */
struct step {
	unsigned sources;
	bool must_be_valid;
	bool (*is_better)(const struct candidate *, const struct candidate *);
};

static const struct step steps[] = {
    {SOURCE(CANDIDATE_CUSTOM), true, is_stored_later},
    {SOURCE(CANDIDATE_AUTOMATIC), true, is_stored_later},
    {SOURCE(CANDIDATE_WILDCARD), true, is_stored_later},
    {SOURCE(CANDIDATE_PLATFORM), true, is_stored_later},
    {SOURCE(CANDIDATE_CUSTOM) | SOURCE(CANDIDATE_AUTOMATIC), false, ends_later},
    {SOURCE(CANDIDATE_WILDCARD), false, ends_later},
    {SOURCE(CANDIDATE_PLATFORM), false, ends_later},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static size_t
take_step(
    const struct step *step, const struct candidate *c, size_t n, int64_t now)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		if (!c[i].covers || (SOURCE(c[i].source) & step->sources) == 0)
			continue;
		if (step->must_be_valid && !is_valid(&c[i], now))
			continue;
		if (best == n || step->is_better(&c[i], &c[best]))
			best = i;
	}
	return best;
}

static enum serving
serving_of(enum candidate_source source)
{
	switch (source) {
	case CANDIDATE_CUSTOM:
		return SERVING_CUSTOM;
	case CANDIDATE_AUTOMATIC:
	case CANDIDATE_WILDCARD:
		return SERVING_AUTOMATIC;
	case CANDIDATE_PLATFORM:
		break;
	}
	return SERVING_PLATFORM;
}

struct choice
choose(const struct candidate *candidates, size_t n, int64_t now)
{
	for (size_t s = 0; s < STEPS; s++) {
		size_t i = take_step(&steps[s], candidates, n, now);

		if (i < n)
			return (struct choice){serving_of(candidates[i].source),
			    i, !steps[s].must_be_valid};
	}
	return (struct choice){SERVING_PLACEHOLDER, n, false};
}

int64_t
choose_changes_at(const struct candidate *candidates, size_t n, int64_t now)
{
	int64_t next = 0;

	for (size_t i = 0; i < n; i++) {
		const struct candidate *c = &candidates[i];
		const int64_t edges[] = {c->not_before,
		    c->not_after == INT64_MAX ? INT64_MAX : c->not_after + 1};

		for (size_t e = 0; c->covers && e < 2; e++) {
			if (edges[e] > now && (next == 0 || edges[e] < next))
				next = edges[e];
		}
	}
	return next;
}

const char *
serving_text(enum serving s)
{
	static const char *const texts[] = {
	    [SERVING_CUSTOM] = "custom",
	    [SERVING_AUTOMATIC] = "automatic",
	    [SERVING_PLATFORM] = "platform",
	    [SERVING_PLACEHOLDER] = "placeholder",
	};

	return texts[s];
}
