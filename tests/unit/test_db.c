#include <sys/stat.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/db.h"
#include "base/log.h"
#include "tests/unit/test.h"

static const char insert[] = "INSERT INTO setting (name, value) VALUES (?, ?)";
static const char count[] = "SELECT count(*) FROM setting";
static const char select_value[] = "SELECT value FROM setting WHERE name = ?";

struct place {
	char dir[64], path[128];
};

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	log_set_level(LOG_LEVEL_ERROR);
	strcpy(p->dir, "/tmp/test_db.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->path, sizeof(p->path), "%s/a%%b?.db", p->dir);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static struct db *
open_new(struct place *p)
{
	struct fault f = {0};
	struct db *db;

	assert_int_equal(db_open(p->path, DB_WRITE, &db, &f), ERR_OK);
	assert_int_equal(db_migrate(db, &f), ERR_OK);
	return db;
}

static void
put(struct db *db, const char *name, const char *value)
{
	struct stmt *s = db_stmt(db, insert);

	stmt_str(s, 1, name);
	stmt_str(s, 2, value);
	assert_int_equal(stmt_run(s), ERR_OK);
}

/* Runs in a process of its own: 0 when the value of `name` is `value`. */
static int
read_elsewhere(struct place *p, const char *name, const char *value)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct fault f = {0};
		struct db *db;
		struct stmt *s;

		if (db_open(p->path, DB_READ, &db, &f) != ERR_OK)
			_exit(2);
		s = db_stmt(db, select_value);
		if (s == NULL)
			_exit(3);
		stmt_str(s, 1, name);
		if (stmt_step(s) != ERR_OK)
			_exit(4);
		_exit(strcmp(stmt_get_str(s, 0), value) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void
a_reader_sees_what_a_writer_commits(void **state)
{
	struct place *p = *state;
	struct db *db = open_new(p);

	put(db, "a", "1");
	assert_int_equal(read_elsewhere(p, "a", "1"), 0);
	assert_int_equal(db_begin(db), ERR_OK);
	put(db, "b", "2");
	assert_int_equal(read_elsewhere(p, "b", "2"), 4);
	assert_int_equal(db_commit(db), ERR_OK);
	assert_int_equal(read_elsewhere(p, "b", "2"), 0);
	db_close(db);
}

static void
a_reader_starts_while_no_writer_is_there(void **state)
{
	struct place *p = *state;
	struct db *db = open_new(p);

	put(db, "a", "1");
	db_close(db);
	assert_int_equal(read_elsewhere(p, "a", "1"), 0);
}

static void
a_reader_holds_no_writable_descriptor(void **state)
{
	struct place *p = *state;
	struct db *writer = open_new(p), *reader;
	struct fault f = {0};
	struct stat st;
	char path[64];
	struct stmt *s;
	int n_open = 0;

	put(writer, "a", "1");
	db_close(writer);
	assert_int_equal(db_open(p->path, DB_READ, &reader, &f), ERR_OK);
	s = db_stmt(reader, count);
	assert_int_equal(stmt_step(s), ERR_OK);
	for (int fd = 3; fd < 64; fd++) {
		char target[256] = "";

		/* the link's own mode tells how the descriptor was opened */
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (lstat(path, &st) != 0 ||
		    readlink(path, target, sizeof(target) - 1) < 0 ||
		    strncmp(target, p->dir, strlen(p->dir)) != 0)
			continue;
		assert_int_equal(st.st_mode & S_IWUSR, 0);
		n_open++;
	}
	assert_int_equal(n_open, 3); /* database, -wal and -shm */
	stmt_done(s);
	s = db_stmt(reader, insert);
	stmt_str(s, 1, "x");
	stmt_str(s, 2, "y");
	assert_int_not_equal(stmt_run(s), ERR_OK);
	db_close(reader);
}

static void
a_constraint_and_the_end_have_their_own_errors(void **state)
{
	struct place *p = *state;
	struct db *db = open_new(p);
	struct stmt *s;

	put(db, "a", "1");
	s = db_stmt(db, insert);
	stmt_str(s, 1, "a");
	stmt_str(s, 2, "again");
	assert_int_equal(stmt_run(s), ERR_EXISTS);
	s = db_stmt(db, select_value);
	stmt_str(s, 1, "none");
	assert_int_equal(stmt_step(s), ERR_NOT_FOUND);
	db_close(db);
}

static void
a_file_that_is_no_database_and_a_newer_one_are_refused(void **state)
{
	struct place *p = *state;
	struct db *db = open_new(p);
	struct fault f = {0};
	FILE *file;

	assert_int_equal(db_migrate(db, &f), ERR_OK); /* nothing to do */
	assert_int_equal(db_execute(db, "PRAGMA user_version=999"), ERR_OK);
	assert_int_equal(db_migrate(db, &f), ERR_DENIED);
	assert_int_equal(f.code, FAULT_S17_STORE_NEWER);
	assert_int_equal(db_check(db, &f), ERR_OK);
	db_close(db);
	(void)snprintf(p->path, sizeof(p->path), "%s/garbage", p->dir);
	file = fopen(p->path, "w");
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is no database\n", file);
	(void)fclose(file);
	assert_int_not_equal(db_open(p->path, DB_WRITE, &db, &f), ERR_OK);
	assert_int_equal(f.code, FAULT_S16_STORE_DAMAGED);
	assert_null(db);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(a_reader_sees_what_a_writer_commits),
	    T(a_reader_starts_while_no_writer_is_there),
	    T(a_reader_holds_no_writable_descriptor),
	    T(a_constraint_and_the_end_have_their_own_errors),
	    T(a_file_that_is_no_database_and_a_newer_one_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
