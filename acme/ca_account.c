/*
 * The account's part of a CA (acme/ca_call.h): its keys, its registration, its
 * contact.  What the CA is told is in the store before.
 */
#include <stdlib.h>

#include "acme/ca_call.h"
#include "acme/ledger_rows.h"
#include "base/log.h"
#include "base/mem.h"

/* Of the range of ids that certs/keyring.h keeps for accounts. */
#define ACCOUNT_KEY_BIT (UINT64_C(1) << 63)
#define HTTP_CREATED    201

/* --- keys ---------------------------------------------------------------- */

/* Named after its sealed form, which is never the same twice: the key of an
 * account may change, and the keys process goes by the number. */
struct key_ref
ca_key_ref(const struct ca_key *key)
{
	struct slice sealed = buf_slice(&key->sealed);
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (size_t i = 0; i < sealed.n; i++)
		hash = (hash ^ (unsigned char)sealed.p[i]) *
		       UINT64_C(1099511628211);
	return (struct key_ref){
	    hash >> 3 | ACCOUNT_KEY_BIT, KEY_ACCOUNT, sealed};
}

void
ca_key_clear(struct ca_key *key)
{
	buf_clear(&key->sealed);
	*key = (struct ca_key){0};
}

enum err
ca_key_open(
    struct ca *ca, struct slice sealed, struct ca_key *out, struct fault *f)
{
	struct key_ref ref;
	struct buf spki;
	enum err e;

	buf_init(&out->sealed, SEALED_MAX);
	buf_init(&spki, 1024);
	e = buf_add(&out->sealed, sealed);
	ref = ca_key_ref(out);
	if (e == ERR_OK)
		e = keyring_public(ca->keyring, &ref, &spki, f);
	if (e == ERR_OK)
		e = jwk_read(buf_slice(&spki), &out->jwk);
	buf_clear(&spki);
	out->is_there = e == ERR_OK;
	if (e != ERR_OK)
		ca_key_clear(out);
	return e;
}

enum err
ca_key_make(struct ca *ca, struct buf *sealed, struct fault *f)
{
	struct key_new made = {0};
	enum err e =
	    keyring_make(ca->keyring, KEY_ACCOUNT, "ecdsa-p256", &made, f);

	if (e == ERR_OK)
		e = buf_add(sealed, buf_slice(&made.sealed));
	key_new_clear(&made);
	return e;
}

static enum err
add_account(struct ca *ca, struct fault *f)
{
	struct buf sealed;
	enum err e;

	buf_init(&sealed, SEALED_MAX);
	e = ca_key_make(ca, &sealed, f);
	if (e == ERR_OK)
		e = rows_add_account(
		    ca->db, ca->config->directory, buf_slice(&sealed));
	buf_clear(&sealed);
	return e;
}

void
ca_forget_keys(struct ca *ca)
{
	ca_key_clear(&ca->key);
	ca_key_clear(&ca->next);
	free(ca->account_url);
	free(ca->email);
	ca->account_url = ca->email = NULL;
}

enum err
ca_load_account(struct ca *ca, struct fault *f)
{
	struct account_row row = {0};
	enum err e = rows_account(ca->db, ca->config->directory, &row);

	if (e == ERR_NOT_FOUND) {
		e = add_account(ca, f);
		if (e == ERR_OK)
			e = rows_account(ca->db, ca->config->directory, &row);
	}
	if (e == ERR_OK)
		e = ca_key_open(ca, buf_slice(&row.sealed), &ca->key, f);
	if (e == ERR_OK && row.next.len > 0)
		e = ca_key_open(ca, buf_slice(&row.next), &ca->next, f);
	if (e == ERR_OK) {
		free(ca->account_url);
		free(ca->email);
		ca->account_url = xstrdup(row.url);
		ca->email = xstrdup(row.email);
		ca->is_contact_told = row.email != NULL &&
				      strcmp(row.email, ca->config->email) == 0;
	} else {
		ca_forget_keys(ca);
	}
	account_row_clear(&row);
	return e;
}

