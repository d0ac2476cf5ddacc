#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/digest.h"
#include "router/edge/page.h"
#include "tests/unit/test.h"

/* A store written as control does, read as a worker does. */
struct world {
	char dir[64], path[96];
	struct db *writer, *reader;
	struct pages pages;
	struct arena arena;
};

static void
put(struct world *w, const char *source, const char *body)
{
	static const char sql[] =
	    "INSERT INTO page (source, digest, body) VALUES (?1, ?2, ?3)";
	struct stmt *s = db_stmt(w->writer, sql);
	char digest[DIGEST_TEXT_SIZE];

	stmt_str(s, 1, source);
	stmt_str(s, 2, digest_text(slice_str(body), digest));
	stmt_str(s, 3, body);
	assert_int_equal(stmt_run(s), ERR_OK);
}

static int
open_world(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct fault f = {0};

	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/towpath-page-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/store.db", w->dir);
	assert_int_equal(db_open(w->path, DB_WRITE, &w->writer, &f), ERR_OK);
	assert_int_equal(db_migrate(w->writer, &f), ERR_OK);
	put(w, "https://a.example/", "<p>{{code}} and {{request_id}}");
	put(w, "sha256:plain", "<p>plain {{ {{other}} {");
	put(w, "https://twin.example/", "<p>plain {{ {{other}} {");
	assert_int_equal(db_open(w->path, DB_READ, &w->reader, &f), ERR_OK);
	pages_init(&w->pages, w->reader);
	arena_init(&w->arena, 1024);
	*state = w;
	return 0;
}

static int
close_world(void **state)
{
	struct world *w = *state;
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[128];

	arena_clear(&w->arena);
	pages_clear(&w->pages);
	db_close(w->reader);
	db_close(w->writer);
	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		(void)snprintf(
		    path, sizeof(path), "%s%s", w->path, suffixes[i]);
		(void)unlink(path);
	}
	(void)rmdir(w->dir);
	free(w);
	return 0;
}

static const struct page *
page_of(struct world *w, const char *source)
{
	char digest[PAGE_DIGEST_SIZE];

	assert_int_equal(page_digest(w->reader, source, digest), ERR_OK);
	return page_get(&w->pages, digest);
}

static void
assert_shown(struct world *w, const struct page *p, const char *expected)
{
	struct page_pieces pieces =
	    page_fill(p, &w->arena, SLICE("H12"), SLICE("id-1"));
	struct buf text;

	buf_init(&text, 4096);
	assert_non_null(pieces.items);
	for (size_t i = 0; i < pieces.n; i++)
		assert_int_equal(buf_add(&text, pieces.items[i]), ERR_OK);
	assert_int_equal(buf_add_char(&text, '\0'), ERR_OK);
	assert_string_equal(buf_slice(&text).p, expected);
	buf_clear(&text);
}

static void
code_and_id_are_filled_in(void **state)
{
	struct world *w = *state;

	assert_shown(w, page_of(w, "https://a.example/"), "<p>H12 and id-1");
	assert_shown(w, page_of(w, "sha256:plain"), "<p>plain {{ {{other}} {");
}

static void
the_same_content_is_kept_once(void **state)
{
	struct world *w = *state;

	assert_ptr_equal(
	    page_of(w, "sha256:plain"), page_of(w, "https://twin.example/"));
}

static void
what_is_not_there_is_no_page(void **state)
{
	struct world *w = *state;

	assert_null(page_of(w, "https://nowhere.example/"));
	assert_null(page_get(&w->pages, "0123"));
}

static void
a_full_arena_shows_none(void **state)
{
	struct world *w = *state;
	const struct page *p = page_of(w, "https://a.example/");

	while (arena_alloc(&w->arena, 8) != NULL)
		;
	assert_null(page_fill(p, &w->arena, SLICE("H12"), SLICE("id")).items);
}

static void
marks_past_the_limit_stay_as_they_are(void **state)
{
	struct world *w = *state;
	struct page_pieces pieces;
	char body[1024] = "";

	for (size_t i = 0; i < 100; i++)
		memcpy(body + 8 * i, "{{code}}", 9);
	put(w, "https://many.example/", body);
	pieces = page_fill(page_of(w, "https://many.example/"), &w->arena,
	    SLICE("H12"), SLICE("id"));
	/* 64 KB of slices would not fit, 129 do not either: none is shown */
	assert_null(pieces.items);
	arena_clear(&w->arena);
	arena_init(&w->arena, 64 * 1024);
	pieces = page_fill(page_of(w, "https://many.example/"), &w->arena,
	    SLICE("H12"), SLICE("id"));
	assert_int_equal(pieces.n, 129);
	assert_int_equal(pieces.items[128].n, 36 * 8);
}

int
main(void)
{
#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_world, close_world)
	const struct CMUnitTest tests[] = {
	    IN_WORLD(code_and_id_are_filled_in),
	    IN_WORLD(the_same_content_is_kept_once),
	    IN_WORLD(what_is_not_there_is_no_page),
	    IN_WORLD(a_full_arena_shows_none),
	    IN_WORLD(marks_past_the_limit_stay_as_they_are),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
