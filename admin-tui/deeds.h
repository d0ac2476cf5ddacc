#ifndef ADMIN_TUI_DEEDS_H
#define ADMIN_TUI_DEEDS_H
/*
 * What can be done to a domain from any screen: each is an ask, or the question
 * that comes before it and says what visitors will notice.
 */
#include "admin-tui/fx.h"
#include "admin-tui/model.h"

/* Looks now: DNS again, or, where only the order failed, orders again. */
void deed_check(const struct domain *d, struct fx *fx);
void deed_renew(const struct domain *d, struct fx *fx);
void deed_remove_domain(const struct domain *d, struct fx *fx);
void deed_remove_certificate(const struct domain *d, struct fx *fx);

/* A form; the screen's accept hands it back. */
void deed_add(const struct domain *beside, struct fx *fx);
void deed_add_accept(const struct dialog *form, struct fx *fx);

/*
 * Rolls back to version `to`: the difference between what is served and that
 * one, and the name to type where visitors are.  A version that cannot be
 * served is explained instead.
 */
void deed_roll_back(
    const struct domain *d, const struct cert *to, int64_t now, struct fx *fx);

/* When it takes effect, and how to have `before` (may be NULL) again. */
void deed_undo(struct dialog *dialog, const struct cert *before);

/* Lines "label  - now  + after" of two certificates; before may be NULL. */
void deed_compare(struct dialog *dialog, const struct cert *before,
    const struct cert *after, int64_t now);

#endif