enum err
ca_adopt_next(struct ca *ca)
{
	enum err e = rows_adopt_next_key(ca->db, ca->config->directory);

	if (e != ERR_OK)
		return e;
	ca_key_clear(&ca->key);
	ca->key = ca->next;
	ca->next = (struct ca_key){0};
	log_info("acme: account has another key url=%s", ca->account_url);
	return ERR_OK;
}

enum err
ca_drop_next(struct ca *ca)
{
	enum err e = rows_set_next_key(
	    ca->db, ca->config->directory, (struct slice){NULL, 0});

	if (e == ERR_OK)
		ca_key_clear(&ca->next);
	return e;
}

enum err
ca_renounce(struct ca *ca, struct fault *f)
{
	struct buf sealed;
	enum err e;

	buf_init(&sealed, SEALED_MAX);
	e = ca_key_make(ca, &sealed, f);
	if (e == ERR_OK) {
		e = rows_replace_account(
		    ca->db, ca->config->directory, buf_slice(&sealed));
		if (e != ERR_OK)
			fault_set(f, FAULT_S19_STORE_AWAY, NULL);
	}
	buf_clear(&sealed);
	if (e != ERR_OK)
		return e;
	log_info("acme: account given up url=%s",
	    ca->account_url == NULL ? "" : ca->account_url);
	ca_forget_keys(ca);
	return ERR_OK;
}

/* --- questions ----------------------------------------------------------- */

static void
ask(struct ca *ca, struct ca_call *call)
{
	ca->asking = call;
	list_append(&ca->running, &call->link);
	ca_call_send(call);
}

/* It cannot be gone on with. */
static void
fail(struct ca *ca, const struct problem *p)
{
	struct problem mine = *p; /* a loan of what ends now */

	ca_fail_waiting(ca, &mine);
}

static struct ledger_ca
ledger_of(const struct ca *ca)
{
	const struct issuer_config *c = ca->config;

	return (struct ledger_ca){
	    c->directory, ledger_limits(c->limits, c->directory)};
}

/* One that was there before is answered with 200. */
static void
count_account(struct ca *ca, int status)
{
	const struct ledger_ca ledger = ledger_of(ca);

	if (status == HTTP_CREATED &&
	    ledger_charge_account(ca->db, &ledger) != ERR_OK)
		log_warning("acme: account not counted");
}

static void
on_registered(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct ca *ca = ctx;
	struct problem mine;
	char *url = NULL;

	ca->asking = NULL;
	if (p != NULL) {
		fail(ca, p);
		return;
	}
	if (account_answer(r, &url, &mine) != ERR_OK) {
		fail(ca, &mine);
		return;
	}
	free(ca->account_url);
	ca->account_url = url;
	/* an account that was there already has the contact of old */
	ca->is_contact_told = r->status == HTTP_CREATED;
	/* not written down: found again by its key, so nothing is lost */
	if (rows_set_account_url(ca->db, ca->config->directory, url) !=
		ERR_OK ||
	    (ca->is_contact_told &&
		rows_set_account_email(ca->db, ca->config->directory,
		    ca->config->email) != ERR_OK))
		log_warning("acme: account not written down url=%s", url);
	count_account(ca, r->status);
	log_info("acme: account url=%s", url);
	ca_prepare(ca);
}

/* Too many new accounts would lock out this machine for hours. */
static bool
may_register(struct ca *ca, struct problem *p)
{
	const struct ledger_ca ledger = ledger_of(ca);
	struct ledger_verdict v;

	if (ledger_ask_account(ca->db, &ledger, &v) != ERR_OK || v.passes)
		return true;
	problem_set(p, FAULT_A30_NO_BUDGET, "no account");
	ledger_say(&v, &p->fault);
	p->retry_at = v.passes_at;
	return false;
}

