#include "acme/rows.h"

#include <stdlib.h>

#include "acme/issuer.h"
#include "acme/ledger_rows.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

void
rows_take_sealed(struct buf *b, struct stmt *s, int at)
{
	buf_init(b, SEALED_MAX);
	buf_add(b, stmt_get(s, at));
}

/* Ends what was begun: commit when all went well. */
static enum err
finish(struct db *db, enum err e)
{
	if (e == ERR_OK)
		e = db_commit(db);
	if (e != ERR_OK)
		db_rollback(db);
	return e;
}

/* --- acme_order ---------------------------------------------------------- */

void
order_row_clear(struct order_row *o)
{
	for (size_t i = 0; i < o->n_names; i++)
		free(o->names[i]);
	free(o->names);
	free(o->directory);
	free(o->url);
	free(o->replaces);
	free(o->charged_to);
	buf_clear(&o->sealed);
	*o = (struct order_row){0};
}

enum err
rows_add_order(struct db *db, const struct order_wish *wish,
    const char *directory, int64_t *id)
{
	static const char sql[] =
	    "INSERT INTO acme_order "
	    "(host, names, directory, state, created_at, updated_at, "
	    "replaces, is_renewal, needed_at, ca, by_hand) "
	    "VALUES (?1, ?2, ?3, 'new', ?4, ?4, ?5, ?6, ?7, ?8, ?9)";
	struct stmt *s = db_stmt(db, sql);
	json_t *list = json_array();
	char *text;
	enum err e;

	for (size_t i = 0; i < wish->n_names; i++)
		json_array_append_new(list, json_string(wish->names[i]));
	text = json_text(list);
	stmt_str(s, 1, wish->names[0]);
	stmt_str(s, 2, text);
	stmt_str(s, 3, directory);
	stmt_int(s, 4, clock_now());
	if (wish->replaces != NULL)
		stmt_str(s, 5, wish->replaces);
	stmt_int(s, 6, wish->is_renewal);
	stmt_int(s, 7, wish->needed_at);
	stmt_str(s, 8, wish_ca_text(wish->ca));
	stmt_int(s, 9, wish->by_hand);
	e = stmt_run(s);
	*id = db_last_id(db);
	free(text);
	json_decref(list);
	return e;
}

static enum err
read_names(struct slice text, struct order_row *out)
{
	json_t *list = NULL;
	size_t n;

	if (json_parse(text, &list, NULL) != ERR_OK)
		return ERR_SYNTAX;
	n = json_array_size(list);
	out->names = xcalloc(n + 1, sizeof(*out->names));
	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (name != NULL)
			out->names[out->n_names++] = xstrdup(name);
	}
	json_decref(list);
	return out->n_names > 0 ? ERR_OK : ERR_SYNTAX;
}

#define ORDER_COLUMNS                                                          \
	"SELECT host, names, directory, url, sealed, replaces, is_renewal, "   \
	"needed_at, ca, is_moved, charged_to, by_hand FROM acme_order "

