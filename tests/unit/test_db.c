#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/db.h"
#include "base/mem.h"
#include "base/migrations.h"
#include "tests/unit/test.h"

struct place {
	char dir[64];
	char path[128];
	struct fault f;
};

static int
make_place(void **state)
{
	struct place *at = xcalloc(1, sizeof(*at));

	(void)snprintf(at->dir, sizeof(at->dir), "/tmp/towpath-db-XXXXXX");
	assert_non_null(mkdtemp(at->dir));
	(void)snprintf(at->path, sizeof(at->path), "%s/a b?#%%.db", at->dir);
	*state = at;
	return 0;
}

static int
remove_place(void **state)
{
	struct place *at = *state;
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", at->dir);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
	free(at);
	return 0;
}

static struct db *
open_db(struct place *at, enum db_mode mode)
{
	struct db *db = NULL;
	enum err e;

	do /* a writer in another process may be setting the file to rights */
		e = db_open(at->path, mode, &db, &at->f);
	while (e == ERR_AGAIN);
	assert_int_equal(e, ERR_OK);
	return db;
}

static void
run(struct db *db, const char *sql)
{
	assert_int_equal(stmt_run(db_stmt(db, sql)), ERR_OK);
}

static const char make_table[] = "CREATE TABLE t (a INTEGER UNIQUE, b TEXT)";
static const char insert_one[] = "INSERT INTO t VALUES (?, ?)";
static const char count_all[] = "SELECT count(*) FROM t";

static enum err
insert(struct db *db, int64_t a, const char *b)
{
	struct stmt *s = db_stmt(db, insert_one);

	stmt_int(s, 1, a);
	stmt_str(s, 2, b);
	return stmt_run(s);
}

static enum err
try_count(struct db *db, int64_t *n)
{
	struct stmt *s = db_stmt(db, count_all);
	enum err e;

	if (s == NULL)
		return ERR_AGAIN;
	e = stmt_step(s);
	if (e == ERR_OK)
		*n = stmt_get_int(s, 0);
	stmt_done(s);
	return e;
}

static int64_t
count(struct db *db)
{
	int64_t n = -1;

	assert_int_equal(try_count(db, &n), ERR_OK);
	return n;
}

static void
values_come_back_as_they_went_in(void **state)
{
	struct db *db = open_db(*state, DB_WRITE);
	static const char put[] = "INSERT INTO v VALUES (?,?,?,?,?)";
	static const char get[] = "SELECT a, b, c, d, e FROM v";
	struct stmt *s;

	run(db, "CREATE TABLE v (a, b, c, d, e)");
	s = db_stmt(db, put);
	stmt_int(s, 1, INT64_MIN);
	stmt_real(s, 2, 0.5);
	stmt_text(s, 3, SLICE("text"));
	stmt_blob(s, 4, slice_of("\0\1", 2));
	stmt_null(s, 5);
	assert_int_equal(stmt_run(s), ERR_OK);
	assert_int_equal(db_changes(db), 1);
	assert_int_equal(db_last_id(db), 1);
	s = db_stmt(db, get);
	assert_int_equal(stmt_step(s), ERR_OK);
	assert_true(stmt_get_int(s, 0) == INT64_MIN);
	assert_true(stmt_get_real(s, 1) == 0.5);
	assert_string_equal(stmt_get_str(s, 2), "text");
	assert_true(slice_eq(stmt_get(s, 3), slice_of("\0\1", 2)));
	assert_true(stmt_is_null(s, 4));
	assert_string_equal(stmt_get_str(s, 4), "");
	assert_int_equal(stmt_get(s, 4).n, 0);
	assert_int_equal(stmt_step(s), ERR_NOT_FOUND);
	db_close(db);
}

static void
empty_text_is_not_null(void **state)
{
	struct db *db = open_db(*state, DB_WRITE);
	static const char get[] = "SELECT b FROM t";
	struct stmt *s;

	run(db, make_table);
	assert_int_equal(insert(db, 1, ""), ERR_OK);
	s = db_stmt(db, get);
	assert_int_equal(stmt_step(s), ERR_OK);
	assert_false(stmt_is_null(s, 0));
	stmt_done(s);
	db_close(db);
}

static void
broken_constraint_is_exists(void **state)
{
	struct db *db = open_db(*state, DB_WRITE);

	run(db, make_table);
	assert_int_equal(insert(db, 1, "x"), ERR_OK);
	assert_int_equal(insert(db, 1, "y"), ERR_EXISTS);
	assert_int_equal(insert(db, 2, "y"), ERR_OK);
	db_close(db);
}

