#include "acme/ledger_rows.h"
#include "base/clock.h"

#define ATTEMPT_KEEP_S (INT64_C(7) * 86400)

/* --- what a person orders, and what happened -------------------------------
 */

enum err
ledger_ask_by_hand(
    struct db *db, const char *host, int64_t *at, struct fault *f)
{
	static const char sql[] =
	    "SELECT made_at FROM attempt WHERE host = ?1 AND kind = 'by_hand' "
	    "AND made_at > ?2 AND made_at <= ?3 "
	    "ORDER BY made_at DESC LIMIT 1 OFFSET ?4";
	struct stmt *s = db_stmt(db, sql);
	int64_t now = clock_now();
	char text[CLOCK_TEXT_SIZE];
	enum err e;

	*at = now;
	stmt_str(s, 1, host);
	stmt_int(s, 2, now - LEDGER_BY_HAND_S);
	stmt_int(s, 3, now);
	stmt_int(s, 4, LEDGER_BY_HAND_MAX - 1);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	*at = stmt_get_int(s, 0) + LEDGER_BY_HAND_S + 1;
	stmt_done(s);
	fault_set(f, FAULT_A32_TOO_MANY_BY_HAND,
	    "%s was ordered by hand %d times in 24 hours; the next time may be "
	    "at %s",
	    host, LEDGER_BY_HAND_MAX, clock_format(*at, text));
	return ERR_AGAIN;
}

enum err
ledger_add_by_hand(struct db *db, const char *host)
{
	static const char sql[] =
	    "INSERT INTO attempt (directory, kind, host, made_at) "
	    "VALUES ('', 'by_hand', ?1, ?2)";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, host);
	stmt_int(s, 2, clock_now());
	return stmt_run(s);
}

enum err
ledger_forgive_by_hand(struct db *db, int64_t order_id, const char *host)
{
	static const char sql[] =
	    "DELETE FROM attempt WHERE host = ?2 AND kind = 'by_hand' "
	    "AND made_at >= (SELECT created_at - 1 FROM acme_order "
	    "WHERE id = ?1)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, host);
	return stmt_run(s);
}

enum err
ledger_add_attempt(
    struct db *db, int64_t order_id, const char *kind, const char *host)
{
	static const char sql[] =
	    "INSERT INTO attempt (directory, kind, host, made_at) "
	    "SELECT directory, ?2, ?3, ?4 FROM acme_order WHERE id = ?1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, 1, order_id);
	stmt_str(s, 2, kind);
	stmt_str(s, 3, host);
	stmt_int(s, 4, clock_now());
	return stmt_run(s);
}

/* --- life ------------------------------------------------------------------
 */

enum err
ledger_prune(struct db *db, bool *more)
{
	static const char buckets[] =
	    "DELETE FROM budget WHERE id IN (SELECT id FROM budget "
	    "WHERE full_ms < ?1 LIMIT ?2)";
	static const char attempts[] =
	    "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt "
	    "WHERE made_at < ?1 LIMIT ?2)";
	enum err e;

	*more = false;
	e = db_prune(db, buckets, clock_now_ms(), more);
	if (e == ERR_OK)
		e = db_prune(db, attempts, clock_now() - ATTEMPT_KEEP_S, more);
	return e;
}
