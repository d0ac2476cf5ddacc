#include "acme/ca.h"

#include <stdlib.h>

#include "acme/ca_call.h"
#include "acme/ledger_rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define HTTP_CREATED      201
#define DIRECTORY_KEEP_MS 3600000

struct ca_call *
ca_post(struct ca *ca, const char *url, struct slice payload, ca_done *done,
    void *ctx)
{
	struct ca_call *call = ca_call_new(ca, CALL_ORDER, url, done, ctx);

	buf_add(&call->payload, payload);
	list_append(&ca->waiting, &call->link);
	ev_timer_start(ca->loop, &ca->kick);
	return call;
}

struct ca_call *
ca_know(struct ca *ca, ca_done *done, void *ctx)
{
	struct ca_call *call = ca_call_new(ca, CALL_KNOW, NULL, done, ctx);

	list_append(&ca->waiting, &call->link);
	ev_timer_start(ca->loop, &ca->kick);
	return call;
}

const struct directory *
ca_directory(const struct ca *ca)
{
	return &ca->directory;
}

const char *const *
ca_issuers(const struct ca *ca, size_t *n)
{
	*n = ca->directory.n_issuers;
	return (const char *const *)ca->directory.issuers;
}

void
ca_cancel(struct ca_call *call)
{
	if (call != NULL)
		ca_call_free(call);
}

/* --- directory and account ----------------------------------------------- */

/* All who wait are told; who comes while they are goes to a new attempt. */
static void
fail_waiting(struct ca *ca, const struct problem *p)
{
	struct list told;
	struct list *first;

	ca_set_away(ca, &p->fault);
	list_init(&told);
	while ((first = list_first(&ca->waiting)) != NULL) {
		list_remove(first);
		list_append(&told, first);
	}
	while ((first = list_first(&told)) != NULL)
		ca_call_finish(
		    container_of(first, struct ca_call, link), NULL, p);
}

static void
on_directory(void *ctx, enum err e, const struct fetch_response *response,
    const struct fault *why)
{
	struct ca *ca = ctx;
	struct problem p;
	struct fault f;
	struct acme_response r = ca_response_of(ca, e, response, why, &f);

	ca->preparing = NULL;
	if (directory_read(&r, &ca->directory, &p) != ERR_OK) {
		fail_waiting(ca, &p);
		return;
	}
	ca->directory_ms = r.mono_ms;
	ca->is_doubtful = false;
	ca_prepare(ca);
}

/* The account's key: from its row, or made and written down first. */
static enum err
load_key(struct ca *ca, struct fault *f)
{
	const char *directory = ca->config->directory;
	struct key_new made = {0};
	struct key_ref key = {.purpose = KEY_ACCOUNT};
	struct buf spki;
	enum err e = rows_account(ca->db, directory, &ca->account);

	if (e == ERR_NOT_FOUND) {
		e = keyring_make(
		    ca->keyring, KEY_ACCOUNT, "ecdsa-p256", &made, f);
		if (e == ERR_OK)
			e = rows_add_account(
			    ca->db, directory, buf_slice(&made.sealed));
		if (e == ERR_OK)
			e = rows_account(ca->db, directory, &ca->account);
		key_new_clear(&made);
	}
	if (e != ERR_OK)
		return e;
	buf_init(&spki, 1024);
	key.id = (uint64_t)ca->account.id | CA_ACCOUNT_KEY_BIT;
	key.sealed = buf_slice(&ca->account.sealed);
	e = keyring_public(ca->keyring, &key, &spki, f);
	if (e == ERR_OK)
		e = jwk_read(buf_slice(&spki), &ca->jwk);
	buf_clear(&spki);
	ca->has_key = e == ERR_OK;
	if (e != ERR_OK)
		account_row_clear(&ca->account);
	return e;
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

	ca->registering = NULL;
	if (p != NULL) {
		mine = *p;
		fail_waiting(ca, &mine);
		return;
	}
	if (account_answer(r, &url, &mine) != ERR_OK) {
		fail_waiting(ca, &mine);
		return;
	}
	free(ca->account.url);
	ca->account.url = url;
	/* not written down: found again by its key, so nothing is lost */
	if (rows_set_account_url(ca->db, ca->config->directory, url) != ERR_OK)
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

static void
register_account(struct ca *ca)
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
		fail_waiting(ca, &p);
		return;
	}
	if (account_request(&wish, &ca->directory, &ca->jwk, &call->payload,
		&p) != ERR_OK) {
		ca_call_free(call);
		fail_waiting(ca, &p);
		return;
	}
	ca->registering = call;
	list_append(&ca->running, &call->link);
	ca_call_send(call);
}

static void
start_waiting(struct ca *ca)
{
	struct list *first;

	while (ca->account.url != NULL &&
	       (first = list_first(&ca->waiting)) != NULL) {
		struct ca_call *call =
		    container_of(first, struct ca_call, link);

		list_remove(first);
		list_append(&ca->running, first);
		if (call->kind == CALL_KNOW)
			ca_call_finish(call, NULL, NULL);
		else
			ca_call_send(call);
	}
}

void
ca_prepare(struct ca *ca)
{
	struct fault f = {0};
	struct problem p;
	bool is_old = ca->is_doubtful ||
		      clock_mono_ms() - ca->directory_ms > DIRECTORY_KEEP_MS;

	if (ca->preparing != NULL || ca->registering != NULL ||
	    list_empty(&ca->waiting))
		return;
	if (!ca->directory.is_known || is_old) {
		ca->preparing = ca_request(ca, "GET", ca->config->directory,
		    (struct slice){NULL, 0}, on_directory, ca);
		return;
	}
	if (!ca->has_key && load_key(ca, &f) != ERR_OK) {
		if (f.code == FAULT_NONE)
			fault_set(&f, FAULT_S19_STORE_AWAY,
			    "The account's key cannot be read");
		problem_set(&p, f.code, "%s", f.text);
		fail_waiting(ca, &p);
		return;
	}
	if (ca->account.url == NULL)
		register_account(ca);
	else
		start_waiting(ca);
}

static void
on_kick(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	ca_prepare(container_of(w, struct ca, kick));
}

/* --- life ---------------------------------------------------------------- */

struct ca *
ca_new(struct ev_loop *loop, struct db *db, struct keyring *keyring,
    struct fetch *fetch, const struct issuer_config *config)
{
	struct ca *ca = xcalloc(1, sizeof(*ca));

	ca->loop = loop;
	ca->db = db;
	ca->keyring = keyring;
	ca->fetch = fetch;
	ca->config = config;
	list_init(&ca->waiting);
	list_init(&ca->running);
	ev_timer_init(&ca->kick, on_kick, 0., 0.);
	return ca;
}

static void
drop_calls(struct list *head)
{
	LIST_FOREACH_SAFE(it, head) {
		ca_call_free(container_of(it, struct ca_call, link));
	}
}

void
ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	drop_calls(&ca->waiting);
	drop_calls(&ca->running);
	if (ca->preparing != NULL)
		fetch_cancel(ca->preparing);
	ev_timer_stop(ca->loop, &ca->kick);
	directory_clear(&ca->directory);
	account_row_clear(&ca->account);
	free(ca);
}

char *
ca_key_authorization(const struct ca *ca, const char *token)
{
	return ca->has_key ? jws_key_authorization(&ca->jwk, token) : NULL;
}

const char *
ca_account_url(const struct ca *ca)
{
	return ca->account.url == NULL ? "" : ca->account.url;
}

bool
ca_is_away(const struct ca *ca, struct fault *f)
{
	if (f != NULL)
		*f = ca->fault;
	return clock_mono_ms() < ca->away_ms;
}