static void
rollback_undoes_and_commit_keeps(void **state)
{
	struct db *db = open_db(*state, DB_WRITE);

	run(db, make_table);
	assert_int_equal(db_begin(db), ERR_OK);
	assert_true(db_in_transaction(db));
	assert_int_equal(insert(db, 1, "x"), ERR_OK);
	db_rollback(db);
	assert_false(db_in_transaction(db));
	assert_int_equal(count(db), 0);
	assert_int_equal(db_begin(db), ERR_OK);
	assert_int_equal(insert(db, 1, "x"), ERR_OK);
	assert_int_equal(db_commit(db), ERR_OK);
	db_rollback(db);
	assert_int_equal(count(db), 1);
	db_close(db);
}

/* Reads in a process of its own; its exit status is the verdict. */
static void
in_other_process(struct place *at, int (*body)(struct place *at))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body(at));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Any descriptor of the store that this process could write through. */
static bool
holds_writable(const char *path)
{
	for (int fd = 3; fd < 64; fd++) {
		char link[64], target[256];
		ssize_t n;
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0)
			continue;
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		if (n > 0 && strncmp(target, path, strlen(path)) == 0 &&
		    (flags & O_ACCMODE) != O_RDONLY)
			return true;
	}
	return false;
}

static int
read_three_rows(struct place *at)
{
	struct db *db = NULL;

	if (db_open(at->path, DB_READ, &db, &at->f) != ERR_OK)
		return 1;
	if (count(db) != 3)
		return 2;
	if (holds_writable(at->path))
		return 3;
	if (insert(db, 9, "x") == ERR_OK)
		return 4;
	db_close(db);
	return 0;
}

static void
fill_three_rows(struct db *db)
{
	run(db, make_table);
	for (int i = 0; i < 3; i++)
		assert_int_equal(insert(db, i, "x"), ERR_OK);
}

static void
reader_beside_a_writer_holds_nothing_writable(void **state)
{
	struct place *at = *state;
	struct db *db;
	int go[2], status;
	char byte = 0;
	pid_t pid;

	/* the reader is forked first: it must not inherit the writer's */
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0)
		_exit(read(go[0], &byte, 1) == 1 ? read_three_rows(at) : 9);
	db = open_db(at, DB_WRITE);
	fill_three_rows(db);
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	close(go[0]);
	close(go[1]);
	db_close(db);
}

static void
reader_starts_while_no_writer_is_open(void **state)
{
	struct db *db = open_db(*state, DB_WRITE);

	fill_three_rows(db);
	db_close(db);
	in_other_process(*state, read_three_rows);
}

static int
write_and_die(struct place *at)
{
	struct db *db = open_db(at, DB_WRITE);

	fill_three_rows(db);
	_exit(0); /* as SIGKILL would: nothing is closed */
}

static void
reader_starts_after_the_writer_was_killed(void **state)
{
	in_other_process(*state, write_and_die);
	in_other_process(*state, read_three_rows);
}

static int
write_rows_slowly(struct place *at)
{
	struct db *db = open_db(at, DB_WRITE);

	for (int i = 0; i < 300; i++)
		if (insert(db, i, "x") != ERR_OK)
			return 1;
	db_close(db);
	return 0;
}

static void
reader_reads_while_another_process_writes(void **state)
{
	struct place *at = *state;
	struct db *db = open_db(at, DB_WRITE);
	int64_t last = 0, reads = 0;
	int status;
	pid_t pid;

	run(db, make_table);
	db_close(db);
	pid = fork();
	if (pid == 0)
		_exit(write_rows_slowly(at));
	db = open_db(at, DB_READ);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		int64_t n = last;

		if (try_count(db, &n) == ERR_AGAIN)
			continue; /* the writer begins, on a slow machine */
		assert_true(n >= last);
		last = n;
		reads++;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(count(db), 300);
	assert_true(reads > 0);
	db_close(db);
}

static void
reader_makes_no_file(void **state)
{
	struct place *at = *state;
	struct db *db;

	assert_int_equal(db_open(at->path, DB_READ, &db, &at->f), ERR_IO);
	assert_int_equal(at->f.code, FAULT_S13_STORE_UNUSABLE);
	assert_null(db);
	assert_int_not_equal(access(at->path, F_OK), 0);
}

static void
file_that_is_no_database_is_refused(void **state)
{
	struct place *at = *state;
	struct db *db;
	int fd = open(at->path, O_WRONLY | O_CREAT, 0600);
	char junk[4096];

	memset(junk, 'x', sizeof(junk));
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	close(fd);
	assert_int_equal(db_open(at->path, DB_WRITE, &db, &at->f), ERR_IO);
	assert_int_equal(at->f.code, FAULT_S16_STORE_DAMAGED);
	assert_int_equal(db_open(at->path, DB_READ, &db, &at->f), ERR_IO);
	assert_int_equal(at->f.code, FAULT_S16_STORE_DAMAGED);
}

