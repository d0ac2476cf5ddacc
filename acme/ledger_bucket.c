#include "acme/ledger_bucket.h"

#include "base/clock.h"

enum err
bucket_read(struct db *db, const char *directory, enum ledger_rule rule,
    const char *subject, int64_t *full_ms)
{
	static const char sql[] = "SELECT full_ms FROM budget WHERE "
				  "directory = ?1 AND rule = ?2 "
				  "AND subject = ?3";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	*full_ms = 0;
	stmt_str(s, 1, directory);
	stmt_str(s, 2, ledger_rule_text(rule));
	stmt_str(s, 3, subject);
	e = stmt_step(s);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	*full_ms = stmt_get_int(s, 0);
	stmt_done(s);
	return ERR_OK;
}

enum err
bucket_write(struct db *db, const char *directory, enum ledger_rule rule,
    const char *subject, int64_t full_ms)
{
	static const char sql[] =
	    "INSERT INTO budget (directory, rule, subject, full_ms) "
	    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (directory, rule, subject) "
	    "DO UPDATE SET full_ms = excluded.full_ms";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_str(s, 2, ledger_rule_text(rule));
	stmt_str(s, 3, subject);
	stmt_int(s, 4, full_ms);
	return stmt_run(s);
}

enum err
bucket_forget(struct db *db, const char *directory, enum ledger_rule rule,
    const char *subject)
{
	static const char sql[] = "DELETE FROM budget WHERE directory = ?1 "
				  "AND rule = ?2 AND subject = ?3";
	struct stmt *s = db_stmt(db, sql);

	stmt_str(s, 1, directory);
	stmt_str(s, 2, ledger_rule_text(rule));
	stmt_str(s, 3, subject);
	return stmt_run(s);
}

enum err
bucket_spend(struct db *db, const struct ledger_ca *ca, enum ledger_rule rule,
    const char *subject)
{
	int64_t full_ms, now_ms = clock_now_ms();
	enum err e = bucket_read(db, ca->directory, rule, subject, &full_ms);

	if (e != ERR_OK)
		return e;
	return bucket_write(db, ca->directory, rule, subject,
	    ledger_spend(&ca->limits->of[rule], full_ms, now_ms));
}

enum err
bucket_give_back(struct db *db, const struct ledger_ca *ca,
    enum ledger_rule rule, const char *subject)
{
	int64_t full_ms;
	enum err e = bucket_read(db, ca->directory, rule, subject, &full_ms);

	if (e != ERR_OK || full_ms == 0)
		return e;
	return bucket_write(db, ca->directory, rule, subject,
	    ledger_give_back(&ca->limits->of[rule], full_ms));
}
