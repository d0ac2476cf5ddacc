#include "admin-tui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define LINE_SIZE 1024 /* of one formatted line */

void
grid_init(struct grid *g)
{
	*g = (struct grid){0};
}

void
grid_clear(struct grid *g)
{
	free(g->cells);
	grid_init(g);
}

static int
clamp(int n, int low, int high)
{
	return n < low ? low : n > high ? high : n;
}

void
grid_resize(struct grid *g, int rows, int cols)
{
	free(g->cells);
	g->rows = clamp(rows, 1, GRID_MAX);
	g->cols = clamp(cols, 1, GRID_MAX);
	g->cells =
	    xcalloc((size_t)g->rows * (size_t)g->cols, sizeof(*g->cells));
	g->cursor_y = g->rows - 1;
	g->cursor_x = 0;
	canvas_blank(canvas_all(g), ROLE_TEXT);
}

static struct cell *
cell_at(const struct grid *g, int y, int x)
{
	return &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
}

char *
grid_row(const struct grid *g, int y)
{
	struct buf b;
	buf_init(&b, (size_t)g->cols * 4 + 1);
	size_t end = 0;
	for (int x = 0; x < g->cols; x++) {
		uint32_t ch = cell_at(g, y, x)->ch;
		char bytes[4];
		if (ch == 0)
			continue;
		buf_add(&b, slice_of(bytes, text_encode(ch, bytes)));
		if (ch != ' ')
			end = b.len;
	}
	char *row = buf_take(&b);
	row[end] = '\0';
	return row;
}

struct canvas
canvas_all(struct grid *g)
{
	return (struct canvas){g, {0, 0, g->rows, g->cols}};
}

struct canvas
canvas_part(struct canvas c, struct rect r)
{
	int y0 = clamp(r.y, 0, c.r.rows), x0 = clamp(r.x, 0, c.r.cols);
	int y1 = clamp(r.y + r.rows, y0, c.r.rows);
	int x1 = clamp(r.x + r.cols, x0, c.r.cols);
	return (struct canvas){
	    c.grid, {c.r.y + y0, c.r.x + x0, y1 - y0, x1 - x0}};
}

/* A half of a wide character that loses its other half becomes a blank. */
static void
heal(struct canvas c, int y, int x)
{
	const struct grid *g = c.grid;
	struct cell *cell = cell_at(g, y, x);
	if (cell->ch == 0 && x > 0)
		cell_at(g, y, x - 1)->ch = ' ';
	if (x + 1 < g->cols && cell_at(g, y, x + 1)->ch == 0)
		cell_at(g, y, x + 1)->ch = ' ';
}

static void
put(struct canvas c, int y, int x, uint32_t ch, enum role role)
{
	if (y < 0 || y >= c.r.rows || x < 0 || x >= c.r.cols)
		return;
	heal(c, c.r.y + y, c.r.x + x);
	*cell_at(c.grid, c.r.y + y, c.r.x + x) = (struct cell){ch, role};
}

/* Columns from x on that are inside and not after `end`. */
static int
draw(struct canvas c, struct rect line, enum role role, struct slice s)
{
	int x = line.x, end = line.x + line.cols;
	uint32_t cp;
	while (text_next(&s, &cp)) {
		int columns = text_columns(cp);
		if (columns == 0)
			continue; /* a cell holds one code point */
		if (x + columns > end)
			break;
		put(c, line.y, x, cp, role);
		if (columns == 2)
			put(c, line.y, x + 1, 0, role);
		x += columns;
	}
	return x;
}

int
canvas_cut(struct canvas c, struct rect line, enum role role, struct slice s,
    enum text_cut cut)
{
	char fitted[LINE_SIZE];
	if (line.cols < 0 || line.x + line.cols > c.r.cols)
		line.cols = c.r.cols - line.x;
	if (line.cols <= 0)
		return line.x;
	text_fit(s, line.cols, cut, fitted, sizeof(fitted));
	return draw(c, line, role, slice_str(fitted));
}