static const char has_app[] = "SELECT count(*) FROM app";

/* The one that is kept before the newest migration. */
static void
name_of_copy(const struct place *at, char *out, size_t size)
{
	size_t n;
	const struct migration *all = migrations(&n);

	(void)snprintf(
	    out, size, "%.100s.before-%d", at->path, all[n - 1].number);
}

static void
empty_file_gets_the_whole_schema_without_a_copy(void **state)
{
	struct place *at = *state;
	struct db *db = open_db(at, DB_WRITE);
	char copy[256];

	assert_int_equal(db_migrate_check(db, &at->f), ERR_OK);
	assert_int_equal(db_migrate(db, &at->f), ERR_OK);
	run(db, has_app);
	assert_int_equal(db_migrate(db, &at->f), ERR_OK);
	assert_int_equal(db_migrate_check(db, &at->f), ERR_OK);
	assert_int_equal(db_check(db, &at->f), ERR_OK);
	name_of_copy(at, copy, sizeof(copy));
	assert_int_not_equal(access(copy, F_OK), 0);
	db_close(db);
}

static void
checking_a_migration_changes_nothing(void **state)
{
	struct place *at = *state;
	struct db *db = open_db(at, DB_WRITE);
	static const char tables[] = "SELECT count(*) FROM sqlite_schema";
	struct stmt *s;

	assert_int_equal(db_migrate_check(db, &at->f), ERR_OK);
	s = db_stmt(db, tables);
	assert_int_equal(stmt_step(s), ERR_OK);
	assert_int_equal(stmt_get_int(s, 0), 0);
	stmt_done(s);
	db_close(db);
}

static void
store_with_data_is_copied_before_it_is_migrated(void **state)
{
	struct place *at = *state;
	struct db *db = open_db(at, DB_WRITE);
	struct place copy;

	fill_three_rows(db);
	assert_int_equal(db_migrate(db, &at->f), ERR_OK);
	run(db, has_app);
	assert_int_equal(count(db), 3);
	db_close(db);
	name_of_copy(at, copy.path, sizeof(copy.path));
	db = open_db(&copy, DB_WRITE);
	assert_int_equal(count(db), 3);
	db_close(db);
}

static void
failing_migration_changes_nothing(void **state)
{
	struct place *at = *state;
	struct db *db = open_db(at, DB_WRITE);

	run(db, make_table);
	run(db, "CREATE TABLE setting (other)"); /* is in the schema */
	assert_int_equal(db_migrate_check(db, &at->f), ERR_IO);
	assert_int_equal(db_migrate(db, &at->f), ERR_IO);
	assert_int_equal(at->f.code, FAULT_S13_STORE_UNUSABLE);
	assert_false(db_in_transaction(db));
	assert_int_equal(count(db), 0);
	db_close(db);
}

static void
store_of_a_newer_towpath_is_refused(void **state)
{
	struct place *at = *state;
	struct db *db = open_db(at, DB_WRITE);

	run(db, "PRAGMA user_version=999");
	assert_int_equal(db_migrate(db, &at->f), ERR_DENIED);
	assert_int_equal(at->f.code, FAULT_S17_STORE_NEWER);
	assert_int_equal(db_migrate_check(db, &at->f), ERR_DENIED);
	db_close(db);
}

static void
reader_without_the_table_is_given_no_statement(void **state)
{
	struct db *writer = open_db(*state, DB_WRITE);
	struct db *reader = open_db(*state, DB_READ);

	assert_null(db_stmt(reader, count_all));
	run(writer, make_table);
	assert_int_equal(count(reader), 0);
	db_close(reader);
	db_close(writer);
}

#define IN_PLACE(test)                                                         \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(values_come_back_as_they_went_in),
	    IN_PLACE(empty_text_is_not_null),
	    IN_PLACE(broken_constraint_is_exists),
	    IN_PLACE(rollback_undoes_and_commit_keeps),
	    IN_PLACE(reader_beside_a_writer_holds_nothing_writable),
	    IN_PLACE(reader_starts_while_no_writer_is_open),
	    IN_PLACE(reader_starts_after_the_writer_was_killed),
	    IN_PLACE(reader_reads_while_another_process_writes),
	    IN_PLACE(reader_makes_no_file),
	    IN_PLACE(file_that_is_no_database_is_refused),
	    IN_PLACE(empty_file_gets_the_whole_schema_without_a_copy),
	    IN_PLACE(checking_a_migration_changes_nothing),
	    IN_PLACE(store_with_data_is_copied_before_it_is_migrated),
	    IN_PLACE(failing_migration_changes_nothing),
	    IN_PLACE(store_of_a_newer_towpath_is_refused),
	    IN_PLACE(reader_without_the_table_is_given_no_statement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
