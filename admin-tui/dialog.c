#include "admin-tui/dialog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define CHROME    3 /* frame above and below, and the buttons */
#define WIDTH_MIN 44
#define LABEL     11 /* columns of a comparison: label and a gap */
#define SIDE      30 /* and of each side, where there is room */

struct dialog *
dialog_new(struct ask *ask, const char *deed, const char *title_fmt, ...)
{
	struct dialog *d = xcalloc(1, sizeof(*d));
	va_list ap;
	d->ask = ask;
	snprintf(d->deed, sizeof(d->deed), "%s", deed);
	va_start(ap, title_fmt);
	vsnprintf(d->title, sizeof(d->title), title_fmt, ap);
	va_end(ap);
	return d;
}

void
dialog_free(struct dialog *d)
{
	if (d == NULL)
		return;
	ask_free(d->ask);
	secret_free(d, sizeof(*d));
}

void
dialog_add(struct dialog *d, enum role role, const char *fmt, ...)
{
	va_list ap;
	if (d->n_lines == DIALOG_LINES_MAX)
		return;
	struct dialog_line *line = &d->lines[d->n_lines++];
	line->role = role;
	va_start(ap, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, ap);
	va_end(ap);
}

void
dialog_space(struct dialog *d)
{
	dialog_add(d, ROLE_DIM, "%s", "");
}

void
dialog_compare(struct dialog *d, enum role role, const char *label,
    const char *before, const char *after)
{
	if (d->n_lines == DIALOG_LINES_MAX)
		return;
	dialog_add(d, role, "%s", label);
	struct dialog_line *line = &d->lines[d->n_lines - 1];
	line->is_comparison = true;
	snprintf(line->before, sizeof(line->before), "%s", before);
	snprintf(line->after, sizeof(line->after), "%s", after);
}

void
dialog_field(
    struct dialog *d, const char *label, const char *wanted, bool is_masked)
{
	if (d->n_fields == DIALOG_FIELDS_MAX)
		return;
	struct dialog_field *field = &d->fields[d->n_fields++];
	snprintf(field->label, sizeof(field->label), "%s", label);
	snprintf(field->wanted, sizeof(field->wanted), "%s", wanted);
	lineedit_init(&field->edit, is_masked);
	/* Who must type begins typing; Enter then goes on, never does it. */
	if (d->n_fields == 1)
		d->focus = FOCUS_FIELD;
}

const char *
dialog_text(const struct dialog *d, size_t i)
{
	return i < d->n_fields ? d->fields[i].edit.text : "";
}

static bool
is_filled(const struct dialog_field *field)
{
	if (field->wanted[0] == '\0')
		return field->edit.n > 0;
	return strcmp(field->wanted, field->edit.text) == 0;
}

static bool
is_ready(const struct dialog *d)
{
	for (size_t i = 0; i < d->n_fields; i++)
		if (!is_filled(&d->fields[i]))
			return false;
	return true;
}

/* Round: fields from top to bottom, Cancel, the deed. */
static void
move_focus(struct dialog *d, int by)
{
	int n = (int)d->n_fields + 2;
	int order =
	    d->focus >= FOCUS_FIELD ? d->focus - FOCUS_FIELD : n - 2 + d->focus;
	order = (order + by + n) % n;
	d->focus = order < n - 2 ? order + FOCUS_FIELD : order - (n - 2);
}

static enum dialog_result
press(struct dialog *d)
{
	if (d->focus == FOCUS_CANCEL)
		return DIALOG_CANCELLED;
	if (d->focus == FOCUS_DEED)
		return is_ready(d) ? DIALOG_ACCEPTED : DIALOG_OPEN;
	/* Enter in the last field of a form does it; where a name had to be
	 * typed to confirm, it goes to Cancel first. */
	const struct dialog_field *field = &d->fields[d->focus - FOCUS_FIELD];
	bool is_last = d->focus - FOCUS_FIELD == (int)d->n_fields - 1;
	if (is_last && field->wanted[0] == '\0' && is_ready(d))
		return DIALOG_ACCEPTED;
	if (is_last && is_ready(d))
		d->focus = FOCUS_DEED;
	else
		move_focus(d, 1);
	return DIALOG_OPEN;
}

enum dialog_result
dialog_key(struct dialog *d, key_code key)
{
	if (key == KEY_ESCAPE || key == KEY_CTRL('C'))
		return DIALOG_CANCELLED;
	if (key == KEY_RETURN)
		return press(d);
	if (key == KEY_TAB || key == KEY_ARROW_DOWN) {
		move_focus(d, 1);
	} else if (key == KEY_BACK_TAB || key == KEY_ARROW_UP) {
		move_focus(d, -1);
	} else if (d->focus >= FOCUS_FIELD) {
		lineedit_key(&d->fields[d->focus - FOCUS_FIELD].edit, key);
	} else if (key == KEY_ARROW_LEFT || key == 'h') {
		d->focus = FOCUS_CANCEL;
	} else if (key == KEY_ARROW_RIGHT || key == 'l') {
		d->focus = FOCUS_DEED;
	} else if (key == 'q') {
		return DIALOG_CANCELLED;
	}
	return DIALOG_OPEN;
}

void
dialog_paste(struct dialog *d, struct slice text)
{
	if (d->focus >= FOCUS_FIELD)
		lineedit_paste(&d->fields[d->focus - FOCUS_FIELD].edit, text);
}

