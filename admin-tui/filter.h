#ifndef ADMIN_TUI_FILTER_H
#define ADMIN_TUI_FILTER_H
/*
 * What is typed after `/`: words that all must occur, case ignored; `-word`
 * must not; `status:pending` looks in one column only.
 */
#include "base/slice.h"

/*
 * Writes the text of one row: of the column so named, of all of them for "".
 * False when there is no such column.
 */
#define FILTER_TEXT_SIZE 1200
typedef bool filter_text(
    const void *ctx, size_t row, const char *name, char out[FILTER_TEXT_SIZE]);

bool filter_match(
    struct slice filter, filter_text *text, const void *ctx, size_t row);

/* Whether text has the word in it, ASCII letters compared without case. */
bool filter_has(const char *text, struct slice word);

#endif