void
ca_register(struct ca *ca)
{
	const struct issuer_config *c = ca->config;
	const struct account_wish wish = {.email = c->email,
	    .agree_terms = c->agree_terms,
	    .eab_kid = c->eab_kid,
	    .eab_hmac_key = c->eab_hmac_key};
	struct ca_call *call = ca_call_new(
	    ca, CALL_ACCOUNT, ca->directory.new_account, on_registered, ca);
	struct problem p;

	if (!may_register(ca, &p)) {
		ca_call_free(call);
		fail(ca, &p);
		return;
	}
	if (account_request(&wish, &ca->directory, &ca->key.jwk, &call->payload,
		&p) == ERR_OK) {
		ask(ca, call);
		return;
	}
	ca_call_free(call);
	fail(ca, &p);
}

/* An account without our contact is as good; it is told again at the next
 * start. */
static void
on_contact(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct ca *ca = ctx;
	struct problem mine;

	ca->asking = NULL;
	if (p == NULL && r->status == 200) {
		if (rows_set_account_email(ca->db, ca->config->directory,
			ca->config->email) != ERR_OK)
			log_warning("acme: contact not written down");
		log_info("acme: account has another contact url=%s",
		    ca->account_url);
	} else {
		if (p == NULL)
			problem_read(r, &mine);
		log_warning("acme: contact not told url=%s text=%s",
		    ca->account_url,
		    p == NULL ? mine.fault.text : p->fault.text);
	}
	ca_prepare(ca);
}

void
ca_tell_contact(struct ca *ca)
{
	struct ca_call *call =
	    ca_call_new(ca, CALL_ORDER, ca->account_url, on_contact, ca);

	ca->is_contact_told = true;
	if (account_contact(ca->config->email, &call->payload) == ERR_OK) {
		ask(ca, call);
		return;
	}
	ca_call_free(call);
	ca_prepare(ca);
}

/* The CA was asked for the account of the next key: it is ours, or there is
 * none. */
static void
on_found(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct ca *ca = ctx;
	struct problem mine;
	bool has_next;
	enum err e;

	ca->asking = NULL;
	if (p != NULL) {
		fail(ca, p);
		return;
	}
	if (r->status == 0 || r->status >= 500 || r->status == 429) {
		problem_read(r, &mine);
		fail(ca, &mine);
		return;
	}
	has_next =
	    r->status == 200 && strcmp(r->location, ca->account_url) == 0;
	e = has_next ? ca_adopt_next(ca) : ca_drop_next(ca);
	if (e == ERR_OK) {
		ca_prepare(ca);
		return;
	}
	problem_set(&mine, FAULT_S19_STORE_AWAY, "%s",
	    "What the account's key is cannot be written down");
	fail(ca, &mine);
}

void
ca_find_key(struct ca *ca)
{
	struct ca_call *call =
	    ca_call_new(ca, CALL_FIND, ca->directory.new_account, on_found, ca);

	if (account_find(&call->payload) == ERR_OK)
		ask(ca, call);
	else
		ca_call_free(call);
}

/* --- after a start ------------------------------------------------------- */

static void
on_resumed(void *ctx, const struct acme_response *r, const struct problem *p)
{
	(void)ctx;
	(void)r;
	if (p != NULL)
		log_warning(
		    "acme: account not asked for text=%s", p->fault.text);
}

void
ca_resume(struct ca *ca)
{
	struct account_row row = {0};
	bool is_due;

	if (rows_account(ca->db, ca->config->directory, &row) != ERR_OK)
		return;
	is_due =
	    row.next.len > 0 || (row.url != NULL && row.email != NULL &&
				    strcmp(row.email, ca->config->email) != 0);
	free(ca->account_url);
	ca->account_url = xstrdup(row.url); /* to be told of */
	account_row_clear(&row);
	if (is_due)
		(void)ca_know(ca, on_resumed, ca);
}
