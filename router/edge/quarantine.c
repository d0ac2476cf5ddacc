#include "router/edge/quarantine.h"

bool
quarantine_allows(const struct quarantine *q, int64_t now_ms)
{
	return q->failures == 0 || (now_ms >= q->until_ms && !q->is_probing);
}

void
quarantine_sent(struct quarantine *q)
{
	q->is_probing = q->failures > 0;
}

static void
fail(struct quarantine *q, int64_t now_ms, bool answers)
{
	int64_t pause = QUARANTINE_MAX_MS;

	/* requests that were under way together fail together: once counts */
	if (q->failures > 0 && !q->is_probing && now_ms < q->until_ms)
		return;
	if (q->failures < 5)
		pause = (int64_t)QUARANTINE_FIRST_MS << q->failures;
	q->failures++;
	q->until_ms = now_ms + pause;
	q->is_probing = false;
	q->answers = answers;
}

void
quarantine_failed(struct quarantine *q, int64_t now_ms)
{
	fail(q, now_ms, false);
}

void
quarantine_answered_badly(struct quarantine *q, int64_t now_ms)
{
	if (++q->bad >= QUARANTINE_BAD || q->is_probing)
		fail(q, now_ms, true);
}

void
quarantine_worked(struct quarantine *q, int64_t now_ms)
{
	if (q->failures > 0)
		q->back_ms = now_ms;
	q->failures = 0;
	q->bad = 0;
	q->is_probing = false;
}

void
quarantine_undecided(struct quarantine *q)
{
	q->is_probing = false;
}
