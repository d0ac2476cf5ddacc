#include "acme/line.h"

#define URGENT_S (INT64_C(2) * 86400)

enum rank {
	RANK_ENDING,
	RANK_BARE,
	RANK_REST
};

static enum rank
rank_of(int64_t needed_at, int64_t now)
{
	if (needed_at == 0)
		return RANK_BARE;
	return needed_at - now < URGENT_S ? RANK_ENDING : RANK_REST;
}

bool
line_is_urgent(int64_t needed_at, int64_t now)
{
	return rank_of(needed_at, now) == RANK_ENDING;
}

bool
line_precedes(int64_t needed_at, int64_t other, int64_t now)
{
	enum rank a = rank_of(needed_at, now), b = rank_of(other, now);

	return a != b ? a < b : needed_at < other;
}

int64_t
line_turn(
    struct line_turns *turns, int64_t from_ms, int64_t step_ms, int64_t now_ms)
{
	int64_t at = turns->last_ms + step_ms, end = now_ms + LINE_AHEAD_MAX_MS;

	if (at < from_ms || at > end + LINE_AHEAD_MAX_MS)
		at = from_ms; /* nobody waits, or the clock was set back */
	if (at > end)
		return end;
	turns->last_ms = at;
	return at;
}
