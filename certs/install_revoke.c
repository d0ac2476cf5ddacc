/*
 * Certificates that are never to be served again, and who issued them.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "certs/install.h"

enum err
install_revoke(struct db *db, int64_t certificate_id)
{
	static const char mark[] = "UPDATE certificate SET revoked_at = ?2 "
				   "WHERE id = ?1 AND revoked_at IS NULL";
	static const char close[] =
	    "UPDATE installation SET removed_at = max(?2, installed_at) "
	    "WHERE certificate_id = ?1 AND removed_at IS NULL";
	static const char *const all[] = {mark, close};
	enum err e = ERR_OK;

	for (size_t i = 0; i < COUNT_OF(all) && e == ERR_OK; i++) {
		struct stmt *s = db_stmt(db, all[i]);

		stmt_int(s, 1, certificate_id);
		stmt_int(s, 2, clock_now());
		e = stmt_run(s);
	}
	return e;
}

bool
install_is_revoked(struct db *db, const uint8_t fingerprint[32])
{
	static const char sql[] =
	    "SELECT 1 FROM certificate "
	    "WHERE fingerprint = ?1 AND revoked_at IS NOT NULL";
	struct stmt *s = db_stmt(db, sql);
	bool is_revoked;

	stmt_blob(s, 1, slice_of(fingerprint, 32));
	is_revoked = stmt_step(s) == ERR_OK;
	stmt_done(s);
	return is_revoked;
}

enum err
install_hosts(
    struct db *db, int64_t certificate_id, install_visit_host *visit, void *ctx)
{
	static const char sql[] =
	    "SELECT DISTINCT host FROM installation "
	    "WHERE certificate_id = ?1 AND removed_at IS NULL";
	struct stmt *s = db_stmt(db, sql);
	enum err e, said;

	stmt_int(s, 1, certificate_id);
	while ((e = stmt_step(s)) == ERR_OK) {
		said = visit(ctx, stmt_get_str(s, 0));
		if (said != ERR_OK) {
			stmt_done(s);
			return said;
		}
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
install_set_directory(
    struct db *db, int64_t certificate_id, const char *directory)
{
	static const char sql[] =
	    "UPDATE certificate SET directory = ?2 WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, certificate_id);
	stmt_str(s, 2, directory);
	return stmt_run(s);
}

enum err
install_directory(struct db *db, int64_t certificate_id, char **directory)
{
	static const char sql[] =
	    "SELECT ifnull(directory, '') FROM certificate WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_int(s, 1, certificate_id);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e;
	*directory = xstrdup(stmt_get_str(s, 0));
	stmt_done(s);
	return ERR_OK;
}
