#ifndef ACME_CA_CALL_H
#define ACME_CA_CALL_H
/*
 * The inside of a CA, for ca.c (directory, account, who waits for them) and
 * ca_call.c (one signed request: its nonce, its signature, its repetitions).
 */
#include "acme/account.h"
#include "acme/ca.h"
#include "acme/nonces.h"
#include "acme/rows.h"
#include "base/list.h"

enum call_kind {
	CALL_ORDER,   /* what ca_post was asked for */
	CALL_KNOW,    /* nothing: directory and account shall be there */
	CALL_ACCOUNT, /* newAccount, signed with the key itself */
	CALL_FIND,    /* the same, with the key that is to follow */
};

/* A key of the account: the one the CA has, or the one to follow. */
struct ca_key {
	bool is_there;
	struct buf sealed;
	struct jwk jwk;
};

struct ca_call {
	struct list link; /* in ca's waiting or running */
	struct ca *ca;
	enum call_kind kind;
	enum ca_place place;
	char *url; /* NULL: of the place, once the directory is known */
	struct buf payload;
	struct fetch_call *fetch;
	int tries;
	bool was_renewed; /* the account, for this call */
	ca_done *done;
	void *ctx;
};

struct ca {
	struct ev_loop *loop;
	struct db *db;
	struct keyring *keyring;
	struct fetch *fetch;
	const struct issuer_config *config;
	struct directory directory;
	int64_t directory_ms; /* when it was read */
	bool is_doubtful;     /* it is to be read again */
	char *account_url;    /* NULL: not registered */
	char *email;          /* the contact that the CA has; NULL: not known */
	struct ca_key key, next;
	bool is_contact_told; /* or was tried */
	struct nonces nonces;
	struct list waiting; /* until directory and account are there */
	struct list running; /* at the CA */
	struct fetch_call *preparing; /* the directory is under way */
	/* a question about the account, one at a time; nothing else begins
	 * meanwhile */
	struct ca_call *asking;
	struct {
		ca_done *done; /* NULL: nobody wants it */
		void *ctx;
	} rollover;
	ev_timer kick; /* calls begin from the loop */
	struct fault fault;
	int64_t away_ms; /* until then */
};

struct ca_call *ca_call_new(struct ca *ca, enum call_kind kind, const char *url,
    ca_done *done, void *ctx);
void ca_call_free(struct ca_call *call);

/* With a nonce that is there, or one fetched for it; directory and account
 * are there.  May end the call at once. */
void ca_call_send(struct ca_call *call);

/* The call is freed, then its owner told, who may start or cancel others. */
void ca_call_finish(struct ca_call *call, const struct acme_response *r,
    const struct problem *p);

/* An unsigned request, or one that carries what was signed. */
struct fetch_call *ca_request(struct ca *ca, const char *method,
    const char *url, struct slice body, fetch_done *done, void *ctx);

/* What came, in the protocol's terms; *f is set when nothing did. */
struct acme_response ca_response_of(struct ca *ca, enum err e,
    const struct fetch_response *r, const struct fault *why, struct fault *f);

void ca_set_away(struct ca *ca, const struct fault *f);

/* All who wait are told; who comes while they are goes to a new attempt. */
void ca_fail_waiting(struct ca *ca, const struct problem *p);

/* How the keys process is asked for it. */
struct key_ref ca_key_ref(const struct ca_key *key);

/*
 * Of ca_account.c, each for ca_prepare, each of which goes on with it: what the
 * store has of the account; the account registered; its contact changed when
 * it is another than configured; which of two keys the CA has.
 */
enum err MUST_USE ca_load_account(struct ca *ca, struct fault *f);
void ca_register(struct ca *ca);
void ca_tell_contact(struct ca *ca);
void ca_find_key(struct ca *ca);
void ca_forget_keys(struct ca *ca);
/* From a row, or made anew, opened: .sealed and .jwk. */
enum err MUST_USE ca_key_open(
    struct ca *ca, struct slice sealed, struct ca_key *out, struct fault *f);
enum err MUST_USE ca_key_make(
    struct ca *ca, struct buf *sealed, struct fault *f);
void ca_key_clear(struct ca_key *key);
/* The CA has the next key; or has not. */
enum err MUST_USE ca_adopt_next(struct ca *ca);
enum err MUST_USE ca_drop_next(struct ca *ca);

/* Of ca_rollover.c: begins it when nothing is under way any more. */
void ca_rollover_step(struct ca *ca);
void ca_rollover_end(struct ca *ca, const struct problem *p);

/* Of ca.c: brings what is missing, one thing at a time; then those who wait
 * go. */
void ca_prepare(struct ca *ca);

#endif
