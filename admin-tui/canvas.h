#ifndef ADMIN_TUI_CANVAS_H
#define ADMIN_TUI_CANVAS_H
/*
 * Where the console draws.  A grid is a screen's worth of cells in memory; a
 * canvas is a clipped rectangle of it, passed by value, with coordinates of its
 * own.  What falls outside is not drawn, so no caller checks.  The terminal
 * shows a grid (admin-tui/terminal.h); a test reads its rows.
 *
 * Grid owned by: the console (or a test).   Freed by: grid_clear.
 */
#include "admin-tui/layout.h"
#include "admin-tui/text.h"
#include "admin-tui/theme.h"
#include "base/slice.h"

#define GRID_MAX 1000 /* rows or columns; a terminal that says more lies */

struct cell {
	uint32_t ch; /* a printable code point; 0: right half of a wide one */
	enum role role;
};

struct grid {
	int rows, cols;
	struct cell *cells;
	int cursor_y, cursor_x; /* where the cursor is parked */
};

void grid_init(struct grid *g);
void grid_clear(struct grid *g);
void grid_resize(struct grid *g, int rows, int cols); /* and blanks it */

/* One row as UTF-8 without trailing blanks; the caller frees it. */
char *grid_row(const struct grid *g, int y);

struct canvas {
	struct grid *grid;
	struct rect r; /* in the grid */
};

struct canvas canvas_all(struct grid *g);
struct canvas canvas_part(struct canvas c, struct rect r); /* r in c */

/* Draws at most so many columns (-1: to the edge), cut at the end; returns the
 * column after the text. */
int canvas_text(struct canvas c, int y, int x, enum role role, const char *s);
int canvas_cut(struct canvas c, struct rect line, enum role role,
    struct slice s, enum text_cut cut);
int canvas_printf(struct canvas c, int y, int x, enum role role,
    const char *fmt, ...) PRINTF(5, 6);

/* The same, ending at the right edge; returns the column where it starts. */
int canvas_right(struct canvas c, int y, enum role role, const char *s);

/* Wrapped into rows from y on, at most `rows`; returns how many it took. */
int canvas_wrapped(
    struct canvas c, struct rect r, enum role role, const char *s);

void canvas_blank(struct canvas c, enum role role);
void canvas_rule(struct canvas c, int y, bool broken);
void canvas_side(struct canvas c, int x); /* a line from top to bottom */

/* Gives cells already drawn another role (a selected row). */
void canvas_role(struct canvas c, int y, enum role role);

/* A box with a title in its top line and a hint in its bottom line, blank
 * inside; returns the inside, two columns of border and margin each side. */
struct canvas canvas_box(
    struct canvas c, struct rect r, const char *title, const char *hint);

void canvas_cursor(struct canvas c, int y, int x);

#endif
