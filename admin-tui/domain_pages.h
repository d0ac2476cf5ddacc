#ifndef ADMIN_TUI_DOMAIN_PAGES_H
#define ADMIN_TUI_DOMAIN_PAGES_H
/*
 * What the tabs of a domain say, as text.  Each fills a page that was begun.
 */
#include "admin-tui/model.h"
#include "admin-tui/page.h"

/* Why it is as it is, what to change at the DNS provider, when we look next. */
void diagnosis_page(
    struct page *p, const struct model *m, const struct domain *d);

/* The automatic certificate: state, schedule, what happened. */
void acme_page(struct page *p, const struct model *m, const struct domain *d);

/* The certificate visitors get, and what they get if it fails. */
void certificate_page(
    struct page *p, const struct model *m, const struct domain *d);

/* What visitors get, in words: "your own certificate". */
const char *serving_words(const struct domain *d);

/* The story of the host, from /v1/explain; NULL: it has not come yet. */
void why_page(struct page *p, const json_t *story);

#endif
