#include "admin-tui/toast.h"

#include <stdio.h>

#define WIDTH    56
#define ROWS_MAX 4 /* of text */

static void
drop(struct toasts *t, size_t i)
{
	t->n--;
	memmove(
	    &t->items[i], &t->items[i + 1], (t->n - i) * sizeof(t->items[0]));
}

void
toasts_add(struct toasts *t, const struct toast *toast)
{
	if (t->n == TOASTS_MAX)
		drop(t, 0);
	t->items[t->n++] = *toast;
}

void
toasts_dismiss(struct toasts *t)
{
	if (t->n > 0)
		t->n--;
}

void
toasts_expire(struct toasts *t, int64_t now)
{
	for (size_t i = t->n; i > 0; i--)
		if (t->items[i - 1].until != 0 && t->items[i - 1].until <= now)
			drop(t, i - 1);
}

static int
rows_of(const char *text, int cols)
{
	struct slice rest = slice_str(text), line;
	int n = 0;
	while (n < ROWS_MAX && text_wrap(&rest, cols, &line))
		n++;
	return n;
}

void
toasts_draw(const struct toasts *t, struct canvas c)
{
	char hint[64] = "";
	if (t->n == 0)
		return;
	const struct toast *toast = &t->items[t->n - 1];
	int cols = c.r.cols < WIDTH ? c.r.cols : WIDTH;
	int text_rows = rows_of(toast->text, cols - 6);
	int detail_rows = rows_of(toast->detail, cols - 6);
	int rows = text_rows + detail_rows + 2;
	struct rect r = {c.r.rows - rows, c.r.cols - cols, rows, cols};
	int cursor = c.grid->cursor_y - c.r.y;
	if (cursor >= r.y)
		r.y = 1;
	if (toast->is_bad && t->n > 1)
		snprintf(hint, sizeof(hint), "x dismisses   1 of %zu", t->n);
	else if (toast->is_bad)
		snprintf(hint, sizeof(hint), "x dismisses");
	struct canvas in = canvas_box(c, r, "", hint);
	canvas_text(in, 0, 0, toast->is_bad ? ROLE_BAD : ROLE_OK,
	    toast->is_bad ? GLYPH_BAD : GLYPH_OK);
	struct rect text = {0, 2, text_rows, in.r.cols - 2};
	canvas_wrapped(in, text, ROLE_TEXT, toast->text);
	struct rect detail = {text_rows, 2, detail_rows, in.r.cols - 2};
	canvas_wrapped(in, detail, ROLE_TITLE, toast->detail);
}
