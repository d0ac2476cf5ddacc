#include "admin-tui/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define LINE_SIZE   1600
#define MARK_X      3
#define PAIR_VALUE  16
#define NARROW_COLS 60 /* below this, pairs stand closer */

static void
free_lines(struct page *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->lines[i].text);
	free(p->lines);
	p->lines = NULL;
	p->n = 0;
}

void
page_clear(struct page *p)
{
	free_lines(p);
	*p = (struct page){0};
}

void
page_begin(struct page *p, int cols)
{
	free_lines(p);
	p->cols = cols;
}

void
page_end(struct page *p, int rows)
{
	p->rows = rows;
	p->top = layout_scroll(p->top, p->top, p->n, rows);
}

static struct page_line *
append(struct page *p)
{
	if (p->n == PAGE_LINES_MAX)
		return NULL;
	if ((p->n & (p->n - 1)) == 0)
		p->lines = xrealloc(
		    p->lines, (p->n == 0 ? 1 : p->n * 2) * sizeof(*p->lines));
	struct page_line *line = &p->lines[p->n++];
	*line = (struct page_line){0};
	return line;
}

/* The first line of what was added, NULL when there is no room for more. */
static struct page_line *
add_wrapped(struct page *p, enum role role, int x, struct slice text)
{
	struct slice piece;
	size_t first = p->n;
	int cols = p->cols - x - 1;
	while (text_wrap(&text, cols < 8 ? 8 : cols, &piece)) {
		struct page_line *line = append(p);
		if (line == NULL)
			break;
		line->text = xstrdup_slice(piece);
		line->role = role;
		line->x = x;
	}
	if (p->n == first) { /* an empty line is one too */
		struct page_line *line = append(p);
		if (line != NULL)
			line->text = xstrdup("");
	}
	return first < p->n ? &p->lines[first] : NULL;
}

void
page_line(struct page *p, enum role role, int x, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_wrapped(p, role, x, slice_str(text));
}

void
page_mark(
    struct page *p, const char *mark, enum role mark_role, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct page_line *line =
	    add_wrapped(p, ROLE_TEXT, MARK_X + 2, slice_str(text));
	if (line != NULL) {
		line->mark = mark;
		line->mark_role = mark_role;
	}
}

/* The label is a line of its own that the value is drawn beside: a line may
 * share its row with the one before. */
void
page_pair(struct page *p, const char *label, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	int x = p->cols < NARROW_COLS ? PAIR_VALUE - 4 : PAIR_VALUE;
	struct page_line *line = add_wrapped(p, ROLE_TEXT, x, slice_str(text));
	if (line != NULL) {
		line->mark = label;
		line->mark_role = ROLE_DIM;
	}
}

bool
page_verb(struct page *p, enum verb verb)
{
	long page = p->rows > 1 ? p->rows - 1 : 1, by;
	if (verb == VERB_UP)
		by = -1;
	else if (verb == VERB_DOWN)
		by = 1;
	else if (verb == VERB_PAGE_UP)
		by = -page;
	else if (verb == VERB_PAGE_DOWN)
		by = page;
	else if (verb == VERB_HALF_UP)
		by = -(page + 1) / 2;
	else if (verb == VERB_HALF_DOWN)
		by = (page + 1) / 2;
	else if (verb == VERB_FIRST)
		by = -PAGE_LINES_MAX;
	else if (verb == VERB_LAST)
		by = PAGE_LINES_MAX;
	else
		return false;
	long top = (long)p->top + by;
	p->top = top < 0 ? 0 : (size_t)top;
	p->top = layout_scroll(p->top, p->top, p->n, p->rows);
	return true;
}

void
page_draw(const struct page *p, struct canvas c)
{
	for (int y = 0; y < c.r.rows; y++) {
		size_t at = p->top + (size_t)y;
		if (at >= p->n)
			break;
		const struct page_line *line = &p->lines[at];
		if (line->mark != NULL)
			canvas_text(c, y, MARK_X, line->mark_role, line->mark);
		canvas_text(c, y, line->x, line->role, line->text);
	}
	if (p->top + (size_t)c.r.rows < p->n)
		canvas_right(c, c.r.rows - 1, ROLE_DIM, " j: more");
	canvas_cursor(c, 0, 0);
}
