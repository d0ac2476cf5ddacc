#ifndef ADMIN_TUI_LINEEDIT_H
#define ADMIN_TUI_LINEEDIT_H
/*
 * A line that is being typed: UTF-8, the readline keys people have in their
 * fingers, a mask for passphrases.
 *
 * Owned by: whoever embeds it.   Freed by: lineedit_clear, which wipes it.
 */
#include "admin-tui/canvas.h"
#include "admin-tui/keys.h"

#define LINEEDIT_SIZE 512

struct lineedit {
	char text[LINEEDIT_SIZE]; /* terminated */
	size_t n;
	size_t at; /* byte offset of the caret, on a character's edge */
	bool is_masked;
};

void lineedit_init(struct lineedit *e, bool is_masked);
void lineedit_clear(struct lineedit *e);
void lineedit_set(struct lineedit *e, const char *text);

/* True when the key was one of editing; Enter, Esc, Tab and arrows up and down
 * are the caller's. */
bool lineedit_key(struct lineedit *e, key_code key);

/* Adds as if typed; line ends and control bytes are left out. */
void lineedit_paste(struct lineedit *e, struct slice text);

/* Draws into the line, scrolled so that the caret is seen, and parks the
 * cursor there. */
void lineedit_draw(const struct lineedit *e, struct canvas c, struct rect line);

#endif
