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

/* Of the range of ids that certs/keyring.h keeps for accounts. */
#define CA_ACCOUNT_KEY_BIT (UINT64_C(1) << 63)

enum call_kind {
	CALL_ORDER,   /* what ca_post was asked for */
	CALL_KNOW,    /* nothing: directory and account shall be there */
	CALL_ACCOUNT, /* newAccount, signed with the key itself */
};

struct ca_call {
	struct list link; /* in ca's waiting or running */
	struct ca *ca;
	enum call_kind kind;
	char *url; /* NULL: newOrder */
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
	struct account_row account;
	struct jwk jwk;
	bool has_key;
	struct nonces nonces;
	struct list waiting; /* until directory and account are there */
	struct list running; /* at the CA */
	struct fetch_call *preparing; /* the directory is under way */
	struct ca_call *registering;
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

/* Of ca.c: brings what is missing, one thing at a time; then those who wait
 * go. */
void ca_prepare(struct ca *ca);

#endif
