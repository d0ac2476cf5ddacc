#ifndef ROUTER_CONFIG_H
#define ROUTER_CONFIG_H
/*
 * towpath.conf: read and checked by the parent only, handed to the children in
 * MSG_SETUP, immutable afterwards.  One table in config_table.c (section, key,
 * type, default, who gets it, help) is all there is: parsing, defaults,
 * checking and encoding derive from it.
 *
 * Strings are never NULL, only empty.  A child is given only what its role has
 * a use for: secrets reach control alone; what a role is not given reads as its
 * default.
 *
 * Owned by: the process.   Freed by: config_clear.
 */
#include "base/addr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/messages.h"

struct config_strings {
	char **items;
	size_t n;
};

struct config_addrs {
	struct addr *items;
	size_t n;
};

struct config_networks {
	struct network *items;
	size_t n;
};

/* A key of `apps set` with its value as text, checked. */
struct config_pair {
	char *key, *value;
};

struct config_pairs {
	struct config_pair *items;
	size_t n;
};

struct config_acme {
	char *directory; /* [acme.fallback]: "" means there is none */
	char *email;
	bool agree_terms;
	char *ca_file;
	char *profile;
	char *preferred_chain;            /* common name; "": the default */
	char *key_type;                   /* "ecdsa-p256" or "rsa-2048" */
	struct config_strings challenges; /* in order of preference */
	int64_t max_orders;
	char *limits; /* "auto", "none" or acme/ledger.h's name of some */
	char *eab_kid, *eab_hmac_key;
};

/* Fields are named as the keys; times are milliseconds and say so. */
struct config {
	struct {
		struct config_addrs http, https, metrics;
		bool proxy_protocol;
	} listen;
	struct {
		int64_t workers; /* "auto" is resolved: at least 1 */
		char *user, *edge_user, *keys_user; /* "" is resolved */
		int64_t max_connections; /* 0: auto, from the fd limit */
		int64_t max_memory;      /* bytes; 0: auto */
		struct config_networks trusted_proxies;
		int64_t drain_timeout_ms, upgrade_drain_timeout_ms;
		char *access_log;  /* "stdout", "off" or a path */
		int64_t log_level; /* enum log_level */
	} router;
	struct {
		char *apps_domain;                  /* as stored; "": none */
		struct config_strings cname_target; /* as stored, "*." too */
		struct config_addrs addresses;      /* port 0 */
		char *default_app;
	} platform;
	struct config_pairs defaults;
	struct {
		char *path, *master_key;
		int64_t keep_events_ms;
		char *cluster;
	} store;
	struct {
		char *socket, *group, *api_host;
		struct config_networks webhook_networks;
	} control;
	struct config_acme acme, acme_fallback;
	struct {
		struct config_addrs resolvers; /* none: the system's */
		int64_t check_interval_ms, propagation_timeout_ms;
		int64_t probe_port;
		char *provider; /* "", "route53", "rfc2136", "exec" */
		struct {
			char *access_key_id, *secret_access_key;
			char *session_token, *region, *endpoint;
		} route53;
		struct {
			char *server, *key_name, *key_algorithm, *key_secret;
		} rfc2136;
		struct {
			char *command;
			int64_t timeout_ms;
		} exec;
	} dns;
};

/* The defaults. */
void config_init(struct config *c);
void config_clear(struct config *c);

/*
 * Reads the text of a file into *out (which need not be initialised).  On
 * failure *out is empty and f->text is `NAME:LINE: sentence` (S10, S11, S23,
 * S24).  `@FILE` values are read here.
 */
enum err MUST_USE config_parse(
    const char *name, struct slice text, struct config *out, struct fault *f);
/* The same from a file; S24 when it cannot be read. */
enum err MUST_USE config_load(
    const char *path, struct config *out, struct fault *f);

/*
 * The seat of a worker among all that can live at once: what it counts, where
 * control finds it.  Generations that live together differ by number %
 * GENERATIONS_MAX.
 */
uint32_t config_seat(
    const struct config *c, uint32_t generation, uint32_t instance);
size_t config_seats(const struct config *c);

/* What a child of that role is given, for MSG_SETUP. */
void config_encode(const struct config *c, enum role to, struct buf *out);
/* In the child; *out need not be initialised.  ERR_SYNTAX. */
enum err MUST_USE config_decode(struct slice encoded, struct config *out);

/*
 * Compares two, from *at (0 at first) on: false when nothing more differs; else
 * the name of the next key that does ("router.workers"), and whether it can
 * change while running.
 */
#define CONFIG_NAME_SIZE 64
bool config_difference(const struct config *a, const struct config *b,
    size_t *at, char name[CONFIG_NAME_SIZE], bool *is_live);

/* The next key, from *at on (0 at first), that is set though it has no effect
 * in this version; false when there is none. */
bool config_idle(
    const struct config *c, size_t *at, char name[CONFIG_NAME_SIZE]);

/* A pair for [defaults], as it is; for the reader and the decoder. */
void config_add_default(struct config *c, struct slice key, struct slice value);

/* A row of the table as the manual shows it. */
struct config_help {
	const char *section, *key, *value, *help;
	bool is_idle; /* may be set, and does nothing in this version */
};
bool config_help_at(size_t i, struct config_help *out);

#endif
