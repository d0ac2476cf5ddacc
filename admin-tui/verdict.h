#ifndef ADMIN_TUI_VERDICT_H
#define ADMIN_TUI_VERDICT_H
/*
 * What the daemon says of an upload before it is installed: the answer of its
 * dry run (INTERFACE.md, 4) as text.
 */
#include "admin-tui/model.h"
#include "admin-tui/page.h"

/* Each fills a page that was begun. */
void verdict_page(struct page *p, const struct model *m, const char *host,
    const json_t *answer);
void verdict_refused(struct page *p, const struct fault *f);

#endif
