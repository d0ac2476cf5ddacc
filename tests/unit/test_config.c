#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/config.h"
#include "tests/unit/test.h"

static enum err
parse(const char *text, struct config *c, struct fault *f)
{
	fault_clear(f);
	return config_parse("towpath.conf", slice_str(text), c, f);
}

static void
empty_file_gives_the_defaults(void **state)
{
	struct config c;
	struct fault f;
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_int_equal(parse("", &c, &f), ERR_OK);
	assert_int_equal(c.listen.http.n, 2);
	assert_string_equal(
	    addr_format(&c.listen.http.items[1], text), "[::]:80");
	assert_int_equal(c.listen.metrics.n, 0);
	assert_false(c.listen.proxy_protocol);
	assert_true(c.router.workers >= 1);
	assert_string_equal(c.router.edge_user, "towpath");
	assert_string_equal(c.router.keys_user, "towpath");
	assert_int_equal(c.router.max_connections, 0);
	assert_int_equal(c.router.drain_timeout_ms, 30000);
	assert_int_equal(c.router.upgrade_drain_timeout_ms, 86400000);
	assert_int_equal(c.router.log_level, LOG_LEVEL_INFO);
	assert_true(c.store.keep_events_ms == INT64_C(365) * 86400000);
	assert_string_equal(
	    c.acme.directory, "https://acme-v02.api.letsencrypt.org/directory");
	assert_string_equal(c.acme_fallback.directory, "");
	assert_int_equal(c.acme.challenges.n, 3);
	assert_int_equal(c.acme.max_orders, 20);
	assert_int_equal(c.dns.check_interval_ms, 60000);
	assert_string_equal(c.dns.rfc2136.key_algorithm, "hmac-sha256");
	config_clear(&c);
}

static const char full[] = "# the whole of it\n"
			   "[listen]\n"
			   "http = 127.0.0.1:8080 # here\n"
			   "http = [::1]:8080\n"
			   "https = 127.0.0.1:8443\n"
			   "metrics = 127.0.0.1:9464\n"
			   "[router]\n"
			   "workers = 3\n"
			   "user = daemon\n"
			   "edge_user = nobody\n"
			   "trusted_proxies = 10.0.0.0/8 2001:db8::/32\n"
			   "drain_timeout = 500ms\n"
			   "max_memory = 3G\n"
			   "access_log = /var/log/towpath/access.log\n"
			   "log_level = debug\n"
			   "[platform]\n"
			   "apps_domain = Apps.Example.COM\n"
			   "cname_target = edge.example.com *.e.example.com\n"
			   "addresses = 192.0.2.10 2001:db8::10\n"
			   "[defaults]\n"
			   "force_https = on\n"
			   "max_body = 75M\n"
			   "[acme]\n"
			   "agree_terms = yes\n"
			   "challenges = http-01\n"
			   "eab_kid = kid\n"
			   "eab_hmac_key = secret\n"
			   "[acme.fallback]\n"
			   "directory = https://ca.example/dir\n"
			   "[dns]\n"
			   "resolvers = 9.9.9.9 127.0.0.1:5353 2620:fe::fe\n";

