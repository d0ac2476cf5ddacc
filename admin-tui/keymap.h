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

enum verb {
	VERB_NONE,
	VERB_HELP,
	VERB_OPEN,
	VERB_CHOOSE,     /* a file */
	VERB_CONTINUE,   /* to the next step */
	VERB_COMPLETE,   /* fetch missing intermediates */
	VERB_BYPASS,     /* serve the chain as given */
	VERB_EVERYWHERE, /* on every domain that is covered */
	VERB_UPLOAD,
	VERB_CHECK,
	VERB_HISTORY,
	VERB_ROLL_BACK,
	VERB_ADD,
	VERB_RENEW,
	VERB_DELETE,
	VERB_PASTE,
	VERB_FILTER,
	VERB_PROBLEMS,
	VERB_COPY,
	VERB_NEXT_TAB,
	VERB_PREVIOUS_TAB,
	VERB_MARK,
	VERB_SORT_LEFT,
	VERB_SORT_RIGHT,
	VERB_INVERT,
	VERB_UP,
	VERB_DOWN,
	VERB_PAGE_UP,
	VERB_PAGE_DOWN,
	VERB_HALF_UP,
	VERB_HALF_DOWN,
	VERB_FIRST,
	VERB_LAST,
	VERB_OUT,  /* of a folder */
	VERB_INTO, /* one */
	VERB_HIDDEN,
	VERB_HOME,
	VERB_PALETTE,
	VERB_DISMISS,
	VERB_REFRESH,
	VERB_REDRAW,
	VERB_SUSPEND,
	VERB_BACK,
	VERB_QUIT,
	VERBS
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
	enum verb verb;
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
const struct binding *keymap_of(enum place place, enum verb verb);

#endif
