#include "base/db.h"

#include <sys/stat.h>

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/db_handle.h"
#include "base/log.h"
#include "base/mem.h"

#define STATEMENTS_MAX 1024
#define URI_MAX        4096
#define READ_ONLY_VFS  "towpath-read-only"

/* How long a reader's first look at the file may take. */
#define OPEN_WAIT_MS 1000

enum err
db_error(struct db *db, int code, const char *doing)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_OK;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_AGAIN;
	default:
		break;
	}
	if (db_is_passing(code))
		return ERR_AGAIN;
	log_error("store: %.80s: %s (%d)", doing, sqlite3_errmsg(db->handle),
	    sqlite3_extended_errcode(db->handle));
	return ERR_IO;
}

bool
db_is_passing(int code)
{
	return (code & 0xff) == SQLITE_BUSY ||
	       code == SQLITE_READONLY_RECOVERY ||
	       code == SQLITE_READONLY_CANTLOCK ||
	       code == SQLITE_READONLY_CANTINIT || code == SQLITE_PROTOCOL;
}

enum err
db_exec(struct db *db, const char *sql)
{
	return db_error(
	    db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL), sql);
}

enum err
db_exec_int(struct db *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return db_error(db, code, sql);
}

/*
 * SQLite opens the log of a read-only database for writing where file modes
 * allow it, and a worker must not hold such a descriptor.  So readers use the
 * system's VFS with this one function in front.
 */
static int
open_read_only(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
    int flags, int *out_flags)
{
	flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	return sqlite3_vfs_find(NULL)->xOpen(
	    vfs, name, file, flags | SQLITE_OPEN_READONLY, out_flags);
}

static void
register_read_only_vfs(void)
{
	static sqlite3_vfs vfs;

	if (sqlite3_vfs_find(READ_ONLY_VFS) != NULL)
		return;
	vfs = *sqlite3_vfs_find(NULL);
	vfs.zName = READ_ONLY_VFS;
	vfs.pNext = NULL;
	vfs.xOpen = open_read_only;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		die("store: sqlite3_vfs_register failed");
}

/* path as an URI (RFC 3986) with what makes it read-only. */
static void
add_uri(struct buf *b, const char *path)
{
	(void)buf_add_str(b, "file:");
	for (; *path != '\0'; path++) {
		if (strchr("?#%", *path) != NULL)
			(void)buf_printf(b, "%%%02X", (unsigned char)*path);
		else
			(void)buf_add_char(b, *path);
	}
	(void)buf_add_str(b, "?mode=ro&readonly_shm=1");
}

static int
open_reader(struct db *db)
{
	struct buf uri;
	char *text;
	int code;

	register_read_only_vfs();
	buf_init(&uri, URI_MAX);
	add_uri(&uri, db->path);
	if (buf_failed(&uri)) {
		buf_clear(&uri);
		return SQLITE_CANTOPEN;
	}
	text = buf_take(&uri);
	code = sqlite3_open_v2(text, &db->handle,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE, /* db_is_passing tells them apart */
	    READ_ONLY_VFS);
	free(text);
	if (code != SQLITE_OK)
		return code;
	return sqlite3_exec(db->handle,
	    "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000", NULL, NULL,
	    NULL);
}

static int
open_writer(struct db *db)
{
	/* workers read it, as another user of the same group */
	mode_t mask = umask(027);
	int persist = 1;
	int code = sqlite3_open_v2(db->path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE,
	    NULL);

	umask(mask);
	if (code != SQLITE_OK)
		return code;
	(void)sqlite3_busy_timeout(db->handle, DB_WRITER_WAIT_MS);
	(void)sqlite3_file_control(
	    db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	return sqlite3_exec(db->handle,
	    "PRAGMA journal_mode=WAL;"
	    "PRAGMA synchronous=FULL;"
	    "PRAGMA foreign_keys=ON;"
	    "PRAGMA temp_store=MEMORY;"
	    "PRAGMA journal_size_limit=67108864",
	    NULL, NULL, NULL);
}

/* The first read opens -wal and -shm, which a sandbox would no longer allow;
 * and it tells whether this is a database at all. */
static int
first_read(struct db *db)
{
	int64_t deadline_ms = clock_mono_ms() + OPEN_WAIT_MS;
	int code;

	for (;;) {
		code = sqlite3_exec(db->handle,
		    "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
		if (!db_is_passing(code) || clock_mono_ms() >= deadline_ms)
			return code;
		usleep(1000);
	}
}

static enum err
open_failed(struct db *db, int code, struct fault *f)
{
	const char *reason = sqlite3_errmsg(db->handle);
	enum fault_code fault = FAULT_S13_STORE_UNUSABLE;
	enum err e = ERR_IO;

	if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT)
		fault = FAULT_S16_STORE_DAMAGED;
	else if (db_is_passing(code)) {
		fault = FAULT_S19_STORE_AWAY;
		e = ERR_AGAIN;
	}
	fault_set(f, fault, "%s: %s", db->path, reason);
	db_close(db);
	return e;
}

enum err
db_open(const char *path, enum db_mode mode, struct db **out, struct fault *f)
{
	struct db *db = xcalloc(1, sizeof(*db));
	int code;

	db->path = xstrdup(path);
	db->mode = mode;
	map_init(&db->statements, STATEMENTS_MAX);
	*out = NULL;
	code = mode == DB_READ ? open_reader(db) : open_writer(db);
	if (code == SQLITE_OK)
		code = first_read(db);
	if (code != SQLITE_OK)
		return open_failed(db, code, f);
	*out = db;
	return ERR_OK;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	db_statements_clear(db);
	(void)sqlite3_close_v2(db->handle);
	free(db->path);
	free(db);
}

enum err
db_check(struct db *db, struct fault *f)
{
	sqlite3_stmt *s = NULL;
	const char *text = NULL;
	enum err e = ERR_OK;

	if (sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &s,
		NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(s, 0);
	if (text == NULL || strcmp(text, "ok") != 0) {
		fault_set(f, FAULT_S16_STORE_DAMAGED, "%s: %s", db->path,
		    text != NULL ? text : sqlite3_errmsg(db->handle));
		e = ERR_IO;
	}
	sqlite3_finalize(s);
	return e;
}

enum err
db_begin(struct db *db)
{
	assert(!db_in_transaction(db));
	return db_exec(db, "BEGIN IMMEDIATE");
}

enum err
db_commit(struct db *db)
{
	enum err e;

	assert(db_in_transaction(db));
	e = db_exec(db, "COMMIT");
	if (e != ERR_OK)
		db_rollback(db);
	return e;
}

void
db_rollback(struct db *db)
{
	/* after a full disk SQLite has rolled back by itself */
	if (db_in_transaction(db) && db_exec(db, "ROLLBACK") != ERR_OK)
		log_error("store: a transaction cannot be rolled back");
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t
db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t
db_total_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->handle);
}
