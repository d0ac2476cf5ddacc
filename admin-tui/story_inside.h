#ifndef ADMIN_TUI_STORY_INSIDE_H
#define ADMIN_TUI_STORY_INSIDE_H
/* What the files of the story share. */
#include "admin-tui/story.h"
#include "admin-tui/words.h"

#define STORY_TEXT_MAX  8192
#define STORY_WHEN_SIZE 48

struct story {
	const json_t *all; /* the answer */
	int64_t now;
	bool utc;
	story_line *line;
	void *ctx;
};

void story_say(const struct story *t, enum story_kind kind, int indent,
    const char *fmt, ...) PRINTF(4, 5);
void story_title(const struct story *t, const char *title);

/* A time of an object, as it is told; "" when there is none. */
int64_t story_time(const json_t *o, const char *key);
char *story_when(const struct story *t, const json_t *o, const char *key,
    char out[STORY_WHEN_SIZE]);

/* "D12 The name ..., and on the next line what to do. */
void story_fault(const struct story *t, int indent, const json_t *fault);

/* Parts of the story, each a chapter or a part of one. */
void story_resolvers(const struct story *t);
void story_caa(const struct story *t);
void story_budget(const struct story *t);
void story_orders(const struct story *t);
void story_limits(const struct story *t);
void story_serving(const struct story *t);

#endif
