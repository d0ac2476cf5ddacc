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
	{COMMAND_HELP, ALL, LEVEL_SAFE, false, {'?', KEY_HELP_F1}, "?",
	    "help", 0, "keys and commands, searchable", "help"},
	{COMMAND_OPEN, PLACE_DASHBOARD, LEVEL_SAFE, false,
	    {KEY_RETURN, 'd', KEY_ARROW_RIGHT}, "Enter",
	    "open", 1, "why it is so, and what to do", "domains info HOST"},
	{COMMAND_CHOOSE, PLACE_FILES, LEVEL_SAFE, false,
	    {KEY_RETURN}, "Enter", "choose", 1,
	    "choose the file; with certificate and key, check them", NULL},
	{COMMAND_CONTINUE, PLACE_FILES, LEVEL_SAFE, false, {'c'}, "c",
	    "check", 2, "check what is chosen", NULL},
	{COMMAND_CONTINUE, PLACE_VERDICT, LEVEL_REVERSIBLE, true,
	    {KEY_RETURN}, "Enter", "install", 1,
	    "install it (asks)", "certs update HOST FILE..."},
	{COMMAND_UPLOAD, HOSTS, LEVEL_REVERSIBLE, true, {'u'}, "u",
	    "upload", 3, "upload a custom certificate",
	    "certs update HOST FILE..."},
	{COMMAND_CHECK, HOSTS, LEVEL_SAFE, true, {'r'}, "r",
	    "check", 4, "look now: DNS again, or order again",
	    "domains check HOST"},
	{COMMAND_HISTORY, HOSTS & ~PLACE_HISTORY, LEVEL_SAFE, false,
	    {'H'}, "H", "history", 7, "every certificate it had",
	    "certs history HOST"},
	{COMMAND_ROLL_BACK, HOSTS, LEVEL_REVERSIBLE, true, {'R'}, "R",
	    "roll back", 2, "the certificate before (asks)",
	    "certs rollback HOST"},
	{COMMAND_ADD, PLACE_DASHBOARD, LEVEL_SAFE, true, {'a'}, "a",
	    "add", 6, "add a domain", "domains add HOST --app APP"},
	{COMMAND_RENEW, TABS, LEVEL_REVERSIBLE, true, {'N'}, "N",
	    NULL, 0, "a new automatic certificate now (asks)",
	    "certs renew HOST"},
	{COMMAND_DELETE, HOSTS, LEVEL_DESTRUCTIVE, true, {'D'}, "D",
	    NULL, 0, "remove: the domain; in History the custom certificate",
	    "domains remove HOST"},
	{COMMAND_PASTE, PLACE_FILES, LEVEL_SAFE, false, {'p'}, "p",
	    "paste", 4, "paste PEM text instead of choosing files", NULL},
	{COMMAND_FILTER, LISTS, LEVEL_SAFE, false, {'/', '\\'}, "/",
	    "filter", 5, "words; -word excludes; status:pending app:shop",
	    NULL},
	{COMMAND_PROBLEMS, PLACE_DASHBOARD, LEVEL_SAFE, false, {'!'}, "!",
	    "problems", 8, "only what needs a person", "domains --problems"},
	{COMMAND_COPY, HOSTS | PLACE_VERDICT, LEVEL_SAFE, false, {'y'}, "y",
	    "copy", 8, "copy name, record, command or fingerprint", NULL},
	{COMMAND_NEXT_TAB, TABS, LEVEL_SAFE, false,
	    {KEY_TAB, ']', KEY_ARROW_RIGHT}, "Tab", "next tab", 5,
	    "next tab", NULL},
	{COMMAND_PREVIOUS_TAB, TABS, LEVEL_SAFE, false,
	    {KEY_BACK_TAB, '[', KEY_ARROW_LEFT}, "S-Tab", NULL, 0,
	    "previous tab", NULL},
	{COMMAND_MARK, PLACE_DASHBOARD | PLACE_FILES, LEVEL_SAFE, false,
	    {' '}, "Space", "mark", 9, "mark; r then works on all marked",
	    NULL},
	{COMMAND_SORT_LEFT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'<'}, "<",
	    NULL, 0, "sort by the column to the left", NULL},
	{COMMAND_SORT_RIGHT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'>'}, ">",
	    NULL, 0, "sort by the column to the right", NULL},
	{COMMAND_INVERT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'I'}, "I",
	    NULL, 0, "turn the order round", NULL},
	{COMMAND_UP, ALL, LEVEL_SAFE, false, {'k', KEY_ARROW_UP}, "k",
	    NULL, 0, "up", NULL},
	{COMMAND_DOWN, ALL, LEVEL_SAFE, false, {'j', KEY_ARROW_DOWN}, "j",
	    NULL, 0, "down", NULL},
	{COMMAND_PAGE_UP, ALL, LEVEL_SAFE, false,
	    {KEY_PAGE_UP, KEY_CTRL('B')}, "PgUp", NULL, 0, "a page up", NULL},
	{COMMAND_PAGE_DOWN, ALL, LEVEL_SAFE, false,
	    {KEY_PAGE_DOWN, KEY_CTRL('F')}, "PgDn", NULL, 0, "a page down",
	    NULL},
	{COMMAND_HALF_UP, ALL, LEVEL_SAFE, false, {KEY_CTRL('U')}, "C-u",
	    NULL, 0, "half a page up", NULL},
	{COMMAND_HALF_DOWN, ALL, LEVEL_SAFE, false, {KEY_CTRL('D')}, "C-d",
	    NULL, 0, "half a page down", NULL},
	{COMMAND_FIRST, ALL, LEVEL_SAFE, false, {'g', KEY_FIRST}, "g",
	    NULL, 0, "first row", NULL},
	{COMMAND_LAST, ALL, LEVEL_SAFE, false, {'G', KEY_LAST}, "G",
	    NULL, 0, "last row", NULL},
	{COMMAND_OUT, PLACE_FILES, LEVEL_SAFE, false,
	    {'h', KEY_ARROW_LEFT, KEY_ERASE}, "h", "up", 6,
	    "the folder above", NULL},
	{COMMAND_INTO, PLACE_FILES, LEVEL_SAFE, false,
	    {'l', KEY_ARROW_RIGHT}, "l", NULL, 0, "into the folder", NULL},
	{COMMAND_HIDDEN, PLACE_FILES, LEVEL_SAFE, false, {'.'}, ".",
	    "all files", 7, "show all files, or only what can be used", NULL},
	{COMMAND_HOME, PLACE_FILES, LEVEL_SAFE, false, {'~'}, "~",
	    "home", 8, "your home folder", NULL},
	{COMMAND_PALETTE, ALL, LEVEL_SAFE, false,
	    {':', KEY_CTRL('P')}, ":", "command", 9,
	    "commands and domains by name", NULL},
	{COMMAND_DISMISS, ALL, LEVEL_SAFE, false, {'x'}, "x",
	    NULL, 0, "put the message away", NULL},
	{COMMAND_REFRESH, ALL, LEVEL_SAFE, false,
	    {KEY_CTRL('R'), KEY_REFRESH_F5}, "C-r", NULL, 0,
	    "ask the daemon again now", NULL},
	{COMMAND_REDRAW, ALL, LEVEL_SAFE, false, {KEY_CTRL('L')}, "C-l",
	    NULL, 0, "draw the screen anew", NULL},
	{COMMAND_SUSPEND, ALL, LEVEL_SAFE, false, {KEY_CTRL('Z')}, "C-z",
	    NULL, 0, "suspend; fg comes back", NULL},
	{COMMAND_BACK, ALL & ~PLACE_DASHBOARD, LEVEL_SAFE, false,
	    {KEY_ESCAPE, 'q'}, "Esc", "back", 3, "one step back", NULL},
	{COMMAND_BACK, PLACE_DASHBOARD, LEVEL_SAFE, false, {KEY_ESCAPE},
	    "Esc", NULL, 0, "clear filter and marks", NULL},
	{COMMAND_QUIT, PLACE_DASHBOARD, LEVEL_SAFE, false, {'q'}, "q",
	    "quit", 3, "leave the console", NULL},
	{COMMAND_QUIT, ALL, LEVEL_SAFE, false, {'Q', KEY_CTRL('C')}, "Q",
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
keymap_of(enum place place, enum command command)
{
	for (size_t i = 0; i < keymap_n; i++)
		if ((keymap[i].places & place) != 0 &&
		    keymap[i].command == command)
			return &keymap[i];
	return NULL;
}
