#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/db.h"
#include "base/db_handle.h"
#include "base/log.h"
#include "base/mem.h"

#define PRUNE_ROWS 500 /* in one batch */

struct stmt {
	sqlite3_stmt *handle;
	struct db *db;
	bool has_row; /* in the middle of its rows */
};

/* Between two tries of what passes by itself. */
#define RETRY_US 200

static int
prepare(struct db *db, const char *sql, sqlite3_stmt **out)
{
	int64_t deadline_ms = clock_mono_ms() + DB_READER_WAIT_MS;
	int code;

	for (;;) {
		code = sqlite3_prepare_v3(
		    db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
		if (!db_is_passing(code) || clock_mono_ms() >= deadline_ms)
			return code;
		usleep(RETRY_US);
	}
}

struct stmt *
db_stmt(struct db *db, const char *sql)
{
	struct stmt *s = map_get(&db->statements, MAP_KEY(sql));
	sqlite3_stmt *handle = NULL;
	int code;

	if (s != NULL) {
		stmt_done(s);
		return s;
	}
	code = prepare(db, sql, &handle);
	if (code != SQLITE_OK) {
		if (!db_is_passing(code))
			log_error(
			    "store: %s: %s", sqlite3_errmsg(db->handle), sql);
		/* a reader may meet a schema that is not there yet */
		assert(db->mode == DB_READ);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->handle = handle;
	s->db = db;
	if (map_put(&db->statements, MAP_KEY(sql), s) != ERR_OK)
		die("store: too many statements");
	return s;
}

void
db_statements_clear(struct db *db)
{
	size_t at = 0;
	struct slice key;
	void *value;

	while (map_next(&db->statements, &at, &key, &value)) {
		struct stmt *s = value;

		sqlite3_finalize(s->handle);
		free(s);
	}
	map_clear(&db->statements);
}

/* A parameter that does not exist is a bug. */
static void
bound(int code)
{
	assert(code == SQLITE_OK);
}

void
stmt_int(struct stmt *s, int at, int64_t v)
{
	bound(sqlite3_bind_int64(s->handle, at, v));
}

void
stmt_real(struct stmt *s, int at, double v)
{
	bound(sqlite3_bind_double(s->handle, at, v));
}

void
stmt_str(struct stmt *s, int at, const char *v)
{
	if (v == NULL)
		stmt_null(s, at);
	else
		stmt_text(s, at, slice_str(v));
}

void
stmt_text(struct stmt *s, int at, struct slice v)
{
	bound(sqlite3_bind_text64(s->handle, at, v.n == 0 ? "" : v.p, v.n,
	    SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
stmt_blob(struct stmt *s, int at, struct slice v)
{
	bound(sqlite3_bind_blob64(
	    s->handle, at, v.n == 0 ? "" : v.p, v.n, SQLITE_TRANSIENT));
}

void
stmt_null(struct stmt *s, int at)
{
	bound(sqlite3_bind_null(s->handle, at));
}

/* The first step takes the read lock and may meet a writer at work. */
static int
first_step(struct stmt *s)
{
	int64_t deadline_ms = clock_mono_ms() + DB_READER_WAIT_MS;
	int code;

	for (;;) {
		code = sqlite3_step(s->handle);
		if (s->db->mode == DB_WRITE || !db_is_passing(code) ||
		    clock_mono_ms() >= deadline_ms)
			return code;
		(void)sqlite3_reset(s->handle);
		usleep(RETRY_US);
	}
}

enum err
stmt_step(struct stmt *s)
{
	int code = s->has_row ? sqlite3_step(s->handle) : first_step(s);
	enum err e;

	s->has_row = code == SQLITE_ROW;
	if (code == SQLITE_ROW)
		return ERR_OK;
	e = code == SQLITE_DONE ? ERR_NOT_FOUND
				: db_error(s->db, code, sqlite3_sql(s->handle));
	stmt_done(s);
	return e;
}

enum err
stmt_run(struct stmt *s)
{
	enum err e = stmt_step(s);

	stmt_done(s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

void
stmt_done(struct stmt *s)
{
	s->has_row = false;
	(void)sqlite3_reset(s->handle);
	(void)sqlite3_clear_bindings(s->handle);
}

int64_t
stmt_get_int(struct stmt *s, int at)
{
	return sqlite3_column_int64(s->handle, at);
}

double
stmt_get_real(struct stmt *s, int at)
{
	return sqlite3_column_double(s->handle, at);
}

struct slice
stmt_get(struct stmt *s, int at)
{
	const void *p = sqlite3_column_blob(s->handle, at);

	return p == NULL
		   ? slice_of("", 0)
		   : slice_of(p, (size_t)sqlite3_column_bytes(s->handle, at));
}

const char *
stmt_get_str(struct stmt *s, int at)
{
	const unsigned char *p = sqlite3_column_text(s->handle, at);

	return p == NULL ? "" : (const char *)p;
}

char *
stmt_get_copy(struct stmt *s, int at)
{
	return stmt_is_null(s, at) ? NULL : xstrdup(stmt_get_str(s, at));
}

bool
stmt_is_null(struct stmt *s, int at)
{
	return sqlite3_column_type(s->handle, at) == SQLITE_NULL;
}

enum err
db_prune(struct db *db, const char *sql, int64_t before, bool *more)
{
	struct stmt *s = db_stmt(db, sql);
	enum err e;

	stmt_int(s, 1, before);
	stmt_int(s, 2, PRUNE_ROWS);
	e = stmt_run(s);
	if (e == ERR_OK && db_changes(db) == PRUNE_ROWS)
		*more = true;
	return e;
}
