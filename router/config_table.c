#include "router/config_table.h"

#include "base/mem.h"
#include "router/config.h"

#define AT(field)   offsetof(struct config, field)

#define SECOND      INT64_C(1000)
#define HOUR        (3600 * SECOND)
#define DAY         (24 * HOUR)
#define MEGABYTE    (INT64_C(1) << 20)
#define YEAR        (365 * DAY)

#define WORKERS_MAX 256

/* clang-format off */

/* The first CA and the one that takes over have the same keys. */
/* NOLINTBEGIN(bugprone-macro-parentheses): these are no expressions */
#define ACME_ROWS(section_, field, directory_)                                 \
	{.section = section_, .key = "directory", .type = CONFIG_URL,          \
	    .at = AT(field.directory), .standard = directory_,                 \
	    .help = "the CA's ACME directory"},                                \
	{.section = section_, .key = "email", .type = CONFIG_STRING,           \
	    .at = AT(field.email), .standard = "",                             \
	    .help = "for the CA's messages; optional"},                        \
	{.section = section_, .key = "agree_terms", .type = CONFIG_FLAG,       \
	    .at = AT(field.agree_terms), .standard = "no",                     \
	    .help = "you agree to the CA's terms of service"},                 \
	{.section = section_, .key = "ca_file", .type = CONFIG_STRING,         \
	    .at = AT(field.ca_file), .standard = "",                           \
	    .help = "extra roots to trust when talking to the CA"},            \
	{.section = section_, .key = "profile", .type = CONFIG_STRING,         \
	    .at = AT(field.profile), .standard = "",                           \
	    .help = "certificate profile to ask for"},                         \
	{.section = section_, .key = "preferred_chain",                        \
	    .type = CONFIG_STRING, .at = AT(field.preferred_chain),            \
	    .standard = "",                                                    \
	    .help = "of several chains, the one that ends at this root"},      \
	{.section = section_, .key = "key_type", .type = CONFIG_CHOICE,        \
	    .at = AT(field.key_type), .standard = "ecdsa-p256",                \
	    .words = "ecdsa-p256 rsa-2048",                                    \
	    .help = "of keys made here"},                                      \
	{.section = section_, .key = "challenges", .type = CONFIG_CHOICES,     \
	    .at = AT(field.challenges),                                        \
	    .standard = "http-01 tls-alpn-01 dns-01",                          \
	    .words = "http-01 tls-alpn-01 dns-01",                             \
	    .flags = CONFIG_NEEDED,                                            \
	    .help = "allowed ones, in order of preference"},                   \
	{.section = section_, .key = "max_orders", .type = CONFIG_COUNT,       \
	    .at = AT(field.max_orders), .standard = "20", .min = 1,            \
	    .max = 1000, .help = "under way at once"},                         \
	{.section = section_, .key = "limits", .type = CONFIG_CHOICE,          \
	    .at = AT(field.limits), .standard = "auto",                        \
	    .words = "auto none letsencrypt letsencrypt-staging",              \
	    .flags = CONFIG_NEEDED,                                            \
	    .help = "rate limits of the CA; auto: by its directory"},          \
	{.section = section_, .key = "eab_kid", .type = CONFIG_STRING,         \
	    .at = AT(field.eab_kid), .standard = "",                           \
	    .help = "external account binding: its key's id"},                 \
	{.section = section_, .key = "eab_hmac_key", .type = CONFIG_STRING,    \
	    .at = AT(field.eab_hmac_key), .standard = "",                      \
	    .flags = CONFIG_SECRET,                                            \
	    .help = "external account binding: its key"}

/* NOLINTEND(bugprone-macro-parentheses) */

