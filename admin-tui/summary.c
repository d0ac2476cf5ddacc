#include "admin-tui/summary.h"

#include <stdio.h>

struct chip {
	const char *word, *short_word, *glyph;
	enum role role;
	int64_t n;
	int priority;
};

static int64_t
expiring(const struct model *m)
{
	int64_t n = 0;
	for (size_t i = 0; i < m->n_domains; i++)
		n += domain_is_expiring(&m->domains[i], m->now);
	return n;
}

#define CHIPS 6

static size_t
chips(const struct model *m, struct chip out[CHIPS])
{
	const int64_t *by = m->by_status;
	const struct chip all[CHIPS] = {
	    {"action required", "action", GLYPH_BAD, ROLE_BAD,
		by[STATUS_ACTION_REQUIRED], 0},
	    {"expiring", "exp", "!", ROLE_WARN, expiring(m), 0},
	    {"pending DNS", "dns", "?", ROLE_WAITING, by[STATUS_PENDING_DNS],
		1},
	    {"creating", "new", "~", ROLE_WORKING, by[STATUS_CREATING], 2},
	    {"in use", "", GLYPH_OK, ROLE_OK, by[STATUS_IN_USE], 3},
	    {"not used", "std", "-", ROLE_TEXT, by[STATUS_NOT_USED], 4}};
	size_t n = 0;
	for (size_t i = 0; i < CHIPS; i++)
		if (all[i].n > 0) /* a quiet strip is a quiet night */
			out[n++] = all[i];
	return n;
}

#define TRAFFIC_SIZE 80

/* "482 req/s  p95 41ms  5xx 0.3%", or "" while nothing is known. */
static void
traffic_text(const struct model *m, char out[TRAFFIC_SIZE])
{
	const struct traffic_now *t = &m->traffic;
	double share = t->requests > 0 ? 100 * t->failures / t->requests : 0;
	out[0] = '\0';
	if (!m->has_traffic)
		return;
	snprintf(out, TRAFFIC_SIZE, "%.*f req/s  p95 %.0fms  5xx %.1f%% ",
	    t->requests < 10 ? 1 : 0, t->requests, t->p95 * 1000, share);
}

/* On the right, where the chips leave room. */
static void
draw_traffic(const struct model *m, struct canvas c, int y, int from)
{
	char text[TRAFFIC_SIZE];
	traffic_text(m, text);
	if (from + 2 + text_width(slice_str(text)) <= c.r.cols)
		canvas_right(
		    c, y, m->traffic.failures > 0 ? ROLE_WARN : ROLE_DIM, text);
}

void
summary_draw(const struct model *m, struct canvas c, int y)
{
	struct chip list[CHIPS];
	struct fit fit[CHIPS];
	char texts[CHIPS][64];
	size_t n = chips(m, list);
	bool is_narrow = c.r.cols < 72;
	for (size_t i = 0; i < n; i++) {
		if (is_narrow)
			snprintf(texts[i], sizeof(texts[i]), "%s%lld %s",
			    list[i].glyph, (long long)list[i].n,
			    list[i].short_word);
		else
			snprintf(texts[i], sizeof(texts[i]), "%s %lld %s",
			    list[i].glyph, (long long)list[i].n, list[i].word);
		fit[i] = (struct fit){
		    text_width(slice_str(texts[i])), list[i].priority, false};
	}
	layout_fit(fit, n, c.r.cols - 2, 2);
	int x = 1;
	for (size_t i = 0; i < n; i++)
		if (fit[i].shown)
			x = canvas_text(c, y, x, list[i].role, texts[i]) +
			    (is_narrow ? 1 : 2);
	if (n == 0 && m->has_domains)
		x = canvas_text(
		    c, y, 1, ROLE_DIM, "no domains yet: a adds one");
	draw_traffic(m, c, y, x);
}
