#ifndef ADMIN_TUI_TEXT_H
#define ADMIN_TUI_TEXT_H
/*
 * Text as a terminal sees it: UTF-8 code points and the columns they take.
 * Whatever bytes come in, what goes out is printable: broken UTF-8, control
 * bytes and the characters that reorder a line (a certificate's subject is
 * written by strangers) become U+FFFD, one column wide.
 */
#include "base/buf.h"
#include "base/slice.h"

#define TEXT_REPLACEMENT 0xfffdU
#define TEXT_ELLIPSIS    0x2026U /* one column: ... */

/*
 * Takes the first code point off *s and gives it as it may be drawn.  False
 * when s is empty.  A tab is a blank; a broken byte is one replacement.
 */
bool text_next(struct slice *s, uint32_t *code_point);

/* Columns: 0 for combining marks, 2 for wide characters, else 1. */
int text_columns(uint32_t code_point);
int text_width(struct slice s);

/* Writes the UTF-8 of a code point; returns its 1 to 4 bytes. */
size_t text_encode(uint32_t code_point, char out[4]);

/* Bytes of the longest prefix that takes at most so many columns. */
size_t text_prefix(struct slice s, int columns);

/* Bytes from which on the rest takes at most so many columns. */
size_t text_suffix(struct slice s, int columns);

/* What is left when there is no room: the end is replaced by an ellipsis, or
 * the middle, which suits host names: both ends matter. */
enum text_cut {
	TEXT_CUT_END,
	TEXT_CUT_MIDDLE
};

/* s in at most so many columns, as terminated UTF-8 cut to size; returns out.
 */
char *text_fit(
    struct slice s, int columns, enum text_cut cut, char *out, size_t size);

/* The same, filled up with blanks to exactly so many columns. */
char *text_pad(struct slice s, int columns, char *out, size_t size);

/*
 * The next line of at most so many columns off *s, broken at a blank where
 * there is one.  False when nothing is left.
 */
bool text_wrap(struct slice *s, int columns, struct slice *line);

#endif
