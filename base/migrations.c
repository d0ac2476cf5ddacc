/*
 * The store's schema over time.  A migration is never changed once released;
 * a new one is added at the end.  Each leaves the reads of the version before
 * it working, because old workers go on while they drain.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/db.h"
#include "base/mem.h"

/* base/schema.sql, put into the program by base/schema.S. */
extern const char schema_sql[];

static const char *const migrations[] = {
    schema_sql, /* 1 */
};

#define NEWEST ((int64_t)COUNT_OF(migrations))

static enum err
version(struct db *db, int64_t *out)
{
	static const char sql[] = "PRAGMA user_version";
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	if (s == NULL)
		return ERR_IO;
	e = stmt_step(s);
	if (e == ERR_OK) {
		*out = stmt_get_int(s, 0);
		stmt_done(s);
	}
	return e;
}

enum err
db_migrate_check(struct db *db, struct fault *f)
{
	int64_t now = 0;
	enum err e = version(db, &now);

	if (e != ERR_OK) {
		fault_set(f, FAULT_S16_STORE_DAMAGED,
		    "The store %s is no database or is damaged", db_path(db));
		return e;
	}
	if (now > NEWEST) {
		fault_set(f, FAULT_S17_STORE_NEWER,
		    "The store %s has schema %lld, this towpath knows up to "
		    "%lld",
		    db_path(db), (long long)now, (long long)NEWEST);
		return ERR_DENIED;
	}
	return ERR_OK;
}

/* A copy beside the file, before it is changed.  An older copy of the same
 * name is from an attempt that failed: replaced. */
static enum err
keep_copy(struct db *db, int64_t now, struct fault *f)
{
	char *name =
	    xasprintf("%s.before-%lld", db_path(db), (long long)(now + 1));
	enum err e;

	(void)remove(name);
	e = db_copy(db, name);
	if (e != ERR_OK)
		fault_set(f, FAULT_S13_STORE_UNUSABLE,
		    "The copy %s could not be written", name);
	free(name);
	return e;
}

enum err
db_migrate(struct db *db, struct fault *f)
{
	int64_t now = 0;
	char set[64];
	enum err e;

	e = db_migrate_check(db, f);
	if (e != ERR_OK || (e = version(db, &now)) != ERR_OK || now == NEWEST)
		return e;
	if (now > 0 && (e = keep_copy(db, now, f)) != ERR_OK)
		return e;
	e = db_begin(db);
	for (int64_t i = now; i < NEWEST && e == ERR_OK; i++)
		e = db_execute(db, migrations[i]);
	(void)snprintf(
	    set, sizeof(set), "PRAGMA user_version=%lld", (long long)NEWEST);
	if (e == ERR_OK)
		e = db_execute(db, set);
	if (e == ERR_OK)
		e = db_commit(db);
	if (e != ERR_OK) {
		db_rollback(db);
		fault_set(f, FAULT_S13_STORE_UNUSABLE,
		    "The store %s could not be brought to schema %lld",
		    db_path(db), (long long)NEWEST);
	}
	return e;
}
