#ifndef ADMIN_TUI_STORY_H
#define ADMIN_TUI_STORY_H
/*
 * The story of a host in sentences, from the answer of /v1/explain/{host}: for
 * the command line, which prints it, and for the console's page.  What one line
 * is and how far it is moved in is told; breaking it at the screen's edge is
 * the teller's.
 */
#include <stdint.h>

#include "base/json.h"

enum story_kind {
	STORY_HEAD,  /* what it comes to */
	STORY_TITLE, /* of a chapter */
	STORY_TEXT,
	STORY_RECORD, /* to be set, ready to paste */
};

/* One line; text has no line break. */
typedef void story_line(
    void *ctx, enum story_kind kind, int indent, const char *text);

/* utc: times as in the API, for programs; else as people near the terminal
 * say them. */
void story_tell(const json_t *explained, bool utc, story_line *line, void *ctx);

#endif