int
canvas_text(struct canvas c, int y, int x, enum role role, const char *s)
{
	struct rect line = {y, x, 1, -1};
	return canvas_cut(c, line, role, slice_str(s), TEXT_CUT_END);
}

int
canvas_printf(
    struct canvas c, int y, int x, enum role role, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_text(c, y, x, role, text);
}

int
canvas_right(struct canvas c, int y, enum role role, const char *s)
{
	int x = c.r.cols - text_width(slice_str(s));
	if (x < 0)
		x = 0;
	canvas_text(c, y, x, role, s);
	return x;
}

int
canvas_wrapped(struct canvas c, struct rect r, enum role role, const char *s)
{
	struct slice rest = slice_str(s), line;
	int n = 0;
	if (r.cols < 0)
		r.cols = c.r.cols - r.x;
	while (n < r.rows && text_wrap(&rest, r.cols, &line)) {
		struct rect row = {r.y + n, r.x, 1, r.cols};
		bool is_last = n + 1 == r.rows;
		/* What does not fit is cut visibly. */
		if (is_last && rest.n > 0)
			line.n = (size_t)(rest.p + rest.n - line.p);
		canvas_cut(c, row, role, line, TEXT_CUT_END);
		n++;
	}
	return n;
}

void
canvas_blank(struct canvas c, enum role role)
{
	for (int y = 0; y < c.r.rows; y++)
		for (int x = 0; x < c.r.cols; x++)
			put(c, y, x, ' ', role);
}

void
canvas_rule(struct canvas c, int y, bool broken)
{
	for (int x = 0; x < c.r.cols; x++)
		put(c, y, x, broken ? 0x254c : 0x2500, ROLE_DIM);
}

void
canvas_side(struct canvas c, int x)
{
	for (int y = 0; y < c.r.rows; y++)
		put(c, y, x, 0x2502, ROLE_DIM);
}

void
canvas_role(struct canvas c, int y, enum role role)
{
	if (y < 0 || y >= c.r.rows)
		return;
	for (int x = 0; x < c.r.cols; x++)
		cell_at(c.grid, c.r.y + y, c.r.x + x)->role = role;
}

static void
edge(struct canvas c, int y, const uint32_t corner[2])
{
	int last = c.r.cols - 1;
	for (int x = 1; x < last; x++)
		put(c, y, x, 0x2500, ROLE_DIM);
	put(c, y, 0, corner[0], ROLE_DIM);
	put(c, y, last, corner[1], ROLE_DIM);
}

static void
label(struct canvas c, int y, enum role role, const char *s)
{
	if (s == NULL || s[0] == '\0')
		return;
	char text[LINE_SIZE];
	snprintf(text, sizeof(text), " %s ", s);
	struct rect line = {y, 2, 1, c.r.cols - 4};
	canvas_cut(c, line, role, slice_str(text), TEXT_CUT_END);
}

struct canvas
canvas_box(struct canvas c, struct rect r, const char *title, const char *hint)
{
	struct canvas box = canvas_part(c, r);
	static const uint32_t top[] = {0x250c, 0x2510};
	static const uint32_t bottom[] = {0x2514, 0x2518};
	canvas_blank(box, ROLE_TEXT);
	for (int y = 1; y < box.r.rows - 1; y++) {
		put(box, y, 0, 0x2502, ROLE_DIM);
		put(box, y, box.r.cols - 1, 0x2502, ROLE_DIM);
	}
	edge(box, box.r.rows - 1, bottom);
	edge(box, 0, top);
	label(box, 0, ROLE_TITLE, title);
	label(box, box.r.rows - 1, ROLE_DIM, hint);
	struct rect inside = {1, 2, box.r.rows - 2, box.r.cols - 4};
	return canvas_part(box, inside);
}

void
canvas_cursor(struct canvas c, int y, int x)
{
	c.grid->cursor_y = clamp(c.r.y + y, 0, c.grid->rows - 1);
	c.grid->cursor_x = clamp(c.r.x + x, 0, c.grid->cols - 1);
}
