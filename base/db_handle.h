#ifndef BASE_DB_HANDLE_H
#define BASE_DB_HANDLE_H
/*
 * The inside of base/db.h, for its own three files: db.c (the file),
 * db_statement.c (statements), db_migrate.c (the schema).
 */
#include <sqlite3.h>

#include "base/db.h"
#include "base/map.h"

struct db {
	sqlite3 *handle;
	enum db_mode mode;
	char *path;
	struct map statements; /* by the address of the text */
};

/* How long a reader waits for what passes by itself (a writer that is just
 * recovering or resetting the log). */
#define DB_READER_WAIT_MS 5
/* A writer shares the file only with a check before an upgrade. */
#define DB_WRITER_WAIT_MS 2000

/* The error of an SQLite result code; ERR_IO is logged here. */
enum err db_error(struct db *db, int code, const char *doing);

/* Whether it passes by itself. */
bool db_is_passing(int code);

/* Runs statements without parameters; rows are dropped. */
enum err MUST_USE db_exec(struct db *db, const char *sql);

/* The first column of the first row as a number. */
enum err MUST_USE db_exec_int(struct db *db, const char *sql, int64_t *out);

void db_statements_clear(struct db *db);

#endif