static int
widest(const struct dialog *d)
{
	int width = text_width(slice_str(d->title)) + 4;
	for (size_t i = 0; i < d->n_lines; i++) {
		int w = d->lines[i].is_comparison
			    ? LABEL + 2 * SIDE
			    : text_width(slice_str(d->lines[i].text));
		if (w > width)
			width = w;
	}
	for (size_t i = 0; i < d->n_fields; i++) {
		const struct dialog_field *f = &d->fields[i];
		int w = text_width(slice_str(f->label)) + 2 +
			text_width(slice_str(f->wanted));
		if (w + 1 > width)
			width = w + 1;
	}
	return width < WIDTH_MIN ? WIDTH_MIN : width;
}

/* Leaves out so many lines of that role, the last ones first. */
static int
leave_out(const struct dialog *d, enum role role, int drop, bool *out)
{
	for (size_t i = d->n_lines; i > 0 && drop > 0; i--)
		if (d->lines[i - 1].role == role && !out[i - 1]) {
			out[i - 1] = true;
			drop--;
		}
	return drop;
}

static void
draw_comparison(const struct dialog_line *line, struct canvas in, int y)
{
	int side = (in.r.cols - LABEL) / 2;
	bool is_dim = line->role == ROLE_DIM;
	bool is_heading = line->role == ROLE_TITLE;
	struct rect label = {y, 0, 1, LABEL - 1};
	struct rect left = {y, LABEL + 2, 1, side - 3};
	struct rect right = {y, LABEL + side + 2, 1, side - 2};
	canvas_cut(in, label, line->role, slice_str(line->text), TEXT_CUT_END);
	canvas_cut(in, left, is_dim || is_heading ? line->role : ROLE_OLD,
	    slice_str(line->before), TEXT_CUT_END);
	canvas_cut(in, right, is_dim || is_heading ? line->role : ROLE_NEW,
	    slice_str(line->after), TEXT_CUT_END);
	if (is_dim || is_heading)
		return;
	if (line->before[0] != '\0')
		canvas_text(in, y, left.x - 2, ROLE_OLD, "-");
	canvas_text(in, y, right.x - 2, ROLE_NEW, "+");
}

static void
draw_lines(const struct dialog *d, struct canvas in, int rows)
{
	bool out[DIALOG_LINES_MAX] = {false};
	int drop = (int)d->n_lines - rows, y = 0;
	drop = leave_out(d, ROLE_DIM, drop, out);
	drop = leave_out(d, ROLE_TEXT, drop, out);
	leave_out(d, ROLE_TITLE, drop, out);
	for (size_t i = 0; i < d->n_lines && y < rows; i++) {
		const struct dialog_line *line = &d->lines[i];
		if (out[i])
			continue;
		if (line->is_comparison)
			draw_comparison(line, in, y++);
		else
			canvas_text(in, y++, 0, line->role, line->text);
	}
}

static void
draw_field(const struct dialog *d, struct canvas in, int y, size_t i)
{
	const struct dialog_field *f = &d->fields[i];
	bool has_focus = d->focus == (int)i + FOCUS_FIELD;
	int x = canvas_printf(in, y, 0, ROLE_TEXT, "%s: ", f->label);
	struct rect line = {y, x, 1, in.r.cols - x};
	lineedit_draw(&f->edit, in, line);
	if (f->edit.n == 0 && !has_focus)
		canvas_text(in, y, x, ROLE_DIM, "_");
}

static void
draw_buttons(const struct dialog *d, struct canvas in, int y)
{
	bool ready = is_ready(d);
	int width = text_width(slice_str(d->deed)) + 18;
	int x = in.r.cols > width ? (in.r.cols - width) / 2 : 0;
	bool on_cancel = d->focus == FOCUS_CANCEL;
	bool on_deed = d->focus == FOCUS_DEED;
	int end = canvas_text(in, y, x, on_cancel ? ROLE_SELECTED : ROLE_TEXT,
	    on_cancel ? "[ Cancel ]" : "  Cancel  ");
	char deed[48];
	snprintf(deed, sizeof(deed), on_deed ? "[ %s ]" : "  %s  ", d->deed);
	canvas_text(in, y, end + 4,
	    on_deed ? ROLE_SELECTED
	    : ready ? ROLE_TEXT
		    : ROLE_DIM,
	    deed);
	if (on_cancel || on_deed)
		canvas_cursor(in, y, on_cancel ? x + 2 : end + 6);
}

void
dialog_draw(const struct dialog *d, struct canvas c)
{
	int n_fields = (int)d->n_fields;
	struct rect room = {0, 0, c.r.rows, c.r.cols};
	int rows = (int)d->n_lines + n_fields + CHROME;
	struct rect r = rect_centre(room, rows, widest(d) + 4);
	struct canvas in = canvas_box(
	    c, r, d->title, "Esc cancels   Tab moves   Enter presses");
	int y = in.r.rows - 1;
	draw_lines(d, in, y - n_fields);
	for (size_t i = 0; i < d->n_fields; i++)
		draw_field(d, in, y - n_fields + (int)i, i);
	/* Last, so that the cursor rests where the focus is. */
	if (d->focus >= FOCUS_FIELD) {
		draw_buttons(d, in, y);
		draw_field(d, in, y - n_fields + d->focus - FOCUS_FIELD,
		    (size_t)(d->focus - FOCUS_FIELD));
	} else {
		draw_buttons(d, in, y);
	}
}
