#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/db.h"
#include "base/db_handle.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/migrations.h"

/* The number of the last migration that the store has seen. */
static enum err
version_of(struct db *db, int64_t *out, struct fault *f)
{
	enum err e = db_exec_int(db, "PRAGMA user_version", out);

	if (e != ERR_OK)
		fault_set(f, FAULT_S19_STORE_AWAY, "%s: %s", db->path,
		    sqlite3_errmsg(db->handle));
	return e;
}

static int
newest(void)
{
	size_t n;
	const struct migration *all = migrations(&n);

	return all[n - 1].number;
}

static enum err
check_version(struct db *db, int64_t *version, struct fault *f)
{
	enum err e = version_of(db, version, f);

	if (e != ERR_OK)
		return e;
	if (*version > newest()) {
		fault_set(f, FAULT_S17_STORE_NEWER,
		    "%s has schema %lld, this towpath knows up to %d", db->path,
		    (long long)*version, newest());
		return ERR_DENIED;
	}
	return ERR_OK;
}

/* The name must reach the disk before the migration does. */
static enum err
sync_folder(const char *path)
{
	char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	enum err e = ERR_OK;
	int fd;

	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(
	    slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		e = ERR_IO;
	if (fd >= 0)
		close(fd);
	free(folder);
	return e;
}

static enum err
sync_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	enum err e = fd < 0 || fsync(fd) != 0 ? ERR_IO : ERR_OK;

	if (fd >= 0)
		close(fd);
	return e;
}

/* The whole store as one file, PATH.before-N: written under another name, so
 * that a copy is either complete or not there. */
static enum err
keep_copy(struct db *db, int64_t next, struct fault *f)
{
	char *to = xasprintf("%s.before-%lld", db->path, (long long)next);
	char *part = xasprintf("%s.part", to);
	sqlite3_stmt *s = NULL;
	enum err e = ERR_IO;

	(void)unlink(part);
	if (sqlite3_prepare_v2(db->handle, "VACUUM INTO ?", -1, &s, NULL) ==
		SQLITE_OK &&
	    sqlite3_bind_text(s, 1, part, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_DONE && sync_file(part) == ERR_OK &&
	    rename(part, to) == 0 && sync_folder(to) == ERR_OK) {
		log_info("store: kept a copy before the migration file=%s", to);
		e = ERR_OK;
	} else {
		fault_set(f, FAULT_S13_STORE_UNUSABLE,
		    "no copy could be made before the migration, %s: %s", to,
		    sqlite3_errmsg(db->handle));
	}
	sqlite3_finalize(s);
	free(part);
	free(to);
	return e;
}

static enum err
apply_all(struct db *db, int64_t version)
{
	size_t n;
	const struct migration *all = migrations(&n);
	char pragma[64];
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		if (all[i].number > version)
			e = db_exec(db, all[i].sql);
	}
	(void)snprintf(
	    pragma, sizeof(pragma), "PRAGMA user_version=%d", newest());
	return e == ERR_OK ? db_exec(db, pragma) : e;
}

/* Applies what is missing within one transaction, which is kept or not. */
static enum err
migrate(struct db *db, int64_t version, bool keep, struct fault *f)
{
	enum err e = db_begin(db);

	if (e == ERR_OK)
		e = apply_all(db, version);
	if (e == ERR_OK && keep)
		e = db_commit(db);
	if (e != ERR_OK)
		fault_set(f, FAULT_S13_STORE_UNUSABLE,
		    "%s cannot be brought from schema %lld to %d: %s", db->path,
		    (long long)version, newest(), sqlite3_errmsg(db->handle));
	db_rollback(db);
	return e;
}

enum err
db_migrate(struct db *db, struct fault *f)
{
	int64_t version, tables = 0;
	enum err e = check_version(db, &version, f);

	if (e != ERR_OK || version == newest())
		return e;
	e = db_exec_int(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (e == ERR_OK && tables > 0)
		e = keep_copy(db, newest(), f);
	if (e == ERR_OK)
		e = migrate(db, version, true, f);
	if (e == ERR_OK)
		log_info("store: schema=%d was=%lld file=%s", newest(),
		    (long long)version, db->path);
	return e;
}

enum err
db_migrate_check(struct db *db, struct fault *f)
{
	int64_t version;
	enum err e = check_version(db, &version, f);

	if (e != ERR_OK || version == newest())
		return e;
	return migrate(db, version, false, f);
}
