#include "admin-tui/chooser.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/filter.h"
#include "base/mem.h"

#define CHOICES_MAX 5000
#define ROWS_MAX    18
#define WIDTH       76

struct chooser *
chooser_new(enum chooser_kind kind, const char *title)
{
	struct chooser *ch = xcalloc(1, sizeof(*ch));
	ch->kind = kind;
	lineedit_init(&ch->edit, false);
	snprintf(ch->title, sizeof(ch->title), "%s", title);
	return ch;
}

void
chooser_free(struct chooser *ch)
{
	if (ch == NULL)
		return;
	free(ch->items);
	free(ch->view);
	free(ch);
}

struct choice *
chooser_add(struct chooser *ch)
{
	if (ch->n == ch->cap) {
		ch->cap = ch->cap == 0 ? 64 : ch->cap * 2;
		ch->items = xrealloc(ch->items, ch->cap * sizeof(*ch->items));
	}
	/* Past the cap the last one is written over. */
	if (ch->n < CHOICES_MAX)
		ch->n++;
	struct choice *item = &ch->items[ch->n - 1];
	memset(item, 0, sizeof(*item));
	return item;
}

static bool
matches(const struct choice *item, struct slice typed)
{
	struct slice word;
	while (slice_word(&typed, &word))
		if (!filter_has(item->text, word) &&
		    !filter_has(item->cli, word))
			return false;
	return true;
}

void
chooser_filter(struct chooser *ch)
{
	struct slice typed = slice_str(ch->edit.text);
	if (ch->kind == CHOOSER_COPY)
		typed = SLICE("");
	ch->view = xrealloc(ch->view, (ch->n + 1) * sizeof(*ch->view));
	ch->n_view = 0;
	for (size_t i = 0; i < ch->n; i++)
		if (matches(&ch->items[i], typed))
			ch->view[ch->n_view++] = i;
	if (ch->at >= ch->n_view)
		ch->at = ch->n_view > 0 ? ch->n_view - 1 : 0;
	ch->top = layout_scroll(ch->top, ch->at, ch->n_view, ROWS_MAX);
}

static void
move_by(struct chooser *ch, long by)
{
	long at = (long)ch->at + by, last = (long)ch->n_view - 1;
	ch->at = at < 0 || last < 0 ? 0 : (size_t)(at > last ? last : at);
	ch->top = layout_scroll(ch->top, ch->at, ch->n_view, ROWS_MAX);
}

static bool
move_key(struct chooser *ch, key_code key)
{
	if (key == KEY_ARROW_UP || key == KEY_CTRL('P') || key == KEY_BACK_TAB)
		move_by(ch, -1);
	else if (key == KEY_ARROW_DOWN || key == KEY_CTRL('N') ||
		 key == KEY_TAB)
		move_by(ch, 1);
	else if (key == KEY_PAGE_UP)
		move_by(ch, -ROWS_MAX);
	else if (key == KEY_PAGE_DOWN)
		move_by(ch, ROWS_MAX);
	else
		return false;
	return true;
}

static enum chooser_result
letter_key(struct chooser *ch, key_code key)
{
	if (key == 'j' || key == 'k') {
		move_by(ch, key == 'j' ? 1 : -1);
		return CHOOSER_OPEN;
	}
	for (size_t i = 0; i < ch->n_view; i++)
		if ((key_code)ch->items[ch->view[i]].key[0] == key) {
			ch->at = i;
			return CHOOSER_PICKED;
		}
	return CHOOSER_CANCELLED;
}

const char *
chooser_typed(const struct chooser *ch)
{
	bool is_name = ch->kind == CHOOSER_PALETTE && ch->n_view == 0 &&
		       strchr(ch->edit.text, '.') != NULL;
	return is_name ? ch->edit.text : NULL;
}

enum chooser_result
chooser_key(struct chooser *ch, key_code key)
{
	bool is_empty = ch->edit.n == 0;
	if (key == KEY_ESCAPE || key == KEY_CTRL('C') ||
	    (key == '?' && ch->kind == CHOOSER_HELP && is_empty))
		return CHOOSER_CANCELLED;
	if (key == KEY_RETURN)
		return ch->n_view > 0 || chooser_typed(ch) != NULL
			   ? CHOOSER_PICKED
			   : CHOOSER_OPEN;
	if (move_key(ch, key))
		return CHOOSER_OPEN;
	if (ch->kind == CHOOSER_COPY)
		return letter_key(ch, key);
	if (lineedit_key(&ch->edit, key)) {
		ch->at = 0;
		chooser_filter(ch);
	}
	return CHOOSER_OPEN;
}

const struct choice *
chooser_picked(const struct chooser *ch)
{
	return ch->at < ch->n_view ? &ch->items[ch->view[ch->at]] : NULL;
}

static void
draw_item(struct canvas in, int y, const struct choice *item, bool is_at)
{
	int half = in.r.cols * 3 / 5;
	struct rect key = {y, 2, 1, 6};
	struct rect text = {y, 9, 1, item->cli[0] ? half - 9 : -1};
	struct rect cli = {y, half + 1, 1, in.r.cols - half - 1};
	canvas_text(in, y, 0, ROLE_TEXT, is_at ? ">" : " ");
	canvas_cut(in, key, ROLE_TITLE, slice_str(item->key), TEXT_CUT_END);
	canvas_cut(in, text, ROLE_TEXT, slice_str(item->text), TEXT_CUT_END);
	if (item->cli[0] != '\0')
		canvas_cut(
		    in, cli, ROLE_DIM, slice_str(item->cli), TEXT_CUT_END);
	if (is_at) {
		canvas_role(in, y, ROLE_SELECTED);
		canvas_cursor(in, y, 0);
	}
}

static const char *
hint_of(const struct chooser *ch)
{
	switch (ch->kind) {
	case CHOOSER_HELP:
		return "type to search   Enter runs it   Esc closes";
	case CHOOSER_PALETTE:
		return "Enter runs it   Esc closes";
	case CHOOSER_COPY:
		return "press the letter   Esc closes";
	}
	return "";
}

void
chooser_draw(const struct chooser *ch, struct canvas c)
{
	bool has_line = ch->kind != CHOOSER_COPY;
	int rows = ch->n < ROWS_MAX ? (int)ch->n : ROWS_MAX;
	struct rect room = {0, 0, c.r.rows, c.r.cols};
	struct rect r = rect_centre(room, rows + 2 + (has_line ? 2 : 0), WIDTH);
	struct canvas in = canvas_box(c, r, ch->title, hint_of(ch));
	int shown = in.r.rows - (has_line ? 2 : 0);
	size_t top = layout_scroll(ch->top, ch->at, ch->n_view, shown);
	for (int y = 0; y < shown && top + (size_t)y < ch->n_view; y++) {
		size_t at = top + (size_t)y;
		draw_item(in, y, &ch->items[ch->view[at]], at == ch->at);
	}
	if (ch->n_view == 0)
		canvas_text(in, 0, 2, ROLE_DIM,
		    chooser_typed(ch) == NULL ? "nothing matches"
					      : "Enter opens that domain");
	if (has_line) {
		struct rect line = {in.r.rows - 1, 2, 1, in.r.cols - 2};
		canvas_text(in, in.r.rows - 1, 0, ROLE_TITLE, ">");
		lineedit_draw(&ch->edit, in, line);
	}
}
