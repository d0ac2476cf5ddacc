#ifndef BASE_DB_H
#define BASE_DB_H
/*
 * The store's file, and SQLite's only door.  Control opens it to write; workers
 * open it read-only (database, -wal and -shm alike) before their sandbox.
 *
 * Statements are cached by the address of their text, so write each query once
 * as a `static const char sql[]`.  A statement that was stepped holds a read
 * transaction until stmt_done: always finish in the function that started.
 *
 * Owned by: the process.   Freed by: db_close.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"

struct db;
struct stmt;

enum db_mode {
	DB_WRITE, /* creates; WAL, synchronous=FULL, foreign keys, PERSIST_WAL*/
	DB_READ   /* mode=ro, readonly_shm=1, no creation, busy wait 5 ms */
};

/* S13 (cannot be opened), S16 (not a database), S19 (away for now). */
enum err MUST_USE db_open(
    const char *path, enum db_mode mode, struct db **out, struct fault *f);
void db_close(struct db *db); /* NULL is allowed */

/*
 * Brings the schema up to the newest migration (base/migrations.c, numbered;
 * schema.sql is number 1), in one transaction, after a copy of the file beside
 * it (PATH.before-N) when it held data.  S17: written by a newer towpath.
 */
enum err MUST_USE db_migrate(struct db *db, struct fault *f);
/* Would db_migrate work?  Changes nothing. */
enum err MUST_USE db_migrate_check(struct db *db, struct fault *f);

/* PRAGMA quick_check; S16 with the first complaint. */
enum err MUST_USE db_check(struct db *db, struct fault *f);

/* One transaction at a time; a nested begin is a bug.  begin is IMMEDIATE. */
enum err MUST_USE db_begin(struct db *db);
enum err MUST_USE db_commit(struct db *db);
void db_rollback(struct db *db); /* also when none is open */
bool db_in_transaction(const struct db *db);

/* The cached statement, reset and unbound.  A wrong text is a bug: asserted.
 * NULL only in DB_READ mode while the schema cannot be read. */
struct stmt *db_stmt(struct db *db, const char *sql);

/* Parameters are numbered from 1.  Bytes are copied. */
void stmt_int(struct stmt *s, int at, int64_t v);
void stmt_real(struct stmt *s, int at, double v);
void stmt_str(struct stmt *s, int at, const char *v); /* NULL is null */
void stmt_text(struct stmt *s, int at, struct slice v);
void stmt_blob(struct stmt *s, int at, struct slice v);
void stmt_null(struct stmt *s, int at);

/*
 * Next row: ERR_OK; the end: ERR_NOT_FOUND; ERR_AGAIN (busy, or read-only
 * recovery pending), ERR_EXISTS (a constraint), ERR_IO (logged).  At anything
 * but ERR_OK the statement is done already.
 */
enum err MUST_USE stmt_step(struct stmt *s);
/* For statements without rows: steps and is done.  ERR_OK, ERR_EXISTS... */
enum err MUST_USE stmt_run(struct stmt *s);
void stmt_done(struct stmt *s);

/* Columns are numbered from 0; loans until the next step or done. */
int64_t stmt_get_int(struct stmt *s, int at);
double stmt_get_real(struct stmt *s, int at);
struct slice stmt_get(struct stmt *s, int at); /* text or blob; null: n == 0 */
const char *stmt_get_str(struct stmt *s, int at); /* null: "" */
char *stmt_get_copy(struct stmt *s, int at);      /* the caller's; null: NULL */
bool stmt_is_null(struct stmt *s, int at);

/*
 * Deletes a batch, for tables that would grow without end: sql takes as ?1 the
 * time before which rows may go and as ?2 how many at most.  *more is set when
 * others may be left, else not touched.
 */
enum err MUST_USE db_prune(
    struct db *db, const char *sql, int64_t before, bool *more);

int64_t db_last_id(const struct db *db);
int64_t db_changes(const struct db *db);       /* rows of the last statement */
int64_t db_total_changes(const struct db *db); /* rows of all so far */

#endif