static const struct config_row rows[] = {
	{.section = "listen", .key = "http", .type = CONFIG_ADDRS,
	    .at = AT(listen.http), .standard = "0.0.0.0:80 [::]:80",
	    .help = "addresses for plain HTTP"},
	{.section = "listen", .key = "https", .type = CONFIG_ADDRS,
	    .at = AT(listen.https), .standard = "0.0.0.0:443 [::]:443",
	    .help = "addresses for HTTPS"},
	{.section = "listen", .key = "metrics", .type = CONFIG_ADDRS,
	    .at = AT(listen.metrics), .standard = "",
	    .help = "addresses for Prometheus; empty: control socket only"},
	{.section = "listen", .key = "proxy_protocol", .type = CONFIG_FLAG,
	    .at = AT(listen.proxy_protocol), .standard = "off",
	    .help = "every connection must begin with it"},

	{.section = "router", .key = "workers", .type = CONFIG_COUNT,
	    .at = AT(router.workers), .standard = "auto", .min = 1,
	    .max = WORKERS_MAX, .flags = CONFIG_AUTO | CONFIG_FIXED,
	    .help = "worker processes; auto: one per core"},
	{.section = "router", .key = "user", .type = CONFIG_STRING,
	    .at = AT(router.user), .standard = "towpath",
	    .flags = CONFIG_NEEDED | CONFIG_FIXED,
	    .help = "control, owner of the store"},
	{.section = "router", .key = "edge_user", .type = CONFIG_STRING,
	    .at = AT(router.edge_user), .standard = "",
	    .flags = CONFIG_FIXED,
	    .help = "workers; empty: as user"},
	{.section = "router", .key = "keys_user", .type = CONFIG_STRING,
	    .at = AT(router.keys_user), .standard = "",
	    .flags = CONFIG_FIXED,
	    .help = "keys processes; empty: as user"},
	{.section = "router", .key = "max_connections", .type = CONFIG_COUNT,
	    .at = AT(router.max_connections), .standard = "auto", .min = 1,
	    .max = 100000000, .flags = CONFIG_AUTO,
	    .help = "of all workers; auto: from the descriptor limit"},
	{.section = "router", .key = "max_memory", .type = CONFIG_SIZE,
	    .at = AT(router.max_memory), .standard = "auto",
	    .min = 32 * MEGABYTE, .max = 1024 * 1024 * MEGABYTE,
	    .flags = CONFIG_AUTO,
	    .help = "of each worker; auto: half the machine's, by workers"},
	{.section = "router", .key = "trusted_proxies",
	    .type = CONFIG_NETWORKS, .at = AT(router.trusted_proxies),
	    .standard = "",
	    .help = "networks whose X-Forwarded-* are believed"},
	{.section = "router", .key = "drain_timeout", .type = CONFIG_TIME,
	    .at = AT(router.drain_timeout_ms), .standard = "30s",
	    .min = 0, .max = DAY,
	    .help = "how long open requests may go on after SIGTERM"},
	{.section = "router", .key = "upgrade_drain_timeout",
	    .type = CONFIG_TIME, .at = AT(router.upgrade_drain_timeout_ms),
	    .standard = "24h", .min = 0, .max = YEAR,
	    .help = "how long an old worker may keep its connections"},
	{.section = "router", .key = "access_log", .type = CONFIG_STRING,
	    .at = AT(router.access_log), .standard = "stdout",
	    .flags = CONFIG_NEEDED, .help = "stdout, off or a path"},
	{.section = "router", .key = "log_level", .type = CONFIG_LEVEL,
	    .at = AT(router.log_level), .standard = "info",
	    .help = "error, warning, info or debug"},

	{.section = "platform", .key = "apps_domain", .type = CONFIG_HOST,
	    .at = AT(platform.apps_domain), .standard = "",
	    .help = "app NAME also answers at NAME.DOMAIN"},
	{.section = "platform", .key = "cname_target", .type = CONFIG_HOSTS,
	    .at = AT(platform.cname_target), .standard = "",
	    .help = "what customers point a CNAME at"},
	{.section = "platform", .key = "addresses", .type = CONFIG_IPS,
	    .at = AT(platform.addresses), .standard = "",
	    .help = "what an apex points at"},
	{.section = "platform", .key = "default_app", .type = CONFIG_STRING,
	    .at = AT(platform.default_app), .standard = "",
	    .help = "app of domains added without one"},

	{.section = "store", .key = "path", .type = CONFIG_PATH,
	    .at = AT(store.path), .standard = "/var/lib/towpath/towpath.db",
	    .flags = CONFIG_FIXED, .help = "the store"},
	{.section = "store", .key = "master_key", .type = CONFIG_PATH,
	    .at = AT(store.master_key),
	    .standard = "/etc/towpath/master.key",
	    .flags = CONFIG_FIXED,
	    .help = "32 random bytes in base64, one key a line"},
	{.section = "store", .key = "keep_events", .type = CONFIG_TIME,
	    .at = AT(store.keep_events_ms), .standard = "365d", .min = HOUR,
	    .max = 100 * YEAR, .flags = CONFIG_FIXED,
	    .help = "how long events are kept"},
	{.section = "store", .key = "cluster", .type = CONFIG_STRING,
	    .at = AT(store.cluster), .standard = "",
	    .flags = CONFIG_SECRET | CONFIG_IDLE | CONFIG_FIXED,
	    .help = "postgresql://... when several nodes share one state"},

	{.section = "control", .key = "socket", .type = CONFIG_PATH,
	    .at = AT(control.socket), .standard = "/run/towpath/control.sock",
	    .flags = CONFIG_FIXED, .help = "where towpath connects"},
	{.section = "control", .key = "group", .type = CONFIG_STRING,
	    .at = AT(control.group), .standard = "",
	    .flags = CONFIG_FIXED,
	    .help = "who may connect; empty: root and the daemon's user"},
	{.section = "control", .key = "api_host", .type = CONFIG_HOST,
	    .at = AT(control.api_host), .standard = "",
	    .flags = CONFIG_IDLE,
	    .help = "serve the API at https://HOST/ with tokens"},
	{.section = "control", .key = "webhook_networks",
	    .type = CONFIG_NETWORKS, .at = AT(control.webhook_networks),
	    .standard = "",
	    .help = "private networks that pages and intermediates are had from, "
		    "and names are probed in"},

	ACME_ROWS("acme", acme,
	    "https://acme-v02.api.letsencrypt.org/directory"),
	ACME_ROWS("acme.fallback", acme_fallback, ""),

	{.section = "dns", .key = "resolvers", .type = CONFIG_RESOLVERS,
	    .at = AT(dns.resolvers), .standard = "",
	    .help = "ADDRESS[:PORT]...; empty: the system's"},
	{.section = "dns", .key = "check_interval", .type = CONFIG_TIME,
	    .at = AT(dns.check_interval_ms), .standard = "60s",
	    .min = SECOND, .max = DAY,
	    .help = "how often a pending domain is looked at"},
	{.section = "dns", .key = "propagation_timeout", .type = CONFIG_TIME,
	    .at = AT(dns.propagation_timeout_ms), .standard = "2m",
	    .min = 1000, .max = 3600000,
	    .help = "for all servers of a zone to have a record"},
	{.section = "dns", .key = "probe_port", .type = CONFIG_COUNT,
	    .at = AT(dns.probe_port), .standard = "80", .min = 1, .max = 65535,
	    .help = "where a CDN in front of a name is asked for us"},
	{.section = "dns", .key = "provider", .type = CONFIG_CHOICE,
	    .at = AT(dns.provider), .standard = "",
	    .words = "route53 rfc2136 exec",
	    .help = "for dns-01"},
	{.section = "dns.route53", .key = "access_key_id",
	    .type = CONFIG_STRING, .at = AT(dns.route53.access_key_id),
	    .standard = "", .flags = CONFIG_SECRET,
	    .help = "of AWS"},
	{.section = "dns.route53", .key = "secret_access_key",
	    .type = CONFIG_STRING, .at = AT(dns.route53.secret_access_key),
	    .standard = "", .flags = CONFIG_SECRET,
	    .help = "of AWS"},
	{.section = "dns.route53", .key = "session_token",
	    .type = CONFIG_STRING, .at = AT(dns.route53.session_token),
	    .standard = "", .flags = CONFIG_SECRET,
	    .help = "that belongs to temporary keys"},
	{.section = "dns.route53", .key = "region", .type = CONFIG_STRING,
	    .at = AT(dns.route53.region), .standard = "us-east-1",
	    .help = "that requests are signed for"},
	{.section = "dns.route53", .key = "endpoint", .type = CONFIG_STRING,
	    .at = AT(dns.route53.endpoint), .standard = "",
	    .help = "another than AWS' own"},
	{.section = "dns.rfc2136", .key = "server", .type = CONFIG_STRING,
	    .at = AT(dns.rfc2136.server), .standard = "",
	    .help = "ADDRESS[:PORT] of the primary name server"},
	{.section = "dns.rfc2136", .key = "key_name", .type = CONFIG_STRING,
	    .at = AT(dns.rfc2136.key_name), .standard = "",
	    .help = "of the TSIG key"},
	{.section = "dns.rfc2136", .key = "key_algorithm",
	    .type = CONFIG_CHOICE, .at = AT(dns.rfc2136.key_algorithm),
	    .standard = "hmac-sha256",
	    .words = "hmac-sha256 hmac-sha384 hmac-sha512",
	    .flags = CONFIG_NEEDED, .help = "of the TSIG key"},
	{.section = "dns.rfc2136", .key = "key_secret",
	    .type = CONFIG_STRING, .at = AT(dns.rfc2136.key_secret),
	    .standard = "", .flags = CONFIG_SECRET,
	    .help = "of the TSIG key, base64"},
	{.section = "dns.exec", .key = "command", .type = CONFIG_STRING,
	    .at = AT(dns.exec.command), .standard = "",
	    .help = "a program that changes DNS records: PROGRAM [ARGS]"},
	{.section = "dns.exec", .key = "timeout", .type = CONFIG_TIME,
	    .at = AT(dns.exec.timeout_ms), .standard = "2m",
	    .min = 1000, .max = 600000,
	    .help = "after which a command is ended"},
};
/* clang-format on */

const struct config_row *
config_row_at(size_t i)
{
	return i < COUNT_OF(rows) ? &rows[i] : NULL;
}
