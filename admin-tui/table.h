#ifndef ADMIN_TUI_TABLE_H
#define ADMIN_TUI_TABLE_H
/*
 * A list with columns.  It keeps no rows: they are asked of a source at each
 * draw.  What it keeps are ids: the selected row and the marked ones stay the
 * same objects whatever rows come, go or change places.
 *
 * Owned by: a screen.   Freed by: table_clear.
 */
#include "admin-tui/canvas.h"
#include "admin-tui/filter.h"
#include "admin-tui/keymap.h"
#include "base/map.h"

#define TABLE_COLUMNS_MAX 10
#define TABLE_ID_SIZE     256
#define TABLE_TEXT_SIZE   600
#define TABLE_MARKS_MAX   1000
#define TABLE_FILTER_SIZE 128

struct table_cell {
	char text[TABLE_TEXT_SIZE];
	enum role role;
};

struct table_column {
	const char *title;
	struct column_width width;
	enum text_cut cut;
};

struct table_source {
	size_t (*count)(const void *ctx);
	void (*id)(const void *ctx, size_t row, char out[TABLE_ID_SIZE]);
	void (*cell)(
	    const void *ctx, size_t row, size_t column, struct table_cell *out);
	filter_text *text;
	/* Whether a row is in the list at all; NULL: every one. */
	bool (*is_listed)(const void *ctx, size_t row);
	/* Order of two rows by a column; NULL: the source's order only. */
	int (*compare)(
	    const void *ctx, size_t row_a, size_t row_b, size_t column);
};

struct table {
	const struct table_source *source;
	const void *ctx;
	struct table_column columns[TABLE_COLUMNS_MAX];
	size_t n_columns;
	int sort; /* column, -1: the source's own order */
	bool is_inverted;
	char filter[TABLE_FILTER_SIZE];
	char selected[TABLE_ID_SIZE]; /* "" when there is no row */
	struct map marks;
	size_t *view; /* rows of the source that are shown, in order */
	size_t n_view;
	size_t at;  /* the selected one's place in view */
	size_t top; /* the first one drawn */
	int rows;   /* how many are drawn */
};

void table_init(struct table *t, const struct table_source *source,
    const void *ctx, const struct table_column *columns, size_t n_columns);
void table_clear(struct table *t);

/* After the source or the size changed: filters, sorts, finds the selected id
 * again (or what now is in its place) and scrolls to it. */
void table_sync(struct table *t, int rows);

void table_move(struct table *t, long by);        /* stops at the ends */
bool table_verb(struct table *t, enum verb verb); /* of moving */
void table_select(struct table *t, const char *id);

void table_filter(struct table *t, const char *filter);

/* The next column to the left (-1) or right (1) to sort by; past the ends is
 * the source's order. */
void table_sort(struct table *t, int direction);
void table_invert(struct table *t);

/* Marks or unmarks the selected row and goes one down. */
void table_mark(struct table *t);
void table_mark_id(struct table *t, const char *id);
void table_unmark_all(struct table *t);
bool table_is_marked(const struct table *t, const char *id);

/* Header in the first line, rows below; the cursor is parked at the selected
 * row, which reads ">" in front too; "*" is a mark. */
void table_draw(const struct table *t, struct canvas c);

#endif
