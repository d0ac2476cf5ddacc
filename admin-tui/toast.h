#ifndef ADMIN_TUI_TOAST_H
#define ADMIN_TUI_TOAST_H
/*
 * Short messages in a corner: what was done goes by itself, what failed stays
 * until it is put away.  They never take keys and never cover the cursor.
 */
#include "admin-tui/canvas.h"

#define TOASTS_MAX      8 /* the oldest goes when one more comes */
#define TOAST_SECONDS   5
#define TOAST_TEXT_SIZE 520

struct toast {
	char text[TOAST_TEXT_SIZE];
	char detail[TOAST_TEXT_SIZE]; /* what to do, "" for nothing */
	bool is_bad;
	int64_t until; /* seconds; 0: stays */
};

struct toasts {
	struct toast items[TOASTS_MAX]; /* newest last */
	size_t n;
};

void toasts_add(struct toasts *t, const struct toast *toast);
void toasts_dismiss(struct toasts *t); /* the newest */
void toasts_expire(struct toasts *t, int64_t now);

/* The newest one, in a corner of c that the cursor is not in. */
void toasts_draw(const struct toasts *t, struct canvas c);

#endif
