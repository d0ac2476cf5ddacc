#ifndef ADMIN_TUI_KEYMAP_H
#define ADMIN_TUI_KEYMAP_H
/*
 * The one table of keys: what each means, where, and how much it may change.
 * The footer, the help, the palette and the line with the command are all read
 * from it.  The same letter means the same on every screen; lower case is safe
 * or can be undone, upper case asks first.
 */
#include <stdbool.h>
#include <stddef.h>

#include "admin-tui/keys.h"

enum command {
	COMMAND_NONE,
	COMMAND_HELP,
	COMMAND_OPEN,
	COMMAND_CHOOSE,   /* a file */
	COMMAND_CONTINUE, /* to the next step */
	COMMAND_UPLOAD,
	COMMAND_CHECK,
	COMMAND_HISTORY,
	COMMAND_ROLL_BACK,
	COMMAND_ADD,
	COMMAND_RENEW,
	COMMAND_DELETE,
	COMMAND_PASTE,
	COMMAND_FILTER,
	COMMAND_PROBLEMS,
	COMMAND_COPY,
	COMMAND_NEXT_TAB,
	COMMAND_PREVIOUS_TAB,
	COMMAND_MARK,
	COMMAND_SORT_LEFT,
	COMMAND_SORT_RIGHT,
	COMMAND_INVERT,
	COMMAND_UP,
	COMMAND_DOWN,
	COMMAND_PAGE_UP,
	COMMAND_PAGE_DOWN,
	COMMAND_HALF_UP,
	COMMAND_HALF_DOWN,
	COMMAND_FIRST,
	COMMAND_LAST,
	COMMAND_OUT,  /* of a folder */
	COMMAND_INTO, /* one */
	COMMAND_HIDDEN,
	COMMAND_HOME,
	COMMAND_PALETTE,
	COMMAND_DISMISS,
	COMMAND_REFRESH,
	COMMAND_REDRAW,
	COMMAND_SUSPEND,
	COMMAND_BACK,
	COMMAND_QUIT,
	COMMANDS
};

/* Places that have keys of their own; a binding names all it works in. */
enum place {
	PLACE_DASHBOARD = 1,
	PLACE_DOMAIN = 2,  /* tabs Diagnosis, ACME, Certificate */
	PLACE_HISTORY = 4, /* the tab */
	PLACE_FILES = 8,   /* upload, step 1 */
	PLACE_VERDICT = 16 /* upload, step 2 */
};

enum level {
	LEVEL_SAFE,        /* no question */
	LEVEL_REVERSIBLE,  /* asks */
	LEVEL_DESTRUCTIVE, /* asks for the name */
};

#define BINDING_KEYS 3

struct binding {
	enum command command;
	unsigned places;
	enum level level;
	bool is_action; /* asks the daemon to change something */
	key_code keys[BINDING_KEYS];
	const char *key;    /* as people read it */
	const char *label;  /* in the footer; NULL: not there */
	int priority;       /* there; the highest leaves first */
	const char *effect; /* one line of help */
	const char *cli;    /* the same on the command line; NULL: none */
};

extern const struct binding keymap[];
extern const size_t keymap_n;

/* What a key means there; NULL: nothing. */
const struct binding *keymap_find(enum place place, key_code key);
const struct binding *keymap_of(enum place place, enum command command);

#endif
