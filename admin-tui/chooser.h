#ifndef ADMIN_TUI_CHOOSER_H
#define ADMIN_TUI_CHOOSER_H
/*
 * A list over the screen that is searched by typing: the help, the palette, the
 * menu of what can be copied.
 *
 * Owned by: the app.   Freed by: chooser_free.
 */
#include "admin-tui/keymap.h"
#include "admin-tui/lineedit.h"

enum chooser_kind {
	CHOOSER_HELP,
	CHOOSER_PALETTE,
	CHOOSER_COPY /* a letter picks at once, nothing is typed */
};

#define CHOICE_TEXT_SIZE 700

struct choice {
	char key[16];
	char text[CHOICE_TEXT_SIZE]; /* CHOOSER_COPY: what would be copied */
	char cli[160];               /* "" for none */
	enum verb verb;
	char host[256]; /* palette: a domain to open; "" for a command */
};

struct chooser {
	enum chooser_kind kind;
	char title[80];
	struct choice *items;
	size_t n, cap;
	size_t *view; /* those that match */
	size_t n_view;
	size_t at, top;
	struct lineedit edit;
};

enum chooser_result {
	CHOOSER_OPEN,
	CHOOSER_CANCELLED,
	CHOOSER_PICKED
};

struct chooser *chooser_new(enum chooser_kind kind, const char *title);
void chooser_free(struct chooser *ch);

/* A new item, zeroed, to be filled in; then chooser_filter once. */
struct choice *chooser_add(struct chooser *ch);
void chooser_filter(struct chooser *ch);

enum chooser_result chooser_key(struct chooser *ch, key_code key);
const struct choice *chooser_picked(const struct chooser *ch);

/* In the palette, a name that is in no line of it: of a large installation not
 * every domain is listed.  NULL: nothing like that was typed. */
const char *chooser_typed(const struct chooser *ch);

void chooser_draw(const struct chooser *ch, struct canvas c);

#endif
