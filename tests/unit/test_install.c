#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "certs/install.h"
#include "tests/unit/test.h"

#define HOST "www.example.com"

struct store {
	char dir[64], path[80];
	struct db *db;
};

static int
set_up(void **state)
{
	struct store *s = calloc(1, sizeof(*s));
	struct fault f = {0};

	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/test_install.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	(void)snprintf(s->path, sizeof(s->path), "%s/db", s->dir);
	assert_int_equal(db_open(s->path, DB_WRITE, &s->db, &f), ERR_OK);
	assert_int_equal(db_migrate(s->db, &f), ERR_OK);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct store *s = *state;
	char command[128];

	db_close(s->db);
	(void)snprintf(command, sizeof(command), "rm -rf %s", s->dir);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

/* A stored certificate for `name`; `der` tells one from another. */
static int64_t
store(struct store *s, const char *der, const char *name, int64_t not_before,
    int64_t not_after)
{
	char *names[] = {(char *)name};
	struct certificate leaf = {.der = slice_str(der),
	    .names = names,
	    .n_names = 1,
	    .not_before = not_before,
	    .not_after = not_after,
	    .key_type = "ecdsa-p256"};
	struct certificate middle = {.der = SLICE("middle")};
	struct chain chain = {.items = {&leaf, &middle}, .n = 2};
	int64_t id;

	memcpy(leaf.fingerprint, der, strlen(der));
	assert_int_equal(install_certificate(
			     s->db, &chain, SLICE("sealed"), true, NULL, &id),
	    ERR_OK);
	return id;
}

static int64_t
fresh(struct store *s, const char *der)
{
	int64_t now = clock_now();

	return store(s, der, HOST, now - 100, now + 1000);
}

static int64_t
put(struct store *s, enum slot slot, int64_t id)
{
	int64_t number;

	assert_int_equal(db_begin(s->db), ERR_OK);
	assert_int_equal(
	    install_put(s->db, HOST, slot, id, "uid 0", &number), ERR_OK);
	assert_int_equal(db_commit(s->db), ERR_OK);
	return number;
}

static enum err
roll_back(struct store *s, int64_t to, struct fault *f)
{
	int64_t number;
	enum err e;

	assert_int_equal(db_begin(s->db), ERR_OK);
	e = install_roll_back(s->db, HOST, to, "uid 0", &number, f);
	if (e == ERR_OK)
		assert_int_equal(db_commit(s->db), ERR_OK);
	else
		db_rollback(s->db);
	return e;
}

/* The certificate in the custom slot, 0 when it is empty. */
static int64_t
current(struct store *s)
{
	struct installation i = {0};
	enum err e = install_current(s->db, HOST, SLOT_CUSTOM, &i);
	int64_t id = i.certificate_id;

	assert_true(e == ERR_OK || e == ERR_NOT_FOUND);
	installation_clear(&i);
	return id;
}

static void
after_a_b_c_rollback_gives_b_then_a_then_fails(void **state)
{
	struct store *s = *state;
	struct fault f = {0};
	int64_t a = fresh(s, "a"), b = fresh(s, "b"), c = fresh(s, "c"), n_c;

	(void)put(s, SLOT_CUSTOM, a);
	(void)put(s, SLOT_CUSTOM, b);
	n_c = put(s, SLOT_CUSTOM, c);
	assert_int_equal(roll_back(s, 0, &f), ERR_OK);
	assert_int_equal(current(s), b);
	assert_int_equal(roll_back(s, 0, &f), ERR_OK);
	assert_int_equal(current(s), a);
	assert_int_equal(roll_back(s, 0, &f), ERR_NOT_FOUND);
	assert_int_equal(f.code, FAULT_C27_NOTHING_TO_ROLL_BACK_TO);
	assert_int_equal(current(s), a);
	assert_int_equal(roll_back(s, n_c, &f), ERR_OK);
	assert_int_equal(current(s), c);
	/* C came back with its own predecessor */
	assert_int_equal(roll_back(s, 0, &f), ERR_OK);
	assert_int_equal(current(s), b);
}

static void
after_a_remove_rollback_gives_the_removed_one(void **state)
{
	struct store *s = *state;
	struct fault f = {0};
	int64_t a = fresh(s, "a");

	(void)put(s, SLOT_CUSTOM, a);
	assert_int_equal(db_begin(s->db), ERR_OK);
	assert_int_equal(install_remove(s->db, HOST, SLOT_CUSTOM, &f), ERR_OK);
	assert_int_equal(
	    install_remove(s->db, HOST, SLOT_CUSTOM, &f), ERR_NOT_FOUND);
	assert_int_equal(f.code, FAULT_C26_NONE_INSTALLED);
	assert_int_equal(db_commit(s->db), ERR_OK);
	assert_int_equal(current(s), 0);
	assert_int_equal(roll_back(s, 0, &f), ERR_OK);
	assert_int_equal(current(s), a);
}

static void
after_a_remove_and_b_rollback_gives_a(void **state)
{
	struct store *s = *state;
	struct fault f = {0};
	int64_t a = fresh(s, "a");

	(void)put(s, SLOT_CUSTOM, a);
	assert_int_equal(db_begin(s->db), ERR_OK);
	assert_int_equal(install_remove(s->db, HOST, SLOT_CUSTOM, &f), ERR_OK);
	assert_int_equal(db_commit(s->db), ERR_OK);
	(void)put(s, SLOT_CUSTOM, fresh(s, "b"));
	assert_int_equal(roll_back(s, 0, &f), ERR_OK);
	assert_int_equal(current(s), a);
	assert_int_equal(roll_back(s, 0, &f), ERR_NOT_FOUND);
}

static void
an_automatic_one_by_number_leaves_the_slots_apart(void **state)
{
	struct store *s = *state;
	struct fault f = {0};
	int64_t automatic;

	(void)put(s, SLOT_AUTOMATIC, fresh(s, "a1"));
	automatic = put(s, SLOT_AUTOMATIC, fresh(s, "a2"));
	(void)put(s, SLOT_CUSTOM, fresh(s, "c"));
	assert_int_equal(roll_back(s, automatic, &f), ERR_OK);
	assert_int_equal(roll_back(s, 0, &f), ERR_NOT_FOUND);
	assert_int_equal(f.code, FAULT_C27_NOTHING_TO_ROLL_BACK_TO);
}

static void
what_expired_or_never_was_cannot_be_rolled_back_to(void **state)
{
	struct store *s = *state;
	struct fault f = {0};
	int64_t now = clock_now();

	assert_int_equal(roll_back(s, 0, &f), ERR_NOT_FOUND);
	(void)put(s, SLOT_CUSTOM, store(s, "old", HOST, now - 99, now - 9));
	(void)put(s, SLOT_CUSTOM, fresh(s, "new"));
	assert_int_equal(roll_back(s, 0, &f), ERR_DENIED);
	assert_int_equal(f.code, FAULT_C28_TARGET_NOT_VALID);
	assert_int_equal(roll_back(s, 77, &f), ERR_NOT_FOUND);
	assert_int_equal(f.code, FAULT_C36_NO_SUCH_NUMBER);
}

struct walk {
	int64_t numbers[16];
	size_t n, open;
};

static enum err
on_installation(void *ctx, const struct installation *i)
{
	struct walk *w = ctx;

	w->numbers[w->n++] = i->number;
	w->open += i->removed_at == 0;
	assert_int_equal(i->chain_length, 2);
	assert_string_equal(i->names, "[\"" HOST "\"]");
	return ERR_OK;
}

static void
history_keeps_everything_newest_first(void **state)
{
	struct store *s = *state;
	struct walk w = {0};

	(void)put(s, SLOT_AUTOMATIC, fresh(s, "a"));
	(void)put(s, SLOT_CUSTOM, fresh(s, "b"));
	(void)put(s, SLOT_CUSTOM, fresh(s, "c"));
	assert_int_equal(
	    install_history(s->db, HOST, on_installation, &w), ERR_OK);
	assert_int_equal(w.n, 3);
	assert_int_equal(w.numbers[0], 3);
	assert_int_equal(w.numbers[2], 1);
	assert_int_equal(w.open, 2); /* one in each slot */
}

static void
candidates_are_custom_two_automatic_and_the_wildcards(void **state)
{
	struct store *s = *state;
	struct candidate c[CANDIDATES_MAX];
	int64_t now = clock_now(), wild, number;
	size_t n;

	(void)put(s, SLOT_AUTOMATIC, fresh(s, "a1"));
	(void)put(s, SLOT_AUTOMATIC, fresh(s, "a2"));
	(void)put(s, SLOT_AUTOMATIC, fresh(s, "a3"));
	(void)put(s, SLOT_CUSTOM, store(s, "c", "else.example.com", now, now));
	wild = store(s, "w", "*.example.com", now - 1, now + 1);
	assert_int_equal(db_begin(s->db), ERR_OK);
	assert_int_equal(install_put(s->db, "*.example.com", SLOT_CUSTOM, wild,
			     "x", &number),
	    ERR_OK);
	assert_int_equal(db_commit(s->db), ERR_OK);
	assert_int_equal(install_candidates(s->db, HOST, "*.example.com", c,
			     CANDIDATES_MAX, &n),
	    ERR_OK);
	assert_int_equal(n, 4);
	assert_int_equal(c[0].source, CANDIDATE_CUSTOM);
	assert_false(c[0].covers);
	assert_int_equal(c[1].source, CANDIDATE_AUTOMATIC);
	assert_true(c[1].certificate_id > c[2].certificate_id);
	assert_int_equal(c[3].source, CANDIDATE_WILDCARD);
	assert_true(c[3].covers);
	assert_int_equal(
	    install_candidates(s->db, HOST, NULL, c, 2, &n), ERR_OK);
	assert_int_equal(n, 2);
	/* an empty slot has nothing that stands by */
	assert_int_equal(db_begin(s->db), ERR_OK);
	assert_int_equal(
	    install_remove(s->db, HOST, SLOT_AUTOMATIC, NULL), ERR_OK);
	assert_int_equal(db_commit(s->db), ERR_OK);
	assert_int_equal(
	    install_candidates(s->db, HOST, NULL, c, CANDIDATES_MAX, &n),
	    ERR_OK);
	assert_int_equal(n, 1);
}

static enum err
count_host(void *ctx, const char *host)
{
	assert_string_equal(host, HOST);
	++*(int *)ctx;
	return ERR_OK;
}

static void
a_revoked_one_is_no_candidate_and_nothing_goes_back_to_it(void **state)
{
	struct store *s = *state;
	int64_t older = fresh(s, "older"), lost = fresh(s, "lost");
	struct candidate found[CANDIDATES_MAX];
	struct installation i = {0};
	struct fault f = {0};
	size_t n = 0;
	int hosts = 0;

	put(s, SLOT_AUTOMATIC, older);
	put(s, SLOT_AUTOMATIC, lost);
	put(s, SLOT_CUSTOM, lost); /* rolled back to it once */
	assert_int_equal(db_begin(s->db), ERR_OK);
	assert_int_equal(install_revoke(s->db, older), ERR_OK);
	assert_int_equal(install_revoke(s->db, lost), ERR_OK);
	assert_int_equal(db_commit(s->db), ERR_OK);
	assert_int_equal(
	    install_candidates(s->db, HOST, NULL, found, CANDIDATES_MAX, &n),
	    ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(
	    install_hosts(s->db, lost, count_host, &hosts), ERR_OK);
	assert_int_equal(hosts, 0);
	assert_int_equal(current(s), 0);
	assert_int_equal(roll_back(s, 1, &f), ERR_DENIED);
	assert_int_equal(f.code, FAULT_C28_TARGET_NOT_VALID);
	assert_non_null(strstr(f.text, "revoked"));
	assert_int_equal(install_get(s->db, HOST, 2, &i), ERR_OK);
	assert_true(i.revoked_at != 0);
	installation_clear(&i);
}

static void
a_certificate_is_read_as_it_was_stored_and_intermediates_once(void **state)
{
	struct store *s = *state;
	struct stored_certificate c;
	struct stmt *statement;
	struct slice der;
	int64_t id = fresh(s, "leaf");

	(void)fresh(s, "other");
	assert_int_equal(install_read_certificate(s->db, id, &c), ERR_OK);
	assert_true(slice_eq(c.leaf, SLICE("leaf")));
	assert_true(slice_eq(c.chain, SLICE("1")));
	assert_true(slice_eq(c.sealed, SLICE("sealed")));
	assert_string_equal(c.key_type, "ecdsa-p256");
	stmt_done(c.statement);
	assert_int_equal(
	    install_read_intermediate(s->db, 1, &der, &statement), ERR_OK);
	assert_true(slice_eq(der, SLICE("middle")));
	stmt_done(statement);
	assert_int_equal(install_read_intermediate(s->db, 2, &der, &statement),
	    ERR_NOT_FOUND);
	assert_int_equal(
	    install_read_certificate(s->db, 99, &c), ERR_NOT_FOUND);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(after_a_b_c_rollback_gives_b_then_a_then_fails),
	    T(after_a_remove_rollback_gives_the_removed_one),
	    T(after_a_remove_and_b_rollback_gives_a),
	    T(an_automatic_one_by_number_leaves_the_slots_apart),
	    T(what_expired_or_never_was_cannot_be_rolled_back_to),
	    T(history_keeps_everything_newest_first),
	    T(candidates_are_custom_two_automatic_and_the_wildcards),
	    T(a_revoked_one_is_no_candidate_and_nothing_goes_back_to_it),
	    T(a_certificate_is_read_as_it_was_stored_and_intermediates_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