static enum err
read_order(struct stmt *s, int64_t id, struct order_row *out)
{
	enum err e;

	*out = (struct order_row){.id = id};
	stmt_int(s, 1, id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	e = slice_to_str(stmt_get(s, 0), out->host, sizeof(out->host));
	if (e == ERR_OK)
		e = read_names(stmt_get(s, 1), out);
	out->directory = xstrdup(stmt_get_str(s, 2));
	out->url = stmt_get_copy(s, 3);
	rows_take_sealed(&out->sealed, s, 4);
	out->replaces = stmt_get_copy(s, 5);
	out->is_renewal = stmt_get_int(s, 6) != 0;
	out->needed_at = stmt_get_int(s, 7);
	(void)wish_ca_read(stmt_get_str(s, 8), &out->ca);
	out->is_moved = stmt_get_int(s, 9) != 0;
	out->charged_to = stmt_get_copy(s, 10);
	out->by_hand = stmt_get_int(s, 11) != 0;
	stmt_done(s);
	if (e != ERR_OK)
		order_row_clear(out);
	return e;
}

enum err
rows_order(struct db *db, int64_t id, struct order_row *out)
{
	static const char sql[] =
	    ORDER_COLUMNS "WHERE id = ?1 AND ended_at IS NULL";

	return read_order(db_stmt(db, sql), id, out);
}

enum err
rows_ended_order(struct db *db, int64_t id, struct order_row *out)
{
	static const char sql[] =
	    ORDER_COLUMNS "WHERE id = ?1 AND ended_at IS NOT NULL";

	return read_order(db_stmt(db, sql), id, out);
}

enum err
rows_open_orders(struct db *db, rows_visit *visit, void *ctx)
{
	static const char sql[] = "SELECT id, host, needed_at FROM acme_order "
				  "WHERE ended_at IS NULL "
				  "ORDER BY id";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	while ((e = stmt_step(s)) == ERR_OK)
		visit(ctx, stmt_get_int(s, 0), stmt_get_str(s, 1),
		    stmt_get_int(s, 2));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
update_order(struct db *db, int64_t id, const struct order_progress *p)
{
	static const char sql[] =
	    "UPDATE acme_order SET state = ?2, url = ?3, finalize_url = ?4, "
	    "certificate_url = ?5, directory = ?6, updated_at = ?7 "
	    "WHERE id = ?1 AND ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	stmt_str(s, 2, p->state);
	stmt_str(s, 3, p->url);
	stmt_str(s, 4, p->finalize_url);
	stmt_str(s, 5, p->certificate_url);
	stmt_str(s, 6, p->directory);
	stmt_int(s, 7, clock_now());
	return stmt_run(s);
}

enum err
rows_save_order(struct db *db, int64_t id, const struct order_progress *p)
{
	enum err e = db_begin(db);

	if (e != ERR_OK)
		return e;
	e = update_order(db, id, p);
	if (e == ERR_OK && p->ordered != NULL)
		e = ledger_add_attempt(db, id, "order", p->ordered);
	return finish(db, e);
}

enum err
rows_save_key(struct db *db, int64_t id, struct slice sealed)
{
	static const char sql[] =
	    "UPDATE acme_order SET sealed = ?2, updated_at = ?3 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	stmt_blob(s, 2, sealed);
	stmt_int(s, 3, clock_now());
	return stmt_run(s);
}

static enum err
close_order(struct db *db, int64_t id, const char *state, const struct fault *f)
{
	static const char sql[] =
	    "UPDATE acme_order SET state = ?2, fault_code = ?3, "
	    "fault_text = ?4, updated_at = ?5, ended_at = ?5 "
	    "WHERE id = ?1 AND ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	stmt_str(s, 2, state);
	stmt_str(s, 3, f == NULL ? NULL : fault_code_name(f->code));
	stmt_str(s, 4, f == NULL ? NULL : f->text);
	stmt_int(s, 5, clock_now());
	return stmt_run(s);
}

static enum err
delete_challenges(struct db *db, int64_t order_id)
{
	static const char sql[] = "DELETE FROM challenge WHERE order_id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	return stmt_run(s);
}

static enum err
set_failed_host(struct db *db, int64_t order_id, const char *host)
{
	static const char sql[] =
	    "UPDATE acme_order SET failed_host = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, host);
	return stmt_run(s);
}

/* NULL: what failed was none. */
static enum err
set_type(struct db *db, int64_t order_id, const char *type)
{
	static const char sql[] =
	    "UPDATE acme_order SET challenge = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, type);
	return stmt_run(s);
}

enum err
rows_end_order(
    struct db *db, int64_t id, const struct fault *f, const char *failed_host)
{
	enum err e = db_begin(db);

	if (e != ERR_OK)
		return e;
	e = close_order(db, id, f == NULL ? "cancelled" : "failed", f);
	if (e == ERR_OK)
		e = delete_challenges(db, id);
	if (e == ERR_OK)
		e = ledger_ended(db, id, failed_host);
	if (e == ERR_OK && failed_host != NULL)
		e = ledger_add_attempt(
		    db, id, "failed_validation", failed_host);
	if (e == ERR_OK && failed_host != NULL)
		e = set_failed_host(db, id, failed_host);
	else if (e == ERR_OK)
		e = set_type(db, id, NULL); /* it is not to blame */
	return finish(db, e);
}

enum err
rows_keep_words(struct db *db, int64_t id, const char *said, const char *url)
{
	static const char sql[] =
	    "UPDATE acme_order SET said = ?2, said_url = ?3 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	stmt_str(s, 2, said);
	stmt_str(s, 3, url);
	return stmt_run(s);
}

enum err
rows_failed_host(struct db *db, int64_t id, char out[HOST_SIZE])
{
	static const char sql[] =
	    "SELECT failed_host FROM acme_order WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	out[0] = '\0';
	stmt_int(s, 1, id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	e = slice_to_str(stmt_get(s, 0), out, HOST_SIZE);
	stmt_done(s);
	return e == ERR_OK && out[0] == '\0' ? ERR_NOT_FOUND : e;
}

enum err
issuer_close_order(struct db *db, int64_t order_id)
{
	enum err e = close_order(db, order_id, "valid", NULL);

	if (e == ERR_OK)
		e = delete_challenges(db, order_id);
	return e == ERR_OK ? ledger_issued(db, order_id) : e;
}

/* --- two CAs ------------------------------------------------------------- */

enum err
rows_set_directory(struct db *db, int64_t id, const char *directory)
{
	static const char sql[] =
	    "UPDATE acme_order SET directory = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	stmt_str(s, 2, directory);
	return stmt_run(s);
}

enum err
rows_note_failure(
    struct db *db, int64_t id, int64_t shun_until, const char *action)
{
	static const char sql[] =
	    "UPDATE acme_order SET shun_until = ?2, fault_action = ?3 "
	    "WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	stmt_int(s, 2, shun_until);
	stmt_str(s, 3, action[0] == '\0' ? NULL : action);
	return stmt_run(s);
}

enum err
rows_shun_until(
    struct db *db, const char *host, const char *directory, int64_t *until)
{
	static const char sql[] =
	    "SELECT shun_until FROM acme_order WHERE host = ?1 "
	    "AND directory = ?2 AND ended_at IS NOT NULL "
	    "AND state <> 'cancelled' ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_str(s, 1, host);
	stmt_str(s, 2, directory);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	*until = stmt_get_int(s, 0);
	stmt_done(s);
	return ERR_OK;
}

enum err
rows_move_order(
    struct db *db, int64_t failed, const char *directory, int64_t *id)
{
	static const char sql[] =
	    "INSERT INTO acme_order (host, names, directory, state, "
	    "created_at, updated_at, is_renewal, needed_at, ca, by_hand, "
	    "is_moved) "
	    "SELECT host, names, ?2, 'new', ?3, ?3, is_renewal, needed_at, "
	    "ca, by_hand, 1 FROM acme_order WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_int(s, 1, failed);
	stmt_str(s, 2, directory);
	stmt_int(s, 3, clock_now());
	e = stmt_run(s);
	*id = db_last_id(db);
	return e;
}

enum err
rows_prune_orders(struct db *db, int64_t before, bool *more)
{
	static const char sql[] =
	    "DELETE FROM acme_order WHERE id IN (SELECT o.id FROM acme_order o "
	    "WHERE o.ended_at < ?1 AND EXISTS (SELECT 1 FROM acme_order n "
	    "WHERE n.host = o.host AND n.id > o.id) AND NOT EXISTS (SELECT 1 "
	    "FROM txt_record WHERE order_id = o.id) LIMIT ?2)";

	return db_prune(db, sql, before, more);
}

/* --- challenge ----------------------------------------------------------- */

static enum err
insert_challenge(struct db *db, int64_t order_id, const struct challenge_row *c)
{
	static const char sql[] =
	    "INSERT INTO challenge (order_id, type, host, token, "
	    "key_authorization, url, created_at, expires_at) "
	    "VALUES (?1, ?7, ?2, ?3, ?4, ?5, ?6, ?8)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, c->host);
	stmt_str(s, 3, c->token);
	stmt_str(s, 4, c->key_authorization);
	stmt_str(s, 5, c->url);
	stmt_int(s, 6, clock_now());
	stmt_str(s, 7, challenge_type_text(c->type));
	if (c->expires_at != 0)
		stmt_int(s, 8, c->expires_at);
	return stmt_run(s);
}

enum err
rows_add_challenge(
    struct db *db, int64_t order_id, const struct challenge_row *c)
{
	static const char sql[] =
	    "DELETE FROM challenge WHERE order_id = ?1 AND url = ?2";
	enum err e = db_begin(db);
	struct stmt *s;

	if (e != ERR_OK)
		return e;
	s = db_stmt(db, sql);
	stmt_int(s, 1, order_id);
	stmt_str(s, 2, c->url);
	e = stmt_run(s);
	if (e == ERR_OK)
		e = insert_challenge(db, order_id, c);
	if (e == ERR_OK)
		e = set_type(db, order_id, challenge_type_text(c->type));
	return finish(db, e);
}

enum err
rows_last_challenge(
    struct db *db, const char *host, enum challenge_type *type, bool *worked)
{
	static const char sql[] =
	    "SELECT challenge, state = 'valid' FROM acme_order "
	    "WHERE host = ?1 AND challenge IS NOT NULL "
	    "AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	char text[32];
	enum err e;

	stmt_str(s, 1, host);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	if (slice_to_str(stmt_get(s, 0), text, sizeof(text)) != ERR_OK ||
	    !challenge_type_read(text, type))
		e = ERR_NOT_FOUND;
	*worked = stmt_get_int(s, 1) != 0;
	stmt_done(s);
	return e;
}

enum err
rows_tokens(struct db *db, int64_t order_id, rows_visit_token *visit, void *ctx)
{
	static const char sql[] =
	    "SELECT token FROM challenge WHERE order_id = ?1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_int(s, 1, order_id);
	while ((e = stmt_step(s)) == ERR_OK)
		visit(ctx, stmt_get(s, 0));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- txt_record ---------------------------------------------------------- */

enum err
rows_add_txt(
    struct db *db, int64_t order_id, const char *name, const char *value)
{
	static const char sql[] =
	    "INSERT INTO txt_record (order_id, name, value, created_at) "
	    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, name);
	stmt_str(s, 3, value);
	stmt_int(s, 4, clock_now());
	return stmt_run(s);
}

enum err
rows_ended_txt(struct db *db, int64_t after, struct txt_row *out)
{
	static const char sql[] =
	    "SELECT t.id, t.name, t.value FROM txt_record t "
	    "JOIN acme_order o ON o.id = t.order_id "
	    "WHERE t.id > ?1 AND o.ended_at IS NOT NULL ORDER BY t.id LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_int(s, 1, after);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	out->id = stmt_get_int(s, 0);
	e = slice_to_str(stmt_get(s, 1), out->name, sizeof(out->name));
	if (e == ERR_OK)
		e = slice_to_str(
		    stmt_get(s, 2), out->value, sizeof(out->value));
	stmt_done(s);
	return e;
}

enum err
rows_delete_txt(struct db *db, int64_t id)
{
	static const char sql[] = "DELETE FROM txt_record WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, id);
	return stmt_run(s);
}
