#ifndef ADMIN_TUI_THEME_H
#define ADMIN_TUI_THEME_H
/*
 * What drawing code may say about looks: a role for every piece of text, and
 * Unicode for every glyph.  How a role looks depends on the colours there are,
 * and a glyph the terminal cannot show is replaced by one it can.  Colour never
 * carries meaning alone: the word and the glyph do.
 */
#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_TEXT,
	ROLE_DIM,
	ROLE_TITLE,
	ROLE_BAR,      /* the top line */
	ROLE_SELECTED, /* the row under the cursor */
	ROLE_MARKED,
	ROLE_OK,
	ROLE_WORKING, /* something is under way */
	ROLE_WAITING, /* for a person */
	ROLE_WARN,
	ROLE_BAD,
	ROLE_OLD, /* diffs: what goes */
	ROLE_NEW, /* and what comes */
	ROLES
};

/* The user's own palette, by its ANSI numbers; never blue, black or white, and
 * never a background. */
enum colour {
	COLOUR_DEFAULT = -1,
	COLOUR_RED = 1,
	COLOUR_GREEN = 2,
	COLOUR_YELLOW = 3,
	COLOUR_CYAN = 6
};

struct pen {
	enum colour colour;
	bool bold, dim, underline, reverse;
};

/* With colours, or (NO_COLOR, a terminal without) without. */
struct pen theme_pen(enum role role, bool colours);

enum glyphs {
	GLYPHS_ASCII, /* the locale is not UTF-8 */
	GLYPHS_LINE,  /* the Linux console: lines, few symbols */
	GLYPHS_FULL
};

/* What stands for this code point there; '?' when nothing does. */
uint32_t theme_glyph(uint32_t code_point, enum glyphs glyphs);

/* Glyphs of the console, all one column wide. */
#define GLYPH_OK  "\xe2\x9c\x93" /* check mark */
#define GLYPH_BAD "\xe2\x9c\x97" /* ballot x */

#endif
