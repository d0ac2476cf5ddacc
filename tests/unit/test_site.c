#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/host.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/install.h"
#include "router/edge/challenge.h"
#include "router/edge/site.h"
#include "tests/unit/test.h"

/* A real store written as control does, read through a second connection as a
 * worker does, and a real page of change counters between them. */
struct world {
	char dir[64], path[96];
	struct db *writer, *reader;
	struct shared *control, *worker;
	struct stats_page *stats;
	struct config config;
	struct backends backends;
	struct queues queues;
	struct apps apps;
	struct sites sites;
};

static int unused;

static void
on_unused(struct backend *b)
{
	(void)b;
	unused++;
}

static void
run(struct world *w, const char *sql)
{
	assert_int_equal(stmt_run(db_stmt(w->writer, sql)), ERR_OK);
}

static void
bump(struct world *w, const char *key)
{
	shared_bump(w->control, slice_str(key));
}

static void
fill(struct world *w)
{
	static const char *const rows[] = {
	    "INSERT INTO app (id, name, settings, had_backends, created_at) "
	    "VALUES (1, 'shop', '{\"force_https\": true, \"balance\": "
	    "\"least\", \"idle_timeout\": 7.5, \"max_body\": 1000}', 1, 0)",
	    "INSERT INTO app (id, name, created_at) VALUES (2, 'blog', 0)",
	    "INSERT INTO backend (app_id, address, weight, state, created_at) "
	    "VALUES (1, '127.0.0.1:3000', 2, 'up', 0)",
	    "INSERT INTO backend (app_id, address, state, created_at) "
	    "VALUES (1, 'unix:/run/shop.sock', 'draining', 0)",
	    "INSERT INTO backend (app_id, address, created_at) "
	    "VALUES (1, 'backend.internal:80', 0)",
	    "INSERT INTO backend_target (backend_id, address, since_at) "
	    "SELECT id, address, created_at FROM backend",
	    "INSERT INTO domain (host, app_id, generation, status, status_at, "
	    "touched_at, created_at) "
	    "VALUES ('www.example.com', 1, 5, 'In use', 0, 0, 0)",
	    "INSERT INTO domain (host, app_id, status, status_at, "
	    "touched_at, created_at) "
	    "VALUES ('*.wild.example', 2, 'In use', 0, 0, 0)",
	    "INSERT INTO certificate (id, leaf, chain, names, common_name, "
	    "issuer, serial, fingerprint, not_before, not_after, key_type, "
	    "sealed, trusted, created_at) VALUES (9, x'00', '', "
	    "'[\"*.wild.example\"]', '', '', '', x'00', 10, 20, "
	    "'ecdsa-p256', x'00', 1, 0)",
	    "INSERT INTO installation (host, number, slot, certificate_id, "
	    "installed_at, installed_by) "
	    "VALUES ('*.wild.example', 1, 'custom', 9, 0, 'test')",
	    "INSERT INTO installation (host, number, slot, certificate_id, "
	    "installed_at, installed_by) "
	    "VALUES ('*.apps.example', 1, 'custom', 9, 0, 'test')",
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		run(w, rows[i]);
}

static void
open_shared(struct world *w)
{
	int fd, readonly, stats;

	assert_int_equal(shared_create(&fd), ERR_OK);
	assert_int_equal(shared_fd_readonly(fd, &readonly), ERR_OK);
	assert_int_equal(shared_map(fd, true, &w->control), ERR_OK);
	assert_int_equal(shared_map(readonly, false, &w->worker), ERR_OK);
	assert_int_equal(stats_create(1, &stats), ERR_OK);
	assert_int_equal(stats_map(stats, 0, true, &w->stats), ERR_OK);
	close(fd);
	close(readonly);
	close(stats);
}

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct fault f = {0};

	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/towpath-site-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->path, sizeof(w->path), "%s/db", w->dir);
	assert_int_equal(db_open(w->path, DB_WRITE, &w->writer, &f), ERR_OK);
	assert_int_equal(db_migrate(w->writer, &f), ERR_OK);
	fill(w);
	assert_int_equal(db_open(w->path, DB_READ, &w->reader, &f), ERR_OK);
	open_shared(w);
	backends_init(&w->backends, NULL, 0, on_unused);
	queues_init(&w->queues, NULL, NULL, 0);
	apps_init(
	    &w->apps, &(struct apps_parts){w->reader, w->worker, &w->config,
			  &w->backends, &w->queues, w->stats});
	sites_init(&w->sites, w->reader, w->worker, "apps.example", w->stats);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	sites_clear(&w->sites);
	apps_clear(&w->apps);
	assert_int_equal(w->backends.map.n, 0); /* nobody refers to any */
	backends_clear(&w->backends);
	db_close(w->reader);
	db_close(w->writer);
	shared_unmap(w->control);
	shared_unmap(w->worker);
	stats_unmap(w->stats);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
	free(w);
	return 0;
}

