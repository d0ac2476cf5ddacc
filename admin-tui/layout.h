#ifndef ADMIN_TUI_LAYOUT_H
#define ADMIN_TUI_LAYOUT_H
/*
 * Where things go when there is not room for all of them.  Pure arithmetic;
 * sizes may be anything, also zero or less, and results never are negative.
 */
#include <stdbool.h>
#include <stddef.h>

struct rect {
	int y, x, rows, cols;
};

/* Takes n rows off the top or bottom of *r and returns them; fewer when there
 * are fewer. */
struct rect rect_top(struct rect *r, int n);
struct rect rect_bottom(struct rect *r, int n);

/* A rectangle of that size in the middle of `in`, cut to fit. */
struct rect rect_centre(struct rect in, int rows, int cols);

/* Items on one line (top bar, status strip, keys): the least important leave
 * first. */
struct fit {
	int width;    /* columns it takes, the gap not counted */
	int priority; /* 0 never leaves; the highest leaves first */
	bool shown;   /* the answer */
};
void layout_fit(struct fit *items, size_t n, int width, int gap);

/*
 * Columns of a table.  Those with the highest priority leave first; what is
 * left over goes to the ones that grow, up to their max.
 */
struct column_width {
	int min, max; /* max > min: it grows */
	int priority; /* 0 never leaves */
	int width;    /* the answer; 0: not shown */
};
void layout_columns(struct column_width *columns, size_t n, int width, int gap);

/* The first row shown, so that `selected` is among `rows` of `n` rows and the
 * window moves as little as it can. */
size_t layout_scroll(size_t top, size_t selected, size_t n, int rows);

#endif
