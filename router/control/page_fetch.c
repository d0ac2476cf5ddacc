#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/digest.h"
#include "router/control/app_settings.h"
#include "router/control/page.h"

#define TIMEOUT_MS     10000
#define REDIRECTS      3
#define FRESH_S        86400 /* a page is fetched again */
#define RETRY_S        3600  /* after a failure */
#define LEASE_S        60    /* a fetch that never ended is begun again */
#define AT_ONCE_MAX    4
#define REFUSED_MAX    64
#define SOURCE_SIZE    (APP_PAGE_NAME_MAX + 1)
#define CHANGE_KEY_MAX (SOURCE_SIZE + 8)

struct pages {
	struct list under_way; /* fetches of what was due */
	size_t n_under_way;
};

/* A page on its way.
 * Owned by: its fetch.   Freed by: whoever is told of its end. */
struct page_fetch {
	struct list link; /* of what was due */
	struct control *control;
	char source[SOURCE_SIZE];
	/* of pages_fetch; NULL: it was due */
	struct api_call *call;
	void (*then)(struct api_call *call);
	size_t key; /* of page_keys, that it is for */
};

/* --- rows ----------------------------------------------------------------- */

static enum err
plan(struct control *c, const char *source, int64_t next_at)
{
	static const char sql[] =
	    "UPDATE page SET next_at = ?2 WHERE source = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, source);
	stmt_int(s, 2, next_at);
	return stmt_run(s);
}

static enum err
keep_fetched(struct control *c, const char *source, struct slice body)
{
	static const char sql[] =
	    "INSERT INTO page (source, digest, body, fetched_at, next_at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source) DO UPDATE"
	    " SET digest = ?2, body = ?3, fetched_at = ?4, next_at = ?5";
	struct stmt *s = db_stmt(c->db, sql);
	char digest[DIGEST_TEXT_SIZE], key[CHANGE_KEY_MAX];

	stmt_str(s, 1, source);
	stmt_str(s, 2, digest_text(body, digest));
	stmt_text(s, 3, body);
	stmt_int(s, 4, clock_now());
	stmt_int(s, 5, clock_now() + FRESH_S);
	(void)snprintf(key, sizeof(key), "page:%s", source);
	change_touch(c, key);
	return stmt_run(s);
}

/* --- fetching ------------------------------------------------------------- */

/* The platform's own addresses, of which a page would be a loop. */
static size_t
own_networks(const struct control *c, struct network out[REFUSED_MAX])
{
	const struct config_addrs *own = &c->config.platform.addresses;
	size_t n = 0;

	for (; n < own->n && n < REFUSED_MAX; n++)
		out[n] = (struct network){.base = own->items[n],
		    .prefix =
			own->items[n].u.sa.sa_family == AF_INET ? 32 : 128};
	return n;
}

static void
start(struct page_fetch *pf, fetch_done *done)
{
	struct network refused[REFUSED_MAX];
	const struct control *c = pf->control;
	const struct config_networks *allowed =
	    &c->config.control.webhook_networks;
	struct fetch_request request = {
	    .method = "GET",
	    .url = pf->source,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = TIMEOUT_MS,
	    .body_max = APP_PAGE_MAX,
	    .redirects_max = REDIRECTS,
	    .guarded = true,
	    .allowed = allowed->items,
	    .n_allowed = allowed->n,
	    .refused = refused,
	    .n_refused = own_networks(c, refused),
	    .done = done,
	    .ctx = pf,
	};

	(void)fetch_start(c->fetch, &request);
}

/* What came, when it is a page.  N26. */
static enum err
judge(const struct page_fetch *pf, enum err e, const struct fetch_response *r,
    const struct fault *why, struct fault *f)
{
	json_t *text = NULL;

	if (e != ERR_OK)
		fault_set(f, FAULT_N26_PAGE_NOT_FETCHED, "%.200s: %.200s",
		    pf->source, why->text);
	else if (r->status != 200)
		fault_set(f, FAULT_N26_PAGE_NOT_FETCHED,
		    "%.300s answers with status %d", pf->source, r->status);
	else if (slice_find(r->body, '<') == r->body.n ||
		 (text = json_stringn(r->body.p, r->body.n)) == NULL)
		fault_set(f, FAULT_N26_PAGE_NOT_FETCHED,
		    "%.300s gives no HTML in UTF-8", pf->source);
	else
		fault_clear(f);
	json_decref(text);
	return fault_is_set(f) ? ERR_PEER : ERR_OK;
}

