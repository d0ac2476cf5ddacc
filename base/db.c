#include "base/db.h"

#include <sys/stat.h>

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define STATEMENTS_MAX 256
#define BUSY_WRITE_MS  5000
#define BUSY_READ_MS   5

struct stmt {
	const char *sql; /* whose address is the key */
	sqlite3_stmt *handle;
	struct db *db;
};

struct db {
	sqlite3 *handle;
	enum db_mode mode;
	char *path;
	struct stmt statements[STATEMENTS_MAX];
	size_t n_statements;
	bool in_transaction;
};

static enum err
translate(struct db *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
		return ERR_OK;
	case SQLITE_DONE:
		return ERR_NOT_FOUND;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_READONLY: /* recovery pending, for a reader */
		return ERR_AGAIN;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	default:
		log_error("store %s: %s (%d)", db->path,
		    sqlite3_errmsg(db->handle),
		    sqlite3_extended_errcode(db->handle));
		return ERR_IO;
	}
}

static enum err
execute(struct db *db, const char *sql)
{
	return translate(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static void
open_fault(struct db *db, int code, struct fault *f)
{
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		fault_set(f, FAULT_S16_STORE_DAMAGED,
		    "The store %s is no database or is damaged: %s", db->path,
		    sqlite3_errmsg(db->handle));
	else if (code == SQLITE_BUSY || code == SQLITE_READONLY)
		fault_set(f, FAULT_S19_STORE_AWAY,
		    "The store %s does not answer: %s", db->path,
		    sqlite3_errmsg(db->handle));
	else
		fault_set(f, FAULT_S13_STORE_UNUSABLE,
		    "The store %s cannot be opened: %s", db->path,
		    sqlite3_errmsg(db->handle));
}

/*
 * What every connection of the mode needs.  A writer keeps -wal and -shm when
 * it closes: without them a reader cannot start while no writer is there.
 */
static int
configure(struct db *db)
{
	static const char writer[] = "PRAGMA journal_mode=WAL;"
				     "PRAGMA synchronous=FULL;"
				     "PRAGMA foreign_keys=ON;"
				     "PRAGMA temp_store=MEMORY;"
				     "PRAGMA journal_size_limit=16777216;"
				     "PRAGMA cache_size=-4096;";
	static const char reader[] = "PRAGMA query_only=ON;"
				     "PRAGMA temp_store=MEMORY;"
				     "PRAGMA mmap_size=268435456;"
				     "PRAGMA cache_size=-512;";
	int keep = 1, code;

	sqlite3_extended_result_codes(db->handle, 0);
	if (db->mode == DB_READ) {
		sqlite3_busy_timeout(db->handle, BUSY_READ_MS);
		return sqlite3_exec(db->handle, reader, NULL, NULL, NULL);
	}
	sqlite3_busy_timeout(db->handle, BUSY_WRITE_MS);
	code = sqlite3_exec(db->handle, writer, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		(void)sqlite3_file_control(
		    db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	return code;
}

/*
 * SQLite opens a -wal for writing whenever the file's mode allows it, also for
 * a reader.  Where all processes run as one user that would hand workers a
 * writable descriptor, so readers open everything through this.
 */
static int
open_readonly(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	sqlite3_vfs *system = vfs->pAppData;

	flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	return system->xOpen(
	    system, name, file, flags | SQLITE_OPEN_READONLY, out_flags);
}

#define READER_VFS "towpath-reader"

static void
register_reader(void)
{
	static sqlite3_vfs vfs;

	if (vfs.zName != NULL)
		return;
	vfs = *sqlite3_vfs_find(NULL);
	vfs.pAppData = sqlite3_vfs_find(NULL);
	vfs.zName = READER_VFS;
	vfs.xOpen = open_readonly;
	(void)sqlite3_vfs_register(&vfs, 0);
}

/* Percent-encodes what a file: URI gives a meaning. */
static char *
reader_uri(const char *path)
{
	char *uri = xmalloc(strlen(path) * 3 + 64), *to = uri;

	to += sprintf(to, "file:");
	for (; *path != '\0'; path++) {
		if (strchr("%?#", *path) != NULL)
			to += sprintf(to, "%%%02x", (unsigned char)*path);
		else
			*to++ = *path;
	}
	(void)sprintf(to, "?mode=ro&readonly_shm=1");
	return uri;
}

enum err
db_open(const char *path, enum db_mode mode, struct db **out, struct fault *f)
{
	struct db *db = xcalloc(1, sizeof(*db));
	int flags = SQLITE_OPEN_NOMUTEX, code;
	char *name;

	*out = NULL;
	db->mode = mode;
	db->path = xstrdup(path);
	if (mode == DB_WRITE) {
		/* workers read it as another user of the same group */
		mode_t mask = umask(027);

		name = xstrdup(path);
		flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
		code = sqlite3_open_v2(name, &db->handle, flags, NULL);
		if (code == SQLITE_OK)
			code = configure(db);
		umask(mask);
	} else {
		register_reader();
		name = reader_uri(path);
		flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
		code = sqlite3_open_v2(name, &db->handle, flags, READER_VFS);
		if (code == SQLITE_OK)
			code = configure(db);
	}
	free(name);
	if (code != SQLITE_OK) {
		open_fault(db, code & 0xff, f);
		db_close(db);
		return ERR_IO;
	}
	*out = db;
	return ERR_OK;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->n_statements; i++)
		sqlite3_finalize(db->statements[i].handle);
	sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

enum err
db_check(struct db *db, struct fault *f)
{
	static const char sql[] = "PRAGMA quick_check(1)";
	struct stmt *s = db_stmt(db, sql);
	enum err e = ERR_IO;

	if (s != NULL && (e = stmt_step(s)) == ERR_OK) {
		if (!slice_eq(stmt_get(s, 0), SLICE("ok"))) {
			fault_set(f, FAULT_S16_STORE_DAMAGED,
			    "The store %s is damaged: %s", db->path,
			    stmt_get_str(s, 0));
			e = ERR_IO;
		}
		stmt_done(s);
	} else {
		open_fault(db, sqlite3_errcode(db->handle) & 0xff, f);
	}
	return e;
}

enum err
db_begin(struct db *db)
{
	enum err e;

	assert(!db->in_transaction);
	e = execute(db, "BEGIN IMMEDIATE");
	db->in_transaction = e == ERR_OK;
	return e;
}

enum err
db_commit(struct db *db)
{
	enum err e;

	assert(db->in_transaction);
	e = execute(db, "COMMIT");
	if (e == ERR_OK)
		db->in_transaction = false;
	else
		db_rollback(db);
	return e;
}

void
db_rollback(struct db *db)
{
	if (db == NULL || !db->in_transaction)
		return;
	db->in_transaction = false;
	/* SQLite may have rolled back by itself, which is no error */
	(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool
db_in_transaction(const struct db *db)
{
	return db->in_transaction;
}

struct stmt *
db_stmt(struct db *db, const char *sql)
{
	struct stmt *s;
	int code;

	for (size_t i = 0; i < db->n_statements; i++) {
		s = &db->statements[i];
		if (s->sql == sql) {
			sqlite3_reset(s->handle);
			sqlite3_clear_bindings(s->handle);
			return s;
		}
	}
	assert(db->n_statements < STATEMENTS_MAX);
	s = &db->statements[db->n_statements];
	code = sqlite3_prepare_v3(
	    db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
	if (code != SQLITE_OK) {
		/* a wrong text is a bug; a store that cannot be read is not */
		if (db->mode == DB_WRITE && code == SQLITE_ERROR)
			die("statement: %s: %s", sqlite3_errmsg(db->handle),
			    sql);
		return NULL;
	}
	s->sql = sql;
	s->db = db;
	db->n_statements++;
	return s;
}

void
stmt_int(struct stmt *s, int at, int64_t v)
{
	sqlite3_bind_int64(s->handle, at, v);
}

void
stmt_real(struct stmt *s, int at, double v)
{
	sqlite3_bind_double(s->handle, at, v);
}

void
stmt_str(struct stmt *s, int at, const char *v)
{
	sqlite3_bind_text(s->handle, at, v, -1, SQLITE_TRANSIENT);
}

void
stmt_text(struct stmt *s, int at, struct slice v)
{
	sqlite3_bind_text(
	    s->handle, at, v.n == 0 ? "" : v.p, (int)v.n, SQLITE_TRANSIENT);
}

void
stmt_blob(struct stmt *s, int at, struct slice v)
{
	sqlite3_bind_blob(
	    s->handle, at, v.n == 0 ? "" : v.p, (int)v.n, SQLITE_TRANSIENT);
}

void
stmt_null(struct stmt *s, int at)
{
	sqlite3_bind_null(s->handle, at);
}

enum err
stmt_step(struct stmt *s)
{
	int64_t deadline_ms = 0;
	int code;

	while ((code = sqlite3_step(s->handle) & 0xff) == SQLITE_READONLY &&
	       s->db->mode == DB_READ) {
		int64_t now = clock_mono_ms();

		sqlite3_reset(s->handle);
		if (deadline_ms == 0)
			deadline_ms = now + BUSY_READ_MS;
		else if (now >= deadline_ms)
			return ERR_AGAIN;
		sqlite3_sleep(1);
	}
	if (code == SQLITE_ROW)
		return ERR_OK;
	/* the error text belongs to the step: translate before the reset */
	enum err e = translate(s->db, code);
	sqlite3_reset(s->handle);
	return e;
}

enum err
stmt_run(struct stmt *s)
{
	enum err e = stmt_step(s);

	if (e == ERR_OK)
		stmt_done(s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

void
stmt_done(struct stmt *s)
{
	sqlite3_reset(s->handle);
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
	const void *p = sqlite3_column_type(s->handle, at) == SQLITE_BLOB
			    ? sqlite3_column_blob(s->handle, at)
			    : sqlite3_column_text(s->handle, at);
	int n = sqlite3_column_bytes(s->handle, at);

	return slice_of(p == NULL ? "" : p, p == NULL ? 0 : (size_t)n);
}

const char *
stmt_get_str(struct stmt *s, int at)
{
	const unsigned char *p = sqlite3_column_text(s->handle, at);

	return p == NULL ? "" : (const char *)p;
}

bool
stmt_is_null(struct stmt *s, int at)
{
	return sqlite3_column_type(s->handle, at) == SQLITE_NULL;
}

int64_t
db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_changes(db->handle);
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

enum err
db_execute(struct db *db, const char *sql)
{
	return execute(db, sql);
}

enum err
db_copy(struct db *db, const char *to)
{
	sqlite3 *target = NULL;
	sqlite3_backup *copy;
	int code;

	code = sqlite3_open(to, &target);
	if (code == SQLITE_OK) {
		copy = sqlite3_backup_init(target, "main", db->handle, "main");
		code =
		    copy == NULL ? SQLITE_ERROR : sqlite3_backup_step(copy, -1);
		if (copy != NULL)
			(void)sqlite3_backup_finish(copy);
	}
	sqlite3_close(target);
	return code == SQLITE_DONE ? ERR_OK : ERR_IO;
}
