#include "admin-tui/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define GAP    2
#define MARGIN 3 /* ">", "*" and a blank */

void
table_init(struct table *t, const struct table_source *source, const void *ctx,
    const struct table_column *columns, size_t n_columns)
{
	*t = (struct table){.source = source, .ctx = ctx, .sort = -1};
	t->n_columns = n_columns;
	memcpy(t->columns, columns, n_columns * sizeof(*columns));
	map_init(&t->marks, TABLE_MARKS_MAX);
}

void
table_clear(struct table *t)
{
	map_clear(&t->marks);
	free(t->view);
	t->view = NULL;
	t->n_view = 0;
}

static void
id_at(const struct table *t, size_t at, char out[TABLE_ID_SIZE])
{
	t->source->id(t->ctx, t->view[at], out);
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct table *t = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = 0;
	if (t->sort >= 0 && t->source->compare != NULL)
		order = t->source->compare(t->ctx, x, y, (size_t)t->sort);
	if (order == 0)
		order = x < y ? -1 : x > y; /* the source's order */
	return t->is_inverted ? -order : order;
}

static void
build_view(struct table *t)
{
	size_t n = t->source->count(t->ctx);
	struct slice filter = slice_str(t->filter);
	t->view = xrealloc(t->view, (n + 1) * sizeof(*t->view));
	t->n_view = 0;
	for (size_t i = 0; i < n; i++) {
		if (t->source->is_listed != NULL &&
		    !t->source->is_listed(t->ctx, i))
			continue;
		if (filter_match(filter, t->source->text, t->ctx, i))
			t->view[t->n_view++] = i;
	}
	qsort_r(t->view, t->n_view, sizeof(*t->view), compare, t);
}

static void
select_at(struct table *t, size_t at)
{
	t->at = at;
	t->selected[0] = '\0';
	if (at < t->n_view)
		id_at(t, at, t->selected);
	t->top = layout_scroll(t->top, t->at, t->n_view, t->rows);
}

void
table_sync(struct table *t, int rows)
{
	char id[TABLE_ID_SIZE];
	build_view(t);
	t->rows = rows;
	for (size_t i = 0; i < t->n_view; i++) {
		id_at(t, i, id);
		if (strcmp(id, t->selected) == 0) {
			select_at(t, i);
			return;
		}
	}
	select_at(t, t->at < t->n_view ? t->at
		     : t->n_view > 0   ? t->n_view - 1
				       : 0);
}

void
table_move(struct table *t, long by)
{
	if (t->n_view == 0)
		return;
	long at = (long)t->at, last = (long)t->n_view - 1;
	if (by < -at)
		by = -at;
	if (by > last - at)
		by = last - at;
	select_at(t, (size_t)(at + by));
}

bool
table_verb(struct table *t, enum verb verb)
{
	long page = t->rows > 1 ? t->rows : 1;
	if (verb == VERB_UP)
		table_move(t, -1);
	else if (verb == VERB_DOWN)
		table_move(t, 1);
	else if (verb == VERB_PAGE_UP)
		table_move(t, -page);
	else if (verb == VERB_PAGE_DOWN)
		table_move(t, page);
	else if (verb == VERB_HALF_UP)
		table_move(t, -(page + 1) / 2);
	else if (verb == VERB_HALF_DOWN)
		table_move(t, (page + 1) / 2);
	else if (verb == VERB_FIRST)
		table_move(t, -(long)t->n_view);
	else if (verb == VERB_LAST)
		table_move(t, (long)t->n_view);
	else
		return false;
	return true;
}

void
table_select(struct table *t, const char *id)
{
	snprintf(t->selected, sizeof(t->selected), "%s", id);
	table_sync(t, t->rows);
}

void
table_filter(struct table *t, const char *filter)
{
	snprintf(t->filter, sizeof(t->filter), "%s", filter);
	table_sync(t, t->rows);
}

void
table_sort(struct table *t, int direction)
{
	int n = (int)t->n_columns;
	t->sort += direction;
	if (t->sort < -1)
		t->sort = n - 1;
	if (t->sort >= n)
		t->sort = -1;
	table_sync(t, t->rows);
}

void
table_invert(struct table *t)
{
	t->is_inverted = !t->is_inverted;
	table_sync(t, t->rows);
}

void
table_mark(struct table *t)
{
	struct slice id = slice_str(t->selected);
	if (id.n == 0)
		return;
	/* Past the cap nothing more is marked, which is seen. */
	if (map_remove(&t->marks, id) == NULL &&
	    map_put(&t->marks, id, t) != ERR_OK)
		return;
	table_move(t, 1);
}

void
table_mark_id(struct table *t, const char *id)
{
	/* Past the cap nothing more is marked, which is seen. */
	(void)map_put(&t->marks, slice_str(id), t);
}

void
table_unmark_all(struct table *t)
{
	map_clear(&t->marks);
}

bool
table_is_marked(const struct table *t, const char *id)
{
	return map_get(&t->marks, slice_str(id)) != NULL;
}

static void
solve(const struct table *t, int cols, struct column_width *widths)
{
	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = t->columns[i].width;
	layout_columns(widths, t->n_columns, cols - MARGIN, GAP);
}

static void
draw_header(
    const struct table *t, struct canvas c, const struct column_width *widths)
{
	int x = MARGIN;
	for (size_t i = 0; i < t->n_columns; i++) {
		if (widths[i].width == 0)
			continue;
		struct rect line = {0, x, 1, widths[i].width};
		int end = canvas_cut(c, line, ROLE_TITLE,
		    slice_str(t->columns[i].title), TEXT_CUT_END);
		if (t->sort == (int)i && end + 1 < x + widths[i].width + GAP)
			canvas_text(c, 0, end + 1, ROLE_TITLE,
			    t->is_inverted ? "^" : "v");
		x += widths[i].width + GAP;
	}
}

static void
draw_row(const struct table *t, struct canvas c, int y, size_t at,
    const struct column_width *widths)
{
	struct table_cell cell;
	char id[TABLE_ID_SIZE];
	bool is_selected = at == t->at;
	id_at(t, at, id);
	bool is_marked = table_is_marked(t, id);
	int x = MARGIN;
	canvas_text(c, y, 0, ROLE_TEXT, is_selected ? ">" : " ");
	canvas_text(c, y, 1, ROLE_TEXT, is_marked ? "*" : " ");
	for (size_t i = 0; i < t->n_columns; i++) {
		if (widths[i].width == 0)
			continue;
		cell.text[0] = '\0';
		cell.role = ROLE_TEXT;
		t->source->cell(t->ctx, t->view[at], i, &cell);
		struct rect line = {y, x, 1, widths[i].width};
		canvas_cut(c, line, is_marked ? ROLE_MARKED : cell.role,
		    slice_str(cell.text), t->columns[i].cut);
		x += widths[i].width + GAP;
	}
	if (is_selected) {
		canvas_role(c, y, ROLE_SELECTED);
		canvas_cursor(c, y, 0);
	}
}

void
table_draw(const struct table *t, struct canvas c)
{
	struct column_width widths[TABLE_COLUMNS_MAX];
	solve(t, c.r.cols, widths);
	draw_header(t, c, widths);
	for (int y = 1; y < c.r.rows; y++) {
		size_t at = t->top + (size_t)y - 1;
		if (at >= t->n_view)
			break;
		draw_row(t, c, y, at, widths);
	}
}
