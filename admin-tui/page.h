#ifndef ADMIN_TUI_PAGE_H
#define ADMIN_TUI_PAGE_H
/*
 * Text that may be longer than the screen: lines with a role and a mark in
 * front, wrapped to the width when they are added, scrolled when drawn.  Made
 * anew whenever the data or the width changes; the place in it is kept.
 *
 * Owned by: a screen.   Freed by: page_clear.
 */
#include "admin-tui/canvas.h"
#include "admin-tui/keymap.h"

#define PAGE_LINES_MAX 2000

struct page_line {
	char *text;
	enum role role;
	int x;
	const char *mark; /* a glyph left of it; NULL: none */
	enum role mark_role;
};

struct page {
	struct page_line *lines;
	size_t n;
	int cols;   /* width that lines are wrapped to */
	size_t top; /* first line drawn */
	int rows;   /* how many are drawn */
};

void page_clear(struct page *p);
void page_begin(struct page *p, int cols); /* empties, keeps the place */
void page_end(struct page *p, int rows);   /* all is added: mends the place */

void page_line(struct page *p, enum role role, int x, const char *fmt, ...)
    PRINTF(4, 5);
/* One that begins with a glyph in its own role, at column 3. */
void page_mark(struct page *p, const char *mark, enum role mark_role,
    const char *fmt, ...) PRINTF(4, 5);
/* "  label      value": both sides kept in line; wrapped under the value. */
void page_pair(struct page *p, const char *label, const char *fmt, ...)
    PRINTF(3, 4);

bool page_verb(struct page *p, enum verb verb);
void page_draw(const struct page *p, struct canvas c);

#endif
