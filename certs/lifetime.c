#include "certs/lifetime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DAY            INT64_C(86400)
#define SHORT_LIFETIME (10 * DAY)
#define MARKS_MAX      6

/* Seconds before the end, the longest first. */
struct marks {
	int64_t left[MARKS_MAX];
	size_t n;
};

static void
add(struct marks *m, int64_t left)
{
	if (left <= 0 || (m->n > 0 && left > m->left[m->n - 1] / 4 * 3))
		return;
	m->left[m->n++] = left;
}

static struct marks
marks_of(int64_t life)
{
	static const int64_t days[] = {7 * DAY, 3 * DAY, DAY};
	struct marks m = {.n = 0};
	const int64_t parts[] = {life / 3, life / 6, life / 12};
	size_t p = 0, d = 0;

	if (life < SHORT_LIFETIME) {
		add(&m, parts[0]);
		add(&m, parts[2]);
		return m;
	}
	/* both lists fall: merged, they fall too */
	while (p < 3 || d < 3) {
		bool takes_part = d == 3 || (p < 3 && parts[p] >= days[d]);
		int64_t left = takes_part ? parts[p++] : days[d++];

		if (left <= parts[0])
			add(&m, left);
	}
	return m;
}

int64_t
lifetime_mark_before(int64_t not_before, int64_t not_after, int64_t now)
{
	struct marks m = marks_of(not_after - not_before);

	for (size_t i = m.n; i > 0; i--)
		if (not_after - m.left[i - 1] <= now)
			return not_after - m.left[i - 1];
	return 0;
}

int64_t
lifetime_mark_after(int64_t not_before, int64_t not_after, int64_t now)
{
	struct marks m = marks_of(not_after - not_before);

	for (size_t i = 0; i < m.n; i++)
		if (not_after - m.left[i] > now)
			return not_after - m.left[i];
	return 0;
}

char *
lifetime_text(int64_t not_after, int64_t now, char out[LIFETIME_TEXT_SIZE])
{
	int64_t days = (not_after - now) / DAY;

	if (days < 1)
		(void)snprintf(out, LIFETIME_TEXT_SIZE, "in less than a day");
	else
		(void)snprintf(out, LIFETIME_TEXT_SIZE, "in %lld day%s",
		    (long long)days, days == 1 ? "" : "s");
	return out;
}
