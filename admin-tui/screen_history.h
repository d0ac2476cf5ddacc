#ifndef ADMIN_TUI_SCREEN_HISTORY_H
#define ADMIN_TUI_SCREEN_HISTORY_H
/*
 * The History tab of a domain: every certificate it had, and rolling back.
 *
 * Owned by: the domain's screen.   Freed by: history_clear.
 */
#include "admin-tui/fx.h"
#include "admin-tui/model.h"
#include "admin-tui/table.h"

struct history {
	const struct model *model;
	struct table table;
};

void history_init(struct history *h, const struct model *model);
void history_clear(struct history *h);
void history_layout(struct history *h, int rows);
void history_draw(const struct history *h, struct canvas c);
bool history_verb(struct history *h, enum verb verb);

/* The version under the cursor, NULL while there is none. */
const struct cert *history_selected(const struct history *h);

/*
 * Asks to roll back to the selected version; where that is the one that is
 * served, to the custom one before it.
 */
void history_roll_back(
    const struct history *h, const struct domain *d, struct fx *fx);

#endif
