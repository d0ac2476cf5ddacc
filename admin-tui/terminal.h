#ifndef ADMIN_TUI_TERMINAL_H
#define ADMIN_TUI_TERMINAL_H
/*
 * The real terminal, and curses' only door.  It shows grids, reads keys and
 * pastes, and gives the terminal back as it was, also when the program dies.
 * It never asks the terminal anything: each question would cost a round trip.
 * Honours NO_COLOR; without UTF-8 it draws ASCII.  No mouse: the terminal's own
 * selection keeps working.
 *
 * Owned by: the console; one at a time.   Freed by: terminal_close.
 */
#include "admin-tui/canvas.h"
#include "admin-tui/keys.h"
#include "base/fault.h"

#define PASTE_MAX (256 * 1024)

struct terminal;

/* ERR_DENIED with a sentence when there is no terminal or one that cannot move
 * its cursor (TERM=dumb). */
enum err MUST_USE terminal_open(struct terminal **out, struct fault *f);
void terminal_close(struct terminal *t); /* NULL is allowed */

int terminal_fd(const struct terminal *t); /* readable: terminal_read */

/* Takes the size the kernel says (after SIGWINCH). */
void terminal_resize(struct terminal *t);
void terminal_size(const struct terminal *t, int *rows, int *cols);

void terminal_show(struct terminal *t, const struct grid *g);
void terminal_redraw(struct terminal *t); /* the next show repaints all */

enum input_kind {
	INPUT_NONE, /* nothing more now */
	INPUT_KEY,
	INPUT_PASTE
};

struct input {
	enum input_kind kind;
	key_code key;
	struct slice paste; /* a loan until the next read */
};

void terminal_read(struct terminal *t, struct input *in);

/* Nobody is there any more: the window was closed. */
bool terminal_is_gone(const struct terminal *t);

/* Gives the terminal to the shell and takes it back. */
void terminal_leave(struct terminal *t);
void terminal_enter(struct terminal *t);

/* Puts text on the clipboard (OSC 52), which also works through ssh. */
void terminal_copy(struct terminal *t, struct slice text);

#endif