/* In a change of its own. */
static enum err
store(const struct page_fetch *pf, struct slice body, struct fault *f)
{
	struct control *c = pf->control;
	enum err e = change_begin(c, f);

	if (e == ERR_OK)
		e = keep_fetched(c, pf->source, body);
	if (e == ERR_OK)
		e = change_commit(c, f);
	if (e == ERR_OK)
		return e;
	change_abort(c);
	return api_store_away(f);
}

/* --- for a call ----------------------------------------------------------- */

static void step(struct page_fetch *pf);

static void
on_fetched(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *why)
{
	struct page_fetch *pf = ctx;
	struct fault f = {0};

	e = judge(pf, e, r, why, &f);
	if (e == ERR_OK)
		e = store(pf, r->body, &f);
	if (e == ERR_OK) {
		pf->key++;
		step(pf);
		return;
	}
	pf->call->drop = NULL;
	api_refuse(pf->call, &f);
	free(pf);
}

/* The next URL, or on with the call. */
static void
step(struct page_fetch *pf)
{
	const json_t *settings = json_obj(pf->call->body, "settings");
	struct slice url;

	for (; pf->key < PAGE_KEYS; pf->key++) {
		url = slice_str(json_str(settings, page_keys[pf->key]));
		/* what is too long is for the settings to refuse */
		if (app_setting_is_url(url) &&
		    slice_to_str(url, pf->source, sizeof(pf->source)) ==
			ERR_OK) {
			start(pf, on_fetched);
			return;
		}
	}
	pf->call->drop = NULL;
	pf->then(pf->call);
	free(pf);
}

void
pages_fetch(struct api_call *call, void (*then)(struct api_call *call))
{
	struct page_fetch *pf = xcalloc(1, sizeof(*pf));

	pf->control = call->control;
	pf->call = call;
	pf->then = then;
	call->drop = free;
	call->drop_ctx = pf;
	step(pf);
}

/* --- what is due ---------------------------------------------------------- */

static void
on_fetched_again(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *why)
{
	struct page_fetch *pf = ctx;
	struct control *c = pf->control;
	struct fault f = {0};

	c->pages->n_under_way--;
	list_remove(&pf->link);
	e = judge(pf, e, r, why, &f);
	if (e == ERR_OK)
		e = store(pf, r->body, &f);
	if (e != ERR_OK) {
		log_warning("page: %s", f.text);
		if (change_begin(c, NULL) == ERR_OK &&
		    (plan(c, pf->source, clock_now() + RETRY_S) != ERR_OK ||
			change_commit(c, NULL) != ERR_OK))
			change_abort(c);
	}
	free(pf);
}

/* The first that is due: nobody's goes, another's next turn is put off until
 * its fetch has ended.  False: there is none. */
static bool
take_due(struct control *c, char source[SOURCE_SIZE], bool *is_used)
{
	static const char due[] =
	    "SELECT source, EXISTS (SELECT 1 FROM page_use u"
	    " WHERE u.source = p.source) FROM page p"
	    " WHERE next_at <= ?1 ORDER BY next_at LIMIT 1";
	static const char drop[] = "DELETE FROM page WHERE source = ?1";
	struct stmt *s = db_stmt(c->db, due);
	enum err e;

	stmt_int(s, 1, clock_now());
	if (stmt_step(s) != ERR_OK)
		return false;
	e = slice_to_str(stmt_get(s, 0), source, SOURCE_SIZE);
	*is_used = stmt_get_int(s, 1) != 0;
	stmt_done(s);
	if (e != ERR_OK || change_begin(c, NULL) != ERR_OK)
		return false;
	if (*is_used) {
		e = plan(c, source, clock_now() + LEASE_S);
	} else {
		s = db_stmt(c->db, drop);
		stmt_str(s, 1, source);
		e = stmt_run(s);
	}
	if (e == ERR_OK && change_commit(c, NULL) == ERR_OK)
		return true;
	change_abort(c);
	return false;
}

void
pages_tick(struct control *c)
{
	struct pages *p = c->pages;
	char source[SOURCE_SIZE];
	bool is_used;

	while (p->n_under_way < AT_ONCE_MAX && take_due(c, source, &is_used)) {
		struct page_fetch *pf;

		if (!is_used)
			continue;
		pf = xcalloc(1, sizeof(*pf));
		pf->control = c;
		memcpy(pf->source, source, sizeof(pf->source));
		list_append(&p->under_way, &pf->link);
		p->n_under_way++;
		start(pf, on_fetched_again);
	}
}

struct pages *
pages_new(void)
{
	struct pages *p = xcalloc(1, sizeof(*p));

	list_init(&p->under_way);
	return p;
}

void
pages_free(struct pages *p)
{
	if (p == NULL)
		return;
	LIST_FOREACH_SAFE(it, &p->under_way)
		free(container_of(it, struct page_fetch, link));
	free(p);
}