/* The app of host, "" when it is unknown. */
static const char *
app_of(struct world *w, const char *host)
{
	static char name[APP_NAME_SIZE];
	struct site *s;

	assert_int_equal(site_get(&w->sites, slice_str(host), &s), ERR_OK);
	memcpy(name, s->app, sizeof(name));
	assert_int_equal(s->is_known, name[0] != '\0');
	site_unref(s);
	return name;
}

static uint64_t
reads(struct world *w)
{
	return atomic_load(&w->stats->store_reads);
}

static void
hosts_wildcards_and_platform_names_find_their_app(void **state)
{
	static const struct {
		const char *host, *app;
	} cases[] = {
	    {"www.example.com", "shop"},
	    {"example.com", ""},
	    {"a.www.example.com", ""},
	    {"a.wild.example", "blog"},
	    {"a.b.wild.example", ""},
	    {"wild.example", ""},
	    {"shop.apps.example", "shop"},
	    {"nobody.apps.example", ""},
	    {"a.shop.apps.example", ""},
	    {"apps.example", ""},
	    {"localhost", ""},
	    {"192.0.2.1", ""},
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(app_of(w, cases[i].host), cases[i].app);
}

static void
the_wildcard_of_the_platform_is_a_site_of_no_app(void **state)
{
	struct world *w = *state;

	run(w, "INSERT INTO app (id, name, created_at) VALUES "
	       "(3, '~platform', 0)");
	run(w, "INSERT INTO domain (host, app_id, status, status_at, "
	       "touched_at, created_at, is_platform) "
	       "VALUES ('*.apps.example', 3, 'In use', 0, 0, 0, 1)");
	assert_string_equal(app_of(w, "shop.apps.example"), "shop");
	assert_string_equal(app_of(w, "nobody.apps.example"), "");
}

static void
what_is_known_is_not_read_again(void **state)
{
	struct world *w = *state;
	uint64_t before;

	(void)app_of(w, "www.example.com");
	(void)app_of(w, "unknown.example");
	before = reads(w);
	for (int i = 0; i < 10; i++) {
		(void)app_of(w, "www.example.com");
		(void)app_of(w, "unknown.example");
	}
	assert_int_equal(reads(w), before);
}

static void
a_change_is_seen_after_the_counter_moved_and_not_before(void **state)
{
	struct world *w = *state;

	assert_string_equal(app_of(w, "www.example.com"), "shop");
	run(w, "UPDATE domain SET app_id = 2 WHERE host = 'www.example.com'");
	assert_string_equal(app_of(w, "www.example.com"), "shop");
	bump(w, "www.example.com");
	assert_string_equal(app_of(w, "www.example.com"), "blog");
	run(w, "DELETE FROM domain WHERE host = 'www.example.com'");
	bump(w, "www.example.com");
	assert_string_equal(app_of(w, "www.example.com"), "");
}

static void
a_new_domain_ends_the_memory_of_its_absence(void **state)
{
	struct world *w = *state;

	assert_string_equal(app_of(w, "new.example"), "");
	run(w, "INSERT INTO domain (host, app_id, status, status_at, "
	       "touched_at, created_at) "
	       "VALUES ('new.example', 2, 'Creating', 0, 0, 0)");
	bump(w, "new.example");
	assert_string_equal(app_of(w, "new.example"), "blog");

	assert_string_equal(app_of(w, "a.late.example"), "");
	run(w, "INSERT INTO domain (host, app_id, status, status_at, "
	       "touched_at, created_at) "
	       "VALUES ('*.late.example', 2, 'Creating', 0, 0, 0)");
	bump(w, "*.late.example");
	assert_string_equal(app_of(w, "a.late.example"), "blog");

	assert_string_equal(app_of(w, "late.apps.example"), "");
	run(w, "INSERT INTO app (name, created_at) VALUES ('late', 0)");
	bump(w, "app:late");
	assert_string_equal(app_of(w, "late.apps.example"), "late");
}

static void
certificates_come_from_the_right_place(void **state)
{
	static const struct {
		const char *host;
		size_t n;
		enum candidate_source source;
	} cases[] = {
	    {"www.example.com", 0, CANDIDATE_CUSTOM},
	    {"a.wild.example", 1, CANDIDATE_WILDCARD},
	    {"shop.apps.example", 1, CANDIDATE_PLATFORM},
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct site *s;

		assert_int_equal(
		    site_get(&w->sites, slice_str(cases[i].host), &s), ERR_OK);
		assert_int_equal(s->n_candidates, cases[i].n);
		if (cases[i].n > 0) {
			assert_int_equal(
			    s->candidates[0].source, cases[i].source);
			assert_int_equal(s->candidates[0].certificate_id, 9);
		}
		site_unref(s);
	}
}

static void
generation_is_part_of_the_site(void **state)
{
	struct world *w = *state;
	struct site *s;

	assert_int_equal(
	    site_get(&w->sites, SLICE("www.example.com"), &s), ERR_OK);
	assert_int_equal(s->generation, 5);
	site_unref(s);
}

static void
unknown_hosts_push_out_only_each_other(void **state)
{
	struct world *w = *state;
	char host[HOST_SIZE];

	(void)app_of(w, "www.example.com");
	for (int i = 0; i < SITES_UNKNOWN_MAX + 100; i++) {
		(void)snprintf(host, sizeof(host), "h%d.example", i);
		(void)app_of(w, host);
	}
	assert_int_equal(lru_count(&w->sites.unknown), SITES_UNKNOWN_MAX);
	assert_int_equal(lru_count(&w->sites.known), 1);
}

static void
requests_of_the_last_day_are_counted(void **state)
{
	struct world *w = *state;
	struct slice host = SLICE("www.example.com");
	struct site *s;
	int64_t now = 1795269748;

	assert_int_equal(site_get(&w->sites, host, &s), ERR_OK);
	for (int i = 0; i < 3; i++)
		site_count(s, now);
	site_count(s, now + 3600);
	site_unref(s);
	assert_int_equal(sites_requests(&w->sites, host, now + 3600), 4);
	/* a change does not forget them */
	bump(w, "www.example.com");
	(void)app_of(w, "www.example.com");
	assert_int_equal(
	    sites_requests(&w->sites, host, now + INT64_C(23) * 3600), 4);
	assert_int_equal(
	    sites_requests(&w->sites, host, now + INT64_C(24) * 3600), 1);
	assert_int_equal(
	    sites_requests(&w->sites, host, now + INT64_C(48) * 3600), 0);
	assert_int_equal(sites_requests(&w->sites, SLICE("x.y"), now), 0);
}

/* --- apps ------------------------------------------------------------------
 */

static void
an_app_has_its_settings_and_usable_backends(void **state)
{
	struct world *w = *state;
	struct app *a;

	assert_int_equal(app_get(&w->apps, SLICE("shop"), &a), ERR_OK);
	assert_true(a->had_backends);
	assert_true(a->set.force_https);
	assert_int_equal(a->set.balance, BALANCE_LEAST);
	assert_true(a->set.idle_s == 7.5);
	assert_true(a->set.connect_s == 5);
	assert_int_equal(a->set.max_body, 1000);
	assert_int_equal(a->n_backends, 2); /* a name is not resolved */
	assert_int_equal(a->backends[0].weight, 2);
	assert_false(a->backends[0].is_draining);
	assert_true(a->backends[1].is_draining);
	app_unref(a);
	assert_int_equal(app_get(&w->apps, SLICE("nobody"), &a), ERR_NOT_FOUND);
}

static void
defaults_of_the_configuration_hold_where_the_app_says_nothing(void **state)
{
	struct config_pair pairs[] = {
	    {"idle_timeout", "90s"},
	    {"first_byte_timeout", "500ms"},
	    {"max_body", "75M"},
	    {"maintenance", "on"},
	    {"min_tls", "1.3"},
	};
	struct world *w = *state;
	struct app *a;

	w->config.defaults = (struct config_pairs){pairs, COUNT_OF(pairs)};
	assert_int_equal(app_get(&w->apps, SLICE("shop"), &a), ERR_OK);
	assert_true(a->set.idle_s == 7.5);
	assert_true(a->set.first_byte_s == 0.5);
	app_unref(a);
	assert_int_equal(app_get(&w->apps, SLICE("blog"), &a), ERR_OK);
	assert_true(a->set.idle_s == 90);
	assert_int_equal(a->set.max_body, 75 * 1024 * 1024);
	assert_true(a->set.maintenance);
	assert_true(a->set.only_tls13);
	assert_false(a->had_backends);
	app_unref(a);
}

static void
a_new_version_keeps_what_its_backends_are_doing(void **state)
{
	struct world *w = *state;
	struct app *before, *after;
	struct backend *b;

	unused = 0;
	assert_int_equal(app_get(&w->apps, SLICE("shop"), &before), ERR_OK);
	b = before->backends[0].backend;
	b->active = 3;
	run(w, "UPDATE backend SET weight = 9 WHERE address LIKE '127%'");
	run(w, "DELETE FROM backend WHERE address LIKE 'unix%'");
	bump(w, "app:shop");
	assert_int_equal(app_get(&w->apps, SLICE("shop"), &after), ERR_OK);
	assert_ptr_not_equal(before, after);
	assert_int_equal(before->n_backends, 2); /* unchanged for its user */
	assert_int_equal(after->n_backends, 1);
	assert_ptr_equal(after->backends[0].backend, b);
	assert_int_equal(after->backends[0].weight, 9);
	assert_ptr_equal(after->counts, before->counts);
	assert_int_equal(unused, 0);
	app_unref(before);
	assert_int_equal(unused, 1); /* the Unix one is gone */
	b->active = 0;
	app_unref(after);
}

/* --- challenges ------------------------------------------------------------
 */

static void
a_challenge_is_answered_while_its_row_is_there(void **state)
{
	struct world *w = *state;
	struct slice answer;
	struct arena a;

	arena_init(&a, 4096);
	assert_int_equal(challenge_answer(w->reader, SLICE("tok"), &a, &answer),
	    ERR_NOT_FOUND);
	run(w, "INSERT INTO acme_order (id, host, names, directory, state, "
	       "created_at, updated_at) VALUES (1, 'a', '[]', '', '', 0, 0)");
	run(w, "INSERT INTO challenge (order_id, type, host, token, "
	       "key_authorization, url, created_at) "
	       "VALUES (1, 'http-01', 'a', 'tok', 'tok.print', '', 0)");
	assert_int_equal(
	    challenge_answer(w->reader, SLICE("tok"), &a, &answer), ERR_OK);
	assert_true(slice_eq(answer, SLICE("tok.print")));
	assert_int_equal(
	    challenge_answer(w->reader, SLICE(""), &a, &answer), ERR_NOT_FOUND);
	run(w, "DELETE FROM challenge");
	assert_int_equal(challenge_answer(w->reader, SLICE("tok"), &a, &answer),
	    ERR_NOT_FOUND);
	arena_clear(&a);
}

static void
a_domain_with_an_origin_has_its_apps_rules_and_its_own_backend(void **state)
{
	struct world *w = *state;
	struct app *shop, *origin;
	struct site *s;

	run(w, "UPDATE domain SET origin = 'x', id = 70 "
	       "WHERE host = 'www.example.com'");
	run(w, "INSERT INTO app (id, name, created_at) VALUES (9, '~70', 0)");
	run(w, "INSERT INTO backend (id, app_id, address, created_at) "
	       "VALUES (99, 9, 'https://away.example:443', 0)");
	run(w, "INSERT INTO backend_target (backend_id, address, since_at) "
	       "VALUES (99, '192.0.2.1:443', 0)");
	bump(w, "www.example.com");
	assert_int_equal(
	    site_get(&w->sites, SLICE("www.example.com"), &s), ERR_OK);
	assert_string_equal(s->app, "~70");
	assert_int_equal(app_get(&w->apps, slice_str(s->app), &origin), ERR_OK);
	assert_int_equal(app_get(&w->apps, SLICE("shop"), &shop), ERR_OK);
	assert_string_equal(origin->name, "shop");
	assert_string_equal(origin->authority, "away.example");
	assert_int_equal(origin->n_backends, 1);
	assert_int_equal(origin->set.max_body, 1000);
	assert_ptr_equal(origin->tally, shop->tally);
	assert_ptr_not_equal(origin->counts, shop->counts);
	app_unref(origin);
	/* a change of the app is one of it, too */
	run(w, "UPDATE app SET settings = '{}' WHERE name = 'shop'");
	bump(w, "app:shop");
	assert_int_equal(app_get(&w->apps, slice_str(s->app), &origin), ERR_OK);
	assert_int_equal(origin->set.max_body, 0);
	app_unref(origin);
	app_unref(shop);
	site_unref(s);
	/* without the origin's row the app itself serves */
	run(w, "DELETE FROM app WHERE name = '~70'");
	bump(w, "www.example.com");
	assert_int_equal(
	    site_get(&w->sites, SLICE("www.example.com"), &s), ERR_OK);
	assert_string_equal(s->app, "shop");
	site_unref(s);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(hosts_wildcards_and_platform_names_find_their_app),
	    TEST(the_wildcard_of_the_platform_is_a_site_of_no_app),
	    TEST(what_is_known_is_not_read_again),
	    TEST(a_change_is_seen_after_the_counter_moved_and_not_before),
	    TEST(a_new_domain_ends_the_memory_of_its_absence),
	    TEST(certificates_come_from_the_right_place),
	    TEST(generation_is_part_of_the_site),
	    TEST(unknown_hosts_push_out_only_each_other),
	    TEST(requests_of_the_last_day_are_counted),
	    TEST(an_app_has_its_settings_and_usable_backends),
	    TEST(defaults_of_the_configuration_hold_where_the_app_says_nothing),
	    TEST(a_new_version_keeps_what_its_backends_are_doing),
	    TEST(a_challenge_is_answered_while_its_row_is_there),
	    TEST(
		a_domain_with_an_origin_has_its_apps_rules_and_its_own_backend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
