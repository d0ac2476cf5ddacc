#include "router/control/requested_key.h"

#include <stdlib.h>

#include "base/clock.h"
#include "router/control/control.h"

enum err
requested_key_add(
    struct control *c, const struct requested_key *r, int64_t *number)
{
	static const char insert[] =
	    "INSERT INTO requested_key (host, spki, sealed, created_at,"
	    " key_type, names, csr) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
	static const char prune[] =
	    "DELETE FROM requested_key WHERE host = ?1 AND id NOT IN"
	    " (SELECT id FROM requested_key WHERE host = ?1"
	    " ORDER BY id DESC LIMIT ?2)";
	struct stmt *s = db_stmt(c->db, insert);
	char *names = json_text(r->names);
	enum err e;

	stmt_str(s, 1, r->host);
	stmt_blob(s, 2, buf_slice(&r->key->spki));
	stmt_blob(s, 3, buf_slice(&r->key->sealed));
	stmt_int(s, 4, clock_now());
	stmt_str(s, 5, r->key->key_type);
	stmt_str(s, 6, names);
	stmt_str(s, 7, r->csr);
	e = stmt_run(s);
	free(names);
	if (e != ERR_OK)
		return e;
	*number = db_last_id(c->db);
	s = db_stmt(c->db, prune);
	stmt_str(s, 1, r->host);
	stmt_int(s, 2, REQUESTED_KEYS_MAX);
	return stmt_run(s);
}

enum err
requested_key_find(struct control *c, const char *host,
    struct certificate *const *certificates, size_t n, struct key_new *out,
    int64_t *number)
{
	static const char sql[] =
	    "SELECT r.id, r.sealed, r.spki FROM requested_key r"
	    " WHERE r.spki = ?2 AND (r.host = ?1 OR EXISTS"
	    "  (SELECT 1 FROM domain a JOIN domain b ON a.app_id = b.app_id"
	    "   WHERE a.host = ?1 AND b.host = r.host))";
	struct stmt *s;

	for (size_t i = 0; i < n; i++) {
		s = db_stmt(c->db, sql);
		stmt_str(s, 1, host);
		stmt_blob(s, 2, certificates[i]->spki);
		if (stmt_step(s) != ERR_OK)
			continue;
		*number = stmt_get_int(s, 0);
		/* an id that no certificate has */
		out->id = (UINT64_C(1) << 62) | (uint64_t)*number;
		(void)buf_add(&out->sealed, stmt_get(s, 1));
		(void)buf_add(&out->spki, stmt_get(s, 2));
		stmt_done(s);
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

enum err
requested_key_used(struct control *c, int64_t number)
{
	static const char sql[] =
	    "UPDATE requested_key SET used_at = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, number);
	stmt_int(s, 2, clock_now());
	return stmt_run(s);
}

#define COLUMNS "SELECT id, key_type, names, csr, created_at FROM requested_key"

static json_t *
row_json(struct stmt *s)
{
	json_t *o = json_object(), *names;

	json_put_int(o, "number", stmt_get_int(s, 0));
	json_put_str(o, "key_type", stmt_get_str(s, 1));
	if (json_parse(stmt_get(s, 2), &names, NULL) != ERR_OK)
		names = json_array();
	json_put(o, "names", names);
	json_put_str(o, "csr", stmt_get_str(s, 3));
	json_put_time(o, "created_at", stmt_get_int(s, 4));
	return o;
}

json_t *
requested_keys_json(struct control *c, const char *host)
{
	static const char sql[] =
	    COLUMNS " WHERE host = ?1 AND used_at IS NULL ORDER BY id DESC";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *list = json_array();

	stmt_str(s, 1, host);
	while (stmt_step(s) == ERR_OK)
		json_array_append_new(list, row_json(s));
	return list;
}

json_t *
requested_key_json(struct control *c, const char *host, int64_t number)
{
	static const char sql[] = COLUMNS " WHERE id = ?1 AND host = ?2";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *o = NULL;

	stmt_int(s, 1, number);
	stmt_str(s, 2, host);
	if (stmt_step(s) == ERR_OK)
		o = row_json(s);
	stmt_done(s);
	return o;
}

enum err
requested_key_forget(struct control *c, const char *host, int64_t number)
{
	static const char sql[] =
	    "DELETE FROM requested_key WHERE id = ?1 AND host = ?2"
	    " AND used_at IS NULL";
	struct stmt *s = db_stmt(c->db, sql);
	enum err e;

	stmt_int(s, 1, number);
	stmt_str(s, 2, host);
	e = stmt_run(s);
	if (e == ERR_OK && db_changes(c->db) == 0)
		e = ERR_NOT_FOUND;
	return e;
}