static void
every_kind_of_value_is_read(void **state)
{
	struct config c;
	struct fault f;
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_int_equal(parse(full, &c, &f), ERR_OK);
	assert_int_equal(c.listen.http.n, 2);
	assert_int_equal(c.listen.https.n, 1);
	assert_int_equal(c.router.workers, 3);
	assert_string_equal(c.router.edge_user, "nobody");
	assert_string_equal(c.router.keys_user, "daemon");
	assert_int_equal(c.router.trusted_proxies.n, 2);
	assert_int_equal(c.router.trusted_proxies.items[1].prefix, 32);
	assert_int_equal(c.router.drain_timeout_ms, 500);
	assert_int_equal(c.router.max_memory, INT64_C(3) << 30);
	assert_int_equal(c.router.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(c.platform.apps_domain, "apps.example.com");
	assert_string_equal(
	    c.platform.cname_target.items[1], "*.e.example.com");
	assert_int_equal(c.platform.addresses.n, 2);
	assert_int_equal(c.defaults.n, 2);
	assert_string_equal(c.defaults.items[1].key, "max_body");
	assert_string_equal(c.defaults.items[1].value, "75M");
	assert_true(c.acme.agree_terms);
	assert_int_equal(c.acme.challenges.n, 1);
	assert_string_equal(
	    c.acme_fallback.directory, "https://ca.example/dir");
	assert_int_equal(c.acme_fallback.challenges.n, 3);
	assert_string_equal(
	    addr_format(&c.dns.resolvers.items[0], text), "9.9.9.9:53");
	assert_string_equal(
	    addr_format(&c.dns.resolvers.items[2], text), "[2620:fe::fe]:53");
	config_clear(&c);
}

static void
what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"[listen]\nhtp = 1\n", "towpath.conf:2: [listen] has no key htp"},
	    {"[lisen]\nhttp = 1\n", "towpath.conf:2: there is no section"},
	    {"http = 1\n", "towpath.conf:1: the key stands before"},
	    {"[listen]\nhttp\n", "towpath.conf:2: "},
	    {"[acme]\ndirectory = https://x/\n"
	     "[acme.fallback]\ndirectory = https://x/\n",
		"towpath.conf:4: the fallback is another CA"},
	    {"[listen]\nhttp = 80\n",
		"towpath.conf:2: http must be an address"},
	    {"[listen]\n\nhttps = unix:/x\n", "towpath.conf:3: https must be"},
	    {"[listen]\nproxy_protocol = maybe\n",
		"towpath.conf:2: proxy_protocol must be on or off"},
	    {"[router]\nworkers = 0\n",
		"workers must be auto or a number from 1 to"},
	    {"[router]\nworkers = 2\nworkers = 3\n",
		"towpath.conf:3: workers is given twice"},
	    {"[router]\ndrain_timeout = 3x\n", "must be a time such as"},
	    {"[router]\nmax_memory = 1M\n", "max_memory must be more"},
	    {"[router]\nmax_memory = 99999T\n", "max_memory must be less"},
	    {"[router]\nmax_memory = 3x\n", "must be a size such as"},
	    {"[router]\nmax_memory = 9999999999999999999G\n",
		"must be a size such as"},
	    {"[router]\ndrain_timeout = 99999999999999999h\n",
		"must be a time"},
	    {"[router]\nlog_level = loud\n", "must be error, warning"},
	    {"[router]\nuser =\n", "towpath.conf:2: user must be set"},
	    {"[router]\naccess_log = here\n",
		"towpath.conf:2: access_log must be stdout, off or a path"},
	    {"[router]\ntrusted_proxies = 10.0.0.0/99\n", "must be a network"},
	    {"[platform]\naddresses = example.com\n", "must be an IP address"},
	    {"[platform]\napps_domain = *.example.com\n", "a host name"},
	    {"[defaults]\nforce_htps = on\n", "towpath.conf:2: "},
	    {"[defaults]\nmax_body = many\n", "towpath.conf:2: "},
	    {"[defaults]\nhsts = 1\nhsts = 2\n", ":3: hsts is given twice"},
	    {"[defaults]\nerror_page = <p>sorry\n", "the URL of a page"},
	    {"[defaults]\ndeny = 192.0.2.1\ndeny = home\n", ":3: deny: "},
	    {"[store]\npath = here.db\n", "must be a path that begins with /"},
	    {"[acme]\nkey_type = dsa\n", "one of: ecdsa-p256 rsa-2048"},
	    {"[acme]\nchallenges = http-01 http-01\n", "without doubles"},
	    {"[acme]\ndirectory = http://ca\n", "begins with https://"},
	    {"[acme]\n\neab_kid = x\n",
		"towpath.conf:3: eab_kid and eab_hmac_key go together"},
	    {"[dns]\nprovider = rfc2136\n",
		"towpath.conf:2: provider = rfc2136 needs server"},
	    {"[dns]\nprovider = bind\n", "one of: route53 rfc2136 exec"},
	    {"[acme]\neab_hmac_key = @/nowhere/secret\n", "/nowhere/secret"},
	    {"[listen]\nhttp =\nhttps =\n",
		"towpath.conf:2: nothing to listen on"},
	    {"[listen]\nhttp = [::]:1\nhttps = [::]:1\n", "listened on twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		struct fault f;

		if (parse(cases[i].text, &c, &f) == ERR_OK)
			fail_msg("accepted: %s", cases[i].text);
		if (strstr(f.text, cases[i].says) == NULL)
			fail_msg("%s: said: %s", cases[i].text, f.text);
		config_clear(&c);
	}
}

static void
secret_is_read_from_its_file_and_never_shown(void **state)
{
	char path[] = "/tmp/towpath-secret-XXXXXX", text[256];
	int fd = mkstemp(path);
	struct config c;
	struct fault f;

	(void)state;
	assert_int_equal(write(fd, "hush\n", 5), 5);
	close(fd);
	(void)snprintf(text, sizeof(text),
	    "[acme]\neab_kid = a\neab_hmac_key = @%s\n", path);
	assert_int_equal(parse(text, &c, &f), ERR_OK);
	assert_string_equal(c.acme.eab_hmac_key, "hush");
	config_clear(&c);
	(void)unlink(path);
}

static void
round_trip(const struct config *c, enum role to, struct config *out)
{
	struct buf b;

	buf_init(&b, 128U * 1024);
	config_encode(c, to, &b);
	assert_false(buf_failed(&b));
	assert_int_equal(config_decode(buf_slice(&b), out), ERR_OK);
	buf_clear(&b);
}

static void
child_reads_what_the_parent_wrote(void **state)
{
	struct config c, d;
	struct fault f;
	char name[CONFIG_NAME_SIZE];
	size_t at = 0;
	bool is_live;

	(void)state;
	assert_int_equal(parse(full, &c, &f), ERR_OK);
	round_trip(&c, ROLE_CONTROL, &d);
	assert_false(config_difference(&c, &d, &at, name, &is_live));
	config_clear(&d);
	config_clear(&c);
}

