#ifndef ROUTER_CONTROL_PAGE_H
#define ROUTER_CONTROL_PAGE_H
/*
 * Pages of the apps' own (maintenance_page, error_page), kept in the store for
 * the workers.  A page is known by its source: the URL that it is fetched from,
 * or "sha256:" and the digest of one that was uploaded.  It is kept as long as
 * a setting names it.
 *
 * One that is named by URL is fetched when it is set, and again every day; what
 * was had last stays when that fails.
 */
#include "router/control/api.h"
#include "router/control/app.h"

/* The settings that name one. */
#define PAGE_KEYS 2
extern const char *const page_keys[PAGE_KEYS];

/* Inside a change.  In settings that were just applied, a page itself gives way
 * to its source, and is kept; an upload that is not known is N22. */
enum err MUST_USE pages_name(
    struct control *c, json_t *settings, struct fault *f);
/* Inside a change too, for the app that has them: these are the ones it uses
 * from now on. */
enum err MUST_USE pages_use(struct control *c, const struct app *a);

/* Those that [defaults] names, which are no app's. */
void pages_use_defaults(struct control *c);

/* --- page_fetch.c --------------------------------------------------------- */

/* Fetches under way.  Freed after the fetches were dropped. */
struct pages;
struct pages *pages_new(void);
void pages_free(struct pages *p); /* NULL is allowed */

/* Begins to fetch what is due. */
void pages_tick(struct control *c);

/*
 * Fetches the pages that the body's settings name by URL, then calls `then`.
 * When one cannot be had the call is refused with N26.
 */
void pages_fetch(struct api_call *call, void (*then)(struct api_call *call));

#endif
