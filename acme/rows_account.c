/* The account's part of acme/rows.h. */
#include <stdlib.h>

#include "acme/rows.h"
#include "base/clock.h"
#include "base/mem.h"

void
account_row_clear(struct account_row *a)
{
	free(a->url);
	buf_clear(&a->sealed);
	buf_clear(&a->next);
	free(a->email);
	*a = (struct account_row){0};
}

enum err
rows_account(struct db *db, const char *directory, struct account_row *out)
{
	static const char sql[] =
	    "SELECT id, url, sealed, next_sealed, email FROM account "
	    "WHERE directory = ?1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_str(s, 1, directory);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	out->id = stmt_get_int(s, 0);
	out->url = stmt_get_copy(s, 1);
	rows_take_sealed(&out->sealed, s, 2);
	rows_take_sealed(&out->next, s, 3);
	out->email = stmt_get_copy(s, 4);
	stmt_done(s);
	return ERR_OK;
}

enum err
rows_add_account(struct db *db, const char *directory, struct slice sealed)
{
	static const char sql[] =
	    "INSERT INTO account (directory, sealed, created_at) "
	    "VALUES (?1, ?2, ?3)";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_blob(s, 2, sealed);
	stmt_int(s, 3, clock_now());
	return stmt_run(s);
}

enum err
rows_set_account_url(struct db *db, const char *directory, const char *url)
{
	static const char sql[] =
	    "UPDATE account SET url = ?2 WHERE directory = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_str(s, 2, url);
	return stmt_run(s);
}

enum err
rows_set_account_email(struct db *db, const char *directory, const char *email)
{
	static const char sql[] =
	    "UPDATE account SET email = ?2 WHERE directory = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_str(s, 2, email);
	return stmt_run(s);
}

enum err
rows_set_next_key(struct db *db, const char *directory, struct slice sealed)
{
	static const char sql[] =
	    "UPDATE account SET next_sealed = ?2 WHERE directory = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	if (sealed.n == 0)
		stmt_null(s, 2);
	else
		stmt_blob(s, 2, sealed);
	return stmt_run(s);
}

enum err
rows_adopt_next_key(struct db *db, const char *directory)
{
	static const char sql[] =
	    "UPDATE account SET sealed = next_sealed, next_sealed = NULL, "
	    "rolled_at = ?2 WHERE directory = ?1 AND next_sealed IS NOT NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_int(s, 2, clock_now());
	return stmt_run(s);
}

enum err
rows_replace_account(struct db *db, const char *directory, struct slice sealed)
{
	static const char sql[] =
	    "UPDATE account SET sealed = ?2, url = NULL, next_sealed = NULL, "
	    "email = NULL, rolled_at = ?3 WHERE directory = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_blob(s, 2, sealed);
	stmt_int(s, 3, clock_now());
	return stmt_run(s);
}