static void
secrets_reach_control_alone(void **state)
{
	struct config c, d;
	struct fault f;

	(void)state;
	assert_int_equal(parse(full, &c, &f), ERR_OK);
	round_trip(&c, ROLE_WORKER, &d);
	assert_string_equal(d.acme.eab_hmac_key, "");
	assert_int_equal(d.listen.http.n, 2);
	assert_int_equal(d.defaults.n, 2);
	config_clear(&d);
	round_trip(&c, ROLE_KEYS, &d);
	assert_string_equal(d.acme.eab_hmac_key, "");
	assert_int_equal(d.router.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(d.defaults.n, 0);
	config_clear(&d);
	config_clear(&c);
}

static void
cut_or_altered_encoding_is_refused(void **state)
{
	struct config c, d;
	struct fault f;
	struct buf b;

	(void)state;
	assert_int_equal(parse(full, &c, &f), ERR_OK);
	buf_init(&b, 128U * 1024);
	config_encode(&c, ROLE_CONTROL, &b);
	for (size_t n = 0; n < b.len; n++) {
		assert_int_equal(
		    config_decode(slice_of(b.p, n), &d), ERR_SYNTAX);
	}
	b.p[3] = 100; /* the length of a name */
	assert_int_equal(config_decode(buf_slice(&b), &d), ERR_SYNTAX);
	buf_clear(&b);
	config_clear(&c);
}

static void
differences_are_named(void **state)
{
	struct config a, b;
	struct fault f;
	char name[CONFIG_NAME_SIZE];
	size_t at = 0;
	bool is_live;

	(void)state;
	assert_int_equal(parse("[router]\nworkers = 1\n", &a, &f), ERR_OK);
	assert_int_equal(parse("[router]\nworkers = 2\nlog_level = debug\n"
			       "[defaults]\nmax_body = 1M\n",
			     &b, &f),
	    ERR_OK);
	assert_true(config_difference(&a, &b, &at, name, &is_live));
	assert_string_equal(name, "router.workers");
	assert_false(is_live);
	assert_true(config_difference(&a, &b, &at, name, &is_live));
	assert_string_equal(name, "router.log_level");
	assert_true(is_live);
	assert_true(config_difference(&a, &b, &at, name, &is_live));
	assert_string_equal(name, "defaults");
	assert_false(config_difference(&a, &b, &at, name, &is_live));
	config_clear(&a);
	config_clear(&b);
}

static void
keys_without_effect_are_named_when_they_are_set(void **state)
{
	struct config c;
	struct fault f;
	char name[CONFIG_NAME_SIZE];
	size_t at = 0;

	(void)state;
	assert_int_equal(parse("", &c, &f), ERR_OK);
	assert_false(config_idle(&c, &at, name));
	config_clear(&c);
	at = 0;
	assert_int_equal(parse("[control]\napi_host = api.example.com\n"
			       "[store]\npath = /x\n"
			       "cluster = postgresql://x/\n",
			     &c, &f),
	    ERR_OK);
	assert_true(config_idle(&c, &at, name));
	assert_string_equal(name, "store.cluster");
	assert_true(config_idle(&c, &at, name));
	assert_string_equal(name, "control.api_host");
	assert_false(config_idle(&c, &at, name));
	config_clear(&c);
}

static void
missing_file_is_named(void **state)
{
	struct config c;
	struct fault f = {0};

	(void)state;
	assert_int_equal(config_load("/nowhere/x.conf", &c, &f), ERR_IO);
	assert_int_equal(f.code, FAULT_S24_FILE_UNREADABLE);
	assert_non_null(strstr(f.text, "/nowhere/x.conf"));
	config_clear(&c);
}

/* A person reads the manual, the daemon the table: they say the same. */
static void
manual_lists_every_key_under_its_section(void **state)
{
	char text[65536], want[128];
	struct config_help help;
	const char *section;
	FILE *file = fopen("packaging/man/towpath.conf.5", "re");
	size_t n;

	(void)state;
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[n] = '\0';
	for (size_t i = 0; config_help_at(i, &help); i++) {
		if (help.is_idle)
			continue;
		(void)snprintf(want, sizeof(want), "[%s]", help.section);
		section = strstr(text, want);
		(void)snprintf(want, sizeof(want), "%s", help.key);
		if (section == NULL || strstr(section, want) == NULL)
			fail_msg("the manual lacks %s under [%s]", help.key,
			    help.section);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_file_gives_the_defaults),
	    cmocka_unit_test(manual_lists_every_key_under_its_section),
	    cmocka_unit_test(every_kind_of_value_is_read),
	    cmocka_unit_test(what_is_wrong_is_said_with_its_place),
	    cmocka_unit_test(secret_is_read_from_its_file_and_never_shown),
	    cmocka_unit_test(child_reads_what_the_parent_wrote),
	    cmocka_unit_test(secrets_reach_control_alone),
	    cmocka_unit_test(cut_or_altered_encoding_is_refused),
	    cmocka_unit_test(differences_are_named),
	    cmocka_unit_test(keys_without_effect_are_named_when_they_are_set),
	    cmocka_unit_test(missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
