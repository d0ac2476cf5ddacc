#include "router/control/config_change.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/siphash.h"
#include "router/control/control.h"

#define SETTING   "config_fingerprint"
#define TEXT_MAX  (1 << 20)
#define HASH_SIZE 24

/* --- is it another one? ---------------------------------------------------
 */

static void
add(struct buf *b, const char *text)
{
	(void)buf_add(b, slice_of(text, strlen(text) + 1));
}

static void
add_strings(struct buf *b, const struct config_strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		add(b, list->items[i]);
	add(b, "");
}

static void
add_addresses(struct buf *b, const struct config_addrs *list)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < list->n; i++)
		add(b, addr_format(&list->items[i], text));
	add(b, "");
}

static void
add_acme(struct buf *b, const struct config_acme *a)
{
	add(b, a->directory);
	add(b, a->email);
	add(b, a->agree_terms ? "yes" : "no");
	add(b, a->ca_file);
	add(b, a->profile);
	add(b, a->preferred_chain);
	add(b, a->key_type);
	add_strings(b, &a->challenges);
	add(b, a->limits);
	add(b, a->eab_kid);
	add(b, a->eab_hmac_key);
}

/* Only ever compared with the one before: any fixed key will do. */
static void
fingerprint(const struct config *k, char out[HASH_SIZE])
{
	static const uint64_t key[2] = {1, 2};
	struct buf b;

	buf_init(&b, TEXT_MAX);
	add_acme(&b, &k->acme);
	add_acme(&b, &k->acme_fallback);
	add_addresses(&b, &k->dns.resolvers);
	add(&b, k->dns.provider);
	add(&b, k->dns.route53.access_key_id);
	add(&b, k->dns.route53.secret_access_key);
	add(&b, k->dns.route53.endpoint);
	add(&b, k->dns.rfc2136.server);
	add(&b, k->dns.rfc2136.key_name);
	add(&b, k->dns.rfc2136.key_algorithm);
	add(&b, k->dns.rfc2136.key_secret);
	add(&b, k->dns.exec.command);
	add_strings(&b, &k->platform.cname_target);
	add_addresses(&b, &k->platform.addresses);
	(void)snprintf(
	    out, HASH_SIZE, "%016" PRIx64, siphash(key, buf_slice(&b)));
	buf_wipe(&b);
}

/* --- what follows ---------------------------------------------------------
 */

static bool
is_known(struct control *c, const char *hash)
{
	static const char sql[] =
	    "SELECT 1 FROM setting WHERE name = '" SETTING "' AND value = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	bool known;

	stmt_str(s, 1, hash);
	known = stmt_step(s) == ERR_OK;
	stmt_done(s);
	return known;
}

static enum err
keep(struct control *c, const char *hash)
{
	static const char sql[] =
	    "INSERT INTO setting (name, value) VALUES ('" SETTING "', ?1)"
	    " ON CONFLICT (name) DO UPDATE SET value = ?1";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_str(s, 1, hash);
	return stmt_run(s);
}

/* The faults whose action is a line of towpath.conf, and those of a CA or a
 * provider that may be another one now. */
static enum err
look_again(struct control *c)
{
	static const char sql[] =
	    "UPDATE domain SET retry_at = NULL, needs_person = 0,"
	    " next_at = ?1, check_at = CASE WHEN check_at IS NULL THEN NULL"
	    "  ELSE ?1 END"
	    " WHERE fault_code IN ('N14', 'D16', 'D17', 'D19', 'D30', 'D31',"
	    " 'D32', 'A10', 'A11', 'A12', 'A20', 'A21', 'A23', 'A27', 'A31')";
	struct stmt *s = db_stmt(c->db, sql);

	stmt_int(s, 1, clock_now());
	return stmt_run(s);
}

/* A CA that refused our account may take it as it is now. */
static enum err
shun_nobody(struct control *c)
{
	static const char sql[] =
	    "UPDATE acme_order SET shun_until = 0 WHERE shun_until > 0";

	return stmt_run(db_stmt(c->db, sql));
}

void
config_change_follow(struct control *c)
{
	char hash[HASH_SIZE];
	int64_t n = 0;
	enum err e;

	fingerprint(&c->config, hash);
	if (is_known(c, hash))
		return;
	e = change_begin(c, NULL);
	if (e != ERR_OK)
		return;
	e = look_again(c);
	n = db_changes(c->db);
	if (e == ERR_OK)
		e = shun_nobody(c);
	if (e == ERR_OK)
		e = keep(c, hash);
	if (e != ERR_OK || change_commit(c, NULL) != ERR_OK)
		change_abort(c);
	else if (n > 0)
		log_info("configuration: %lld domains are looked at again",
		    (long long)n);
}
