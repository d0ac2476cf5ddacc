#ifndef BASE_LOGFMT_H
#define BASE_LOGFMT_H
/*
 * Reads router lines (INTERFACE.md, 5): words, key=value and key="value" with
 * escapes as JSON's, separated by blanks.
 */
#include <stdbool.h>

#include "base/buf.h"

struct logfmt_field {
	struct slice key;   /* empty: a word without one, as the time */
	struct slice value; /* as written, without the quotes */
	bool is_quoted;     /* the value may hold escapes */
};

/* Takes the next field off *line; false at the end, or where it is none. */
bool logfmt_next(struct slice *line, struct logfmt_field *out);

/* The value with its escapes undone, added to b. */
void logfmt_add_value(struct buf *b, const struct logfmt_field *f);

#endif
