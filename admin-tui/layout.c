#include "admin-tui/layout.h"

#include "base/mem.h"

static int
at_most(int n, int limit)
{
	if (limit < 0)
		limit = 0;
	return n < 0 ? 0 : n > limit ? limit : n;
}

struct rect
rect_top(struct rect *r, int n)
{
	struct rect top = *r;
	top.rows = at_most(n, r->rows);
	r->y += top.rows;
	r->rows -= top.rows;
	return top;
}

struct rect
rect_bottom(struct rect *r, int n)
{
	struct rect bottom = *r;
	bottom.rows = at_most(n, r->rows);
	r->rows -= bottom.rows;
	bottom.y = r->y + r->rows;
	return bottom;
}

struct rect
rect_centre(struct rect in, int rows, int cols)
{
	struct rect r;
	r.rows = at_most(rows, in.rows);
	r.cols = at_most(cols, in.cols);
	r.y = in.y + (in.rows - r.rows) / 2;
	r.x = in.x + (in.cols - r.cols) / 2;
	return r;
}

void
layout_fit(struct fit *items, size_t n, int width, int gap)
{
	for (size_t i = 0; i < n; i++)
		items[i].shown = true;
	for (;;) {
		int used = 0;
		struct fit *first_to_go = NULL;
		for (size_t i = 0; i < n; i++) {
			if (!items[i].shown)
				continue;
			used += items[i].width + (used > 0 ? gap : 0);
			if (items[i].priority > 0 &&
			    (first_to_go == NULL ||
				items[i].priority >= first_to_go->priority))
				first_to_go = &items[i];
		}
		if (used <= width || first_to_go == NULL)
			return;
		first_to_go->shown = false;
	}
}

/* Columns and gaps at their least; *last is the one that would leave first. */
static int
least_width(
    struct column_width *columns, size_t n, int gap, struct column_width **last)
{
	int used = 0;
	*last = NULL;
	for (size_t i = 0; i < n; i++) {
		struct column_width *c = &columns[i];
		if (c->width == 0)
			continue;
		used += c->width + (used > 0 ? gap : 0);
		if (c->priority > 0 &&
		    (*last == NULL || c->priority >= (*last)->priority))
			*last = c;
	}
	return used;
}

void
layout_columns(struct column_width *columns, size_t n, int width, int gap)
{
	struct column_width *last;
	for (size_t i = 0; i < n; i++)
		columns[i].width = columns[i].min;
	int used = least_width(columns, n, gap, &last);
	while (used > width && last != NULL) {
		last->width = 0;
		used = least_width(columns, n, gap, &last);
	}
	for (size_t i = 0; i < n; i++) {
		struct column_width *c = &columns[i];
		if (c->width == 0)
			continue;
		if (used > width && c->priority == 0) {
			/* Not even these fit: the first one gives way. */
			int less = at_most(used - width, c->width - 4);
			c->width -= less;
			used -= less;
		} else if (used < width && c->max > c->min) {
			int more = at_most(width - used, c->max - c->min);
			c->width += more;
			used += more;
		}
	}
}

size_t
layout_scroll(size_t top, size_t selected, size_t n, int rows)
{
	size_t window = rows > 0 ? (size_t)rows : 1;
	if (n <= window)
		return 0;
	if (top > n - window)
		top = n - window;
	if (selected < top)
		return selected;
	if (selected >= top + window)
		return selected - window + 1;
	return top;
}
