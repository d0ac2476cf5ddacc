#include <stdio.h>

#include "admin-tui/app_verbs.h"
#include "admin-tui/summary.h"
#include "admin-tui/words.h"

#define KEYS_MAX 40
#define STALE_S  5 /* since the last answer: said instead of "live" */

static void
draw_bar(const struct app *a, struct canvas c)
{
	const struct model *m = &a->model;
	char state[96], clock[WORDS_SIZE], span[WORDS_SIZE];
	canvas_role(c, 0, ROLE_BAR);
	canvas_printf(c, 0, 1, ROLE_BAR, "towpath%s%s%s",
	    m->node[0] != '\0' ? "@" : "", m->node,
	    m->is_read_only ? "  read-only" : "");
	words_clock(m->now, clock);
	if (m->link == LINK_LIVE && m->now - m->data_at > STALE_S)
		snprintf(state, sizeof(state), "~ waiting %s ",
		    words_span(m->now - m->data_at, span));
	else if (m->link == LINK_LIVE)
		snprintf(state, sizeof(state), "%s%s live %s ",
		    m->is_test_clock ? "TEST CLOCK  " : "", GLYPH_OK, clock);
	else if (m->link == LINK_CONNECTING)
		snprintf(state, sizeof(state), "~ connecting %s ", clock);
	else
		snprintf(state, sizeof(state), GLYPH_BAD " OFFLINE %s ",
		    words_span(m->now - m->away_since, span));
	canvas_right(c, 0, ROLE_BAR, state);
}

/* While the daemon is away its state says so in the place of the strip, and
 * what is below it is no longer certain. */
static void
draw_away(const struct app *a, struct canvas c)
{
	const struct model *m = &a->model;
	char age[96] = " nothing was heard yet", clock[WORDS_SIZE];
	if (m->data_at != 0)
		snprintf(age, sizeof(age), " data from %s",
		    words_clock(m->data_at, clock));
	struct rect line = {0, 0, 1, c.r.cols};
	canvas_blank(canvas_part(c, line), ROLE_TEXT);
	int end = c.r.cols;
	if (c.r.cols >= 60)
		end = canvas_right(c, 0, ROLE_WARN, age);
	struct rect why = {0, 1, 1, end - 1};
	char text[FAULT_TEXT_SIZE + 16];
	snprintf(text, sizeof(text), "%s %s", GLYPH_BAD, m->away.text);
	canvas_cut(c, why, ROLE_BAD, slice_str(text), TEXT_CUT_END);
	for (int y = 1; y < c.r.rows; y++)
		if (c.r.y + y != c.grid->cursor_y)
			canvas_role(c, y, ROLE_DIM);
}

static void
draw_cli(const struct app *a, struct canvas c, int y)
{
	const struct screen *s = app_screen(a);
	const struct model *m = &a->model;
	char text[800], cli[700], position[96] = "";
	s->ops->position(s, position, sizeof(position));
	int end = c.r.cols;
	if (position[0] != '\0' && c.r.cols >= 60)
		end = canvas_right(c, y, ROLE_DIM, position) - 2;
	if (a->flash[0] != '\0') {
		snprintf(text, sizeof(text), "%s", a->flash);
	} else if (m->link == LINK_AWAY) {
		int64_t left = m->retry_at - m->now;
		snprintf(text, sizeof(text),
		    "retry in %d s (r: now)   check: systemctl status towpath",
		    (int)(left > 0 ? left : 0));
	} else {
		app_cli(a, cli, sizeof(cli));
		snprintf(text, sizeof(text), "$ %s", cli);
	}
	struct rect line = {y, 1, 1, end - 1};
	canvas_cut(c, line, a->flash[0] != '\0' ? ROLE_TITLE : ROLE_DIM,
	    slice_str(text), TEXT_CUT_END);
}

static void
draw_keys(const struct app *a, struct canvas c, int y)
{
	const struct screen *s = app_screen(a);
	enum place place = s->ops->place(s);
	struct fit fit[KEYS_MAX];
	char texts[KEYS_MAX][40];
	size_t n = 0;
	for (size_t i = 0; i < keymap_n && n < KEYS_MAX; i++) {
		const struct binding *b = &keymap[i];
		if ((b->places & place) == 0 || b->label == NULL)
			continue;
		snprintf(texts[n], sizeof(texts[n]), "%s:%s", b->key, b->label);
		fit[n] = (struct fit){
		    text_width(slice_str(texts[n])), b->priority, false};
		n++;
	}
	layout_fit(fit, n, c.r.cols - 2, 2);
	int x = 1;
	for (size_t i = 0; i < n; i++)
		if (fit[i].shown)
			x = canvas_text(c, y, x, ROLE_TEXT, texts[i]) + 2;
}

/* Where there is no room for a screen: how things stand, honestly. */
static void
draw_little(const struct app *a, struct canvas c)
{
	const struct model *m = &a->model;
	if (m->link == LINK_AWAY)
		canvas_text(c, 0, 1, ROLE_BAD, GLYPH_BAD " OFFLINE");
	else
		summary_draw(m, c, 0);
	if (c.r.rows > 1)
		canvas_printf(c, 1, 1, ROLE_DIM, "%dx%d: %dx%d needed  Q:quit",
		    c.r.cols, c.r.rows, APP_COLS_MIN, APP_ROWS_MIN);
	canvas_cursor(c, 0, 0);
}

void
app_draw(const struct app *a, struct grid *g)
{
	const struct screen *s = app_screen(a);
	grid_resize(g, a->rows, a->cols);
	struct canvas all = canvas_all(g);
	if (g->rows < APP_ROWS_MIN || g->cols < APP_COLS_MIN) {
		draw_little(a, all);
		return;
	}
	struct rect body = all.r;
	draw_bar(a, canvas_part(all, rect_top(&body, 1)));
	struct rect bottom = rect_bottom(&body, 2);
	struct canvas content = canvas_part(all, body);
	canvas_cursor(content, 0, 0); /* unless the screen has a better place */
	s->ops->draw(s, content);
	if (a->model.link == LINK_AWAY)
		draw_away(a, content);
	draw_cli(a, all, bottom.y);
	draw_keys(a, all, bottom.y + 1);
	if (a->dialog != NULL)
		dialog_draw(a->dialog, content);
	else if (a->chooser != NULL)
		chooser_draw(a->chooser, content);
	else
		toasts_draw(&a->toasts, content);
}
