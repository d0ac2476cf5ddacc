#include "admin-tui/keymap.h"

#include "base/mem.h"

#define LISTS  (PLACE_DASHBOARD | PLACE_HISTORY | PLACE_FILES)
#define TABS   (PLACE_DOMAIN | PLACE_HISTORY)
#define HOSTS  (PLACE_DASHBOARD | TABS)
#define UPLOAD (PLACE_FILES | PLACE_VERDICT)
#define ALL    (HOSTS | UPLOAD)

/* In the order of the footer and of the help. */
/* clang-format off */
const struct binding keymap[] = {
	{VERB_HELP, ALL, LEVEL_SAFE, false, {'?', KEY_HELP_F1}, "?",
	    "help", 0, "keys and commands, searchable", "help"},
	{VERB_OPEN, PLACE_DASHBOARD, LEVEL_SAFE, false,
	    {KEY_RETURN, 'd', KEY_ARROW_RIGHT}, "Enter",
	    "open", 1, "why it is so, and what to do", "domains info HOST"},
	{VERB_CHOOSE, PLACE_FILES, LEVEL_SAFE, false,
	    {KEY_RETURN}, "Enter", "choose", 1,
	    "choose the file; with certificate and key, check them", NULL},
	{VERB_CONTINUE, PLACE_FILES, LEVEL_SAFE, false, {'c'}, "c",
	    "check", 2, "check what is chosen", NULL},
	{VERB_CONTINUE, PLACE_VERDICT, LEVEL_REVERSIBLE, true,
	    {KEY_RETURN}, "Enter", "install", 1,
	    "install it (asks)", "certs update HOST FILE..."},
	{VERB_COMPLETE, PLACE_VERDICT, LEVEL_SAFE, false, {'f'}, "f",
	    "fetch missing", 3, "fetch missing intermediates, or not", NULL},
	{VERB_BYPASS, PLACE_VERDICT, LEVEL_SAFE, false, {'b'}, "b",
	    "as given", 4, "serve the chain as given, or put in order", NULL},
	{VERB_EVERYWHERE, PLACE_VERDICT, LEVEL_SAFE, false, {'A'}, "A",
	    "everywhere", 5, "on every domain of the app it covers, or here",
	    NULL},
	{VERB_UPLOAD, HOSTS, LEVEL_REVERSIBLE, true, {'u'}, "u",
	    "upload", 2, "upload a custom certificate",
	    "certs update HOST FILE..."},
	{VERB_CHECK, HOSTS, LEVEL_SAFE, true, {'r'}, "r",
	    "check", 4, "look now: DNS again, or order again",
	    "domains check HOST"},
	{VERB_HISTORY, HOSTS & ~PLACE_HISTORY, LEVEL_SAFE, false,
	    {'H'}, "H", "history", 7, "every certificate it had",
	    "certs history HOST"},
	{VERB_ROLL_BACK, HOSTS, LEVEL_REVERSIBLE, true, {'R'}, "R",
	    "roll back", 3, "the certificate before (asks)",
	    "certs rollback HOST"},
	{VERB_ROLL_BACK, PLACE_HISTORY, LEVEL_REVERSIBLE, true,
	    {KEY_RETURN}, "Enter", NULL, 0,
	    "what rolling back to it would change (asks)", NULL},
	{VERB_ADD, PLACE_DASHBOARD, LEVEL_SAFE, true, {'a'}, "a",
	    "add", 6, "add a domain", "domains add NAME --app APP"},
	{VERB_RENEW, TABS, LEVEL_REVERSIBLE, true, {'N'}, "N",
	    NULL, 0, "a new automatic certificate now (asks)",
	    "certs renew HOST"},
	{VERB_DELETE, HOSTS, LEVEL_DESTRUCTIVE, true, {'D'}, "D",
	    NULL, 0, "remove: the domain; in History the custom certificate",
	    "domains remove HOST"},
	{VERB_PASTE, PLACE_FILES, LEVEL_SAFE, false, {'p'}, "p",
	    "paste", 4, "paste PEM text instead of choosing files", NULL},
	{VERB_FILTER, LISTS, LEVEL_SAFE, false, {'/', '\\'}, "/",
	    "filter", 5, "words; -word excludes; status:pending app:shop",
	    NULL},
	{VERB_PROBLEMS, PLACE_DASHBOARD, LEVEL_SAFE, false, {'!'}, "!",
	    "problems", 8, "only what needs a person", "domains --problems"},
	{VERB_COPY, HOSTS | PLACE_VERDICT, LEVEL_SAFE, false, {'y'}, "y",
	    "copy", 8, "copy name, record, command or fingerprint", NULL},
	{VERB_NEXT_TAB, TABS, LEVEL_SAFE, false,
	    {KEY_TAB, ']', KEY_ARROW_RIGHT}, "Tab", "next tab", 5,
	    "next tab", NULL},
	{VERB_PREVIOUS_TAB, TABS, LEVEL_SAFE, false,
	    {KEY_BACK_TAB, '[', KEY_ARROW_LEFT}, "S-Tab", NULL, 0,
	    "previous tab", NULL},
	{VERB_MARK, PLACE_DASHBOARD | PLACE_FILES, LEVEL_SAFE, false,
	    {' '}, "Space", "mark", 9, "mark; r then works on all marked",
	    NULL},
	{VERB_SORT_LEFT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'<'}, "<",
	    NULL, 0, "sort by the column to the left", NULL},
	{VERB_SORT_RIGHT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'>'}, ">",
	    NULL, 0, "sort by the column to the right", NULL},
	{VERB_INVERT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'I'}, "I",
	    NULL, 0, "turn the order round", NULL},
	{VERB_UP, ALL, LEVEL_SAFE, false, {'k', KEY_ARROW_UP}, "k",
	    NULL, 0, "up", NULL},
	{VERB_DOWN, ALL, LEVEL_SAFE, false, {'j', KEY_ARROW_DOWN}, "j",
	    NULL, 0, "down", NULL},
	{VERB_PAGE_UP, ALL, LEVEL_SAFE, false,
	    {KEY_PAGE_UP, KEY_CTRL('B')}, "PgUp", NULL, 0, "a page up", NULL},
	{VERB_PAGE_DOWN, ALL, LEVEL_SAFE, false,
	    {KEY_PAGE_DOWN, KEY_CTRL('F')}, "PgDn", NULL, 0, "a page down",
	    NULL},
	{VERB_HALF_UP, ALL, LEVEL_SAFE, false, {KEY_CTRL('U')}, "C-u",
	    NULL, 0, "half a page up", NULL},
	{VERB_HALF_DOWN, ALL, LEVEL_SAFE, false, {KEY_CTRL('D')}, "C-d",
	    NULL, 0, "half a page down", NULL},
	{VERB_FIRST, ALL, LEVEL_SAFE, false, {'g', KEY_FIRST}, "g",
	    NULL, 0, "first row", NULL},
	{VERB_LAST, ALL, LEVEL_SAFE, false, {'G', KEY_LAST}, "G",
	    NULL, 0, "last row", NULL},
	{VERB_OUT, PLACE_FILES, LEVEL_SAFE, false,
	    {'h', KEY_ARROW_LEFT, KEY_ERASE}, "h", "up", 6,
	    "the folder above", NULL},
	{VERB_INTO, PLACE_FILES, LEVEL_SAFE, false,
	    {'l', KEY_ARROW_RIGHT}, "l", NULL, 0, "into the folder", NULL},
	{VERB_HIDDEN, PLACE_FILES, LEVEL_SAFE, false, {'.'}, ".",
	    "all files", 7, "show all files, or only what can be used", NULL},
	{VERB_HOME, PLACE_FILES, LEVEL_SAFE, false, {'~'}, "~",
	    "home", 8, "your home folder", NULL},
	{VERB_PALETTE, ALL, LEVEL_SAFE, false,
	    {':', KEY_CTRL('P')}, ":", "command", 9,
	    "commands and domains by name", NULL},
	{VERB_DISMISS, ALL, LEVEL_SAFE, false, {'x'}, "x",
	    NULL, 0, "put the message away", NULL},
	{VERB_REFRESH, ALL, LEVEL_SAFE, false,
	    {KEY_CTRL('R'), KEY_REFRESH_F5}, "C-r", NULL, 0,
	    "ask the daemon again now", NULL},
	{VERB_REDRAW, ALL, LEVEL_SAFE, false, {KEY_CTRL('L')}, "C-l",
	    NULL, 0, "draw the screen anew", NULL},
	{VERB_SUSPEND, ALL, LEVEL_SAFE, false, {KEY_CTRL('Z')}, "C-z",
	    NULL, 0, "suspend; fg comes back", NULL},
	{VERB_BACK, ALL & ~PLACE_DASHBOARD, LEVEL_SAFE, false,
	    {KEY_ESCAPE, 'q'}, "Esc", "back", 1, "one step back", NULL},
	{VERB_BACK, PLACE_DASHBOARD, LEVEL_SAFE, false, {KEY_ESCAPE},
	    "Esc", NULL, 0, "clear filter and marks", NULL},
	{VERB_QUIT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'q'}, "q",
	    "quit", 1, "leave the console", NULL},
	{VERB_QUIT, ALL, LEVEL_SAFE, false, {'Q', KEY_CTRL('C')}, "Q",
	    NULL, 0, "leave the console from anywhere", NULL},
};
/* clang-format on */
const size_t keymap_n = COUNT_OF(keymap);

const struct binding *
keymap_find(enum place place, key_code key)
{
	for (size_t i = 0; i < keymap_n; i++) {
		if ((keymap[i].places & place) == 0)
			continue;
		for (size_t k = 0; k < BINDING_KEYS; k++)
			if (keymap[i].keys[k] == key && key != 0)
				return &keymap[i];
	}
	return NULL;
}

const struct binding *
keymap_of(enum place place, enum verb verb)
{
	for (size_t i = 0; i < keymap_n; i++)
		if ((keymap[i].places & place) != 0 && keymap[i].verb == verb)
			return &keymap[i];
	return NULL;
}
