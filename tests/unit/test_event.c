#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "router/control/event.h"
#include "tests/unit/test.h"

struct place {
	char folder[64];
	char path[128];
	struct db *db;
};

static int
setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	struct fault f = {0};

	strcpy(p->folder, "/tmp/test_event.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->path, sizeof(p->path), "%s/db", p->folder);
	assert_int_equal(db_open(p->path, DB_WRITE, &p->db, &f), ERR_OK);
	assert_int_equal(db_migrate(p->db, &f), ERR_OK);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct place *p = *state;
	char path[160];

	db_close(p->db);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", p->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static void
add(struct db *db, const char *name, const char *host, const char *app)
{
	struct event e = {
	    .name = name, .by = "uid 0", .host = host, .app = app};

	assert_int_equal(db_begin(db), ERR_OK);
	assert_int_equal(event_add(db, &e), ERR_OK);
	assert_int_equal(db_commit(db), ERR_OK);
}

/* Appends "1 3 4 " to a buf. */
static enum err
note(void *ctx, int64_t sequence, const char *name, struct slice text)
{
	json_t *o;

	(void)name;
	assert_int_equal(json_parse(text, &o, NULL), ERR_OK);
	assert_int_equal(json_int(o, "sequence"), sequence);
	assert_int_equal(strlen(json_str(o, "request_identifier")), 36);
	json_decref(o);
	(void)buf_printf(ctx, "%d ", (int)sequence);
	return ERR_OK;
}

static void
assert_listed(struct db *db, struct event_filter filter, const char *expected)
{
	struct buf b;

	buf_init(&b, 1000);
	if (filter.limit == 0)
		filter.limit = 100;
	assert_int_equal(event_list(db, &filter, note, &b), ERR_OK);
	assert_true(slice_eq(buf_slice(&b), slice_str(expected)));
	buf_clear(&b);
}

static void
events_are_numbered_and_found_by_host_app_and_name(void **state)
{
	struct db *db = ((struct place *)*state)->db;

	assert_int_equal(event_last(db), 0);
	add(db, "app.create", NULL, "shop");
	add(db, "domain.add", "a.test", "shop");
	add(db, "certificate.issue", "a.test", "shop");
	add(db, "domain.add", "b.test", "other");
	assert_int_equal(event_last(db), 4);
	assert_listed(db, (struct event_filter){0}, "1 2 3 4 ");
	assert_listed(db, (struct event_filter){.after = 2}, "3 4 ");
	assert_listed(db, (struct event_filter){.limit = 2}, "1 2 ");
	assert_listed(db, (struct event_filter){.host = "a.test"}, "2 3 ");
	assert_listed(db, (struct event_filter){.app = "shop"}, "1 2 3 ");
	assert_listed(
	    db, (struct event_filter){.host = "b.test", .app = "shop"}, "");
	assert_listed(db, (struct event_filter){.name = "domain.*"}, "2 4 ");
	assert_listed(db,
	    (struct event_filter){.name = "domain.add", .host = "b.test"},
	    "4 ");
}

static void
a_change_that_is_undone_leaves_no_event_and_no_gap(void **state)
{
	struct db *db = ((struct place *)*state)->db;
	struct event e = {.name = "app.create", .by = "uid 0"};

	add(db, "app.create", NULL, "shop");
	assert_int_equal(db_begin(db), ERR_OK);
	assert_int_equal(event_add(db, &e), ERR_OK);
	db_rollback(db);
	assert_int_equal(event_last(db), 1);
	add(db, "app.change", NULL, "shop");
	assert_listed(db, (struct event_filter){0}, "1 2 ");
}

static void
numbers_are_never_used_again_after_old_events_are_pruned(void **state)
{
	struct db *db = ((struct place *)*state)->db;

	add(db, "app.create", NULL, "shop");
	assert_int_equal(db_begin(db), ERR_OK);
	assert_int_equal(event_prune(db, INT64_MAX), ERR_OK);
	assert_int_equal(db_commit(db), ERR_OK);
	assert_listed(db, (struct event_filter){0}, "");
	add(db, "app.change", NULL, "shop");
	assert_listed(db, (struct event_filter){0}, "2 ");
}

static void
secure_status_follows_the_domain(void **state)
{
	static const struct {
		const char *name, *status, *expected;
	} cases[] = {
	    {"domain.add", "Pending DNS", "pending"},
	    {"domain.dns_ok", "Creating", "pending"},
	    {"certificate.issue", "In use", "success"},
	    {"certificate.upload", "Not used", "success"},
	    {"domain.action_required", "Action required", "failed"},
	    {"certificate.fail", "Creating", "failed"},
	};
	struct db *db = ((struct place *)*state)->db;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		static const char sql[] =
		    "SELECT body FROM event ORDER BY sequence DESC LIMIT 1";
		struct event e = {.name = cases[i].name, .by = "towpath"};
		struct stmt *s;
		json_t *o;

		e.domain = json_object();
		json_put_str(e.domain, "status", cases[i].status);
		assert_int_equal(event_add(db, &e), ERR_OK);
		s = db_stmt(db, sql);
		assert_int_equal(stmt_step(s), ERR_OK);
		assert_int_equal(json_parse(stmt_get(s, 0), &o, NULL), ERR_OK);
		stmt_done(s);
		assert_string_equal(
		    json_str(o, "secure_status"), cases[i].expected);
		json_decref(o);
	}
}

int
main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    WITH_STORE(events_are_numbered_and_found_by_host_app_and_name),
	    WITH_STORE(a_change_that_is_undone_leaves_no_event_and_no_gap),
	    WITH_STORE(
		numbers_are_never_used_again_after_old_events_are_pruned),
	    WITH_STORE(secure_status_follows_the_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
