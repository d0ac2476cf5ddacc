#include "router/control/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/digest.h"
#include "router/control/app_settings.h"

const char *const page_keys[PAGE_KEYS] = {"maintenance_page", "error_page"};

/* --- rows ----------------------------------------------------------------- */

static enum err
keep_upload(struct control *c, const char *source, struct slice body)
{
	static const char sql[] =
	    "INSERT INTO page (source, digest, body) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (source) DO NOTHING";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, source);
	stmt_str(s, 2, source + strlen(APP_PAGE_DIGEST));
	stmt_text(s, 3, body);
	return stmt_run(s);
}

/* One that was not had yet is due at once. */
static enum err
expect_url(struct control *c, const char *source)
{
	static const char sql[] =
	    "INSERT INTO page (source, next_at) VALUES (?1, ?2)"
	    " ON CONFLICT (source) DO NOTHING";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, source);
	stmt_int(s, 2, clock_now());
	return stmt_run(s);
}

static enum err
exists(struct control *c, const char *source)
{
	static const char sql[] = "SELECT 1 FROM page WHERE source = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	stmt_str(s, 1, source);
	e = stmt_step(s);
	stmt_done(s);
	return e;
}

/* --- what settings name --------------------------------------------------- */

static enum err
name_page(struct control *c, json_t *settings, const char *key, struct fault *f)
{
	struct slice page = slice_str(json_str(settings, key));
	char source[sizeof(APP_PAGE_DIGEST) + DIGEST_TEXT_SIZE];
	char digest[DIGEST_TEXT_SIZE];
	enum err e;

	if (app_setting_is_url(page)) {
		e = expect_url(c, page.p);
	} else if (slice_starts_with(page, SLICE(APP_PAGE_DIGEST))) {
		e = exists(c, page.p);
		if (e == ERR_NOT_FOUND) {
			fault_set(f, FAULT_N22_SETTING_INVALID,
			    "%s: no page %.80s was uploaded", key, page.p);
			return e;
		}
	} else {
		(void)snprintf(source, sizeof(source), "%s%s", APP_PAGE_DIGEST,
		    digest_text(page, digest));
		e = keep_upload(c, source, page);
		json_put_str(settings, key, source);
	}
	return e == ERR_OK ? e : api_store_away(f);
}

enum err
pages_name(struct control *c, json_t *settings, struct fault *f)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < PAGE_KEYS && e == ERR_OK; i++)
		if (json_is_string(json_object_get(settings, page_keys[i])))
			e = name_page(c, settings, page_keys[i], f);
	return e;
}

static enum err
use_page(struct control *c, const struct app *a, const char *key)
{
	static const char drop[] =
	    "DELETE FROM page_use WHERE app_id = ?1 AND key = ?2";
	static const char put[] =
	    "INSERT INTO page_use (app_id, key, source) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (app_id, key) DO UPDATE SET source = ?3";
	const char *source =
	    json_string_value(json_object_get(a->settings, key));
	struct stmt *s = db_stmt(c->db, source == NULL ? drop : put);

	stmt_int(s, 1, a->id);
	stmt_str(s, 2, key);
	if (source != NULL)
		stmt_str(s, 3, source);
	return stmt_run(s);
}

enum err
pages_use(struct control *c, const struct app *a)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < PAGE_KEYS && e == ERR_OK; i++)
		e = use_page(c, a, page_keys[i]);
	return e;
}

static const char *
default_source(const struct control *c, const char *key)
{
	const struct config_pairs *defaults = &c->config.defaults;

	for (size_t i = 0; i < defaults->n; i++)
		if (strcmp(defaults->items[i].key, key) == 0)
			return defaults->items[i].value;
	return NULL;
}

static enum err
use_default(struct control *c, const char *key)
{
	static const char drop[] = "DELETE FROM page_use WHERE app_id IS NULL"
				   " AND key = ?1 AND source IS NOT ?2";
	static const char put[] =
	    "INSERT INTO page_use (key, source) SELECT ?1, ?2 WHERE NOT EXISTS"
	    " (SELECT 1 FROM page_use WHERE app_id IS NULL AND key = ?1)";
	const char *source = default_source(c, key);
	enum err e = ERR_OK;
	struct stmt *s;

	if (source != NULL && app_setting_is_url(slice_str(source)))
		e = expect_url(c, source);
	else if (source != NULL && exists(c, source) != ERR_OK)
		log_warning("[defaults] %s: no such page was uploaded", key);
	s = db_stmt(c->db, drop);
	stmt_str(s, 1, key);
	stmt_str(s, 2, source);
	if (e == ERR_OK)
		e = stmt_run(s);
	if (e != ERR_OK || source == NULL)
		return e;
	s = db_stmt(c->db, put);
	stmt_str(s, 1, key);
	stmt_str(s, 2, source);
	return stmt_run(s);
}

void
pages_use_defaults(struct control *c)
{
	enum err e = change_begin(c, NULL);

	for (size_t i = 0; i < PAGE_KEYS && e == ERR_OK; i++)
		e = use_default(c, page_keys[i]);
	if (e == ERR_OK && change_commit(c, NULL) == ERR_OK)
		return;
	change_abort(c);
	log_error("pages of [defaults]: the store is away");
}
