#ifndef ADMIN_TUI_DIALOG_H
#define ADMIN_TUI_DIALOG_H
/*
 * A question with a box around it.  Lines say what will happen, fields are
 * filled in, and two buttons end it: Cancel, which has the focus, and the
 * deed.  A field may want a certain text (the name of what is destroyed); until
 * it has it the deed cannot be pressed.
 *
 * Where there is no room for all lines, dim ones leave first and bad news last.
 *
 * Owned by: struct fx, then the app.   Freed by: dialog_free.
 */
#include "admin-tui/ask.h"
#include "admin-tui/lineedit.h"

#define DIALOG_LINES_MAX  24
#define DIALOG_FIELDS_MAX 2
#define DIALOG_TEXT_SIZE  200
#define DIALOG_SIDE_SIZE  96

struct dialog_line {
	char text[DIALOG_TEXT_SIZE]; /* of a comparison: its label */
	char before[DIALOG_SIDE_SIZE], after[DIALOG_SIDE_SIZE];
	enum role role;
	bool is_comparison; /* label, before and after side by side */
};

struct dialog_field {
	char label[64];
	char wanted[256]; /* "": anything but nothing */
	struct lineedit edit;
};

enum dialog_focus { /* fields count from FOCUS_FIELD on */
	FOCUS_CANCEL,
	FOCUS_DEED,
	FOCUS_FIELD
};

struct dialog {
	struct ask *ask; /* sent when accepted; NULL: the screen that opened
			  * it is told (screen_ops.accept) */
	char title[DIALOG_TEXT_SIZE];
	char deed[32]; /* the button: "Roll back" */
	char cli[400]; /* the same on the command line */
	struct dialog_line lines[DIALOG_LINES_MAX];
	size_t n_lines;
	struct dialog_field fields[DIALOG_FIELDS_MAX];
	size_t n_fields;
	int focus;
};

enum dialog_result {
	DIALOG_OPEN, /* goes on */
	DIALOG_CANCELLED,
	DIALOG_ACCEPTED
};

/* ask: taken, or NULL. */
struct dialog *dialog_new(
    struct ask *ask, const char *deed, const char *title_fmt, ...) PRINTF(3, 4);
void dialog_free(struct dialog *d); /* wipes what was typed */

void dialog_add(struct dialog *d, enum role role, const char *fmt, ...)
    PRINTF(3, 4);
void dialog_space(struct dialog *d); /* an empty line */
void dialog_compare(struct dialog *d, enum role role, const char *label,
    const char *before, const char *after);
void dialog_field(
    struct dialog *d, const char *label, const char *wanted, bool is_masked);

/* What was typed into field i, "" when there is none. */
const char *dialog_text(const struct dialog *d, size_t i);

enum dialog_result dialog_key(struct dialog *d, key_code key);
void dialog_paste(struct dialog *d, struct slice text);
void dialog_draw(const struct dialog *d, struct canvas c);

#endif
