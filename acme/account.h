#ifndef ACME_ACCOUNT_H
#define ACME_ACCOUNT_H
/*
 * Our account at a CA (RFC 8555, 7.3): the request that makes it, or finds the
 * one that belongs to the key, and its answer.  Sans-I/O.
 */
#include "acme/directory.h"
#include "acme/jws.h"

struct account_wish {
	const char *email; /* "": none */
	bool agree_terms;
	const char *eab_kid, *eab_hmac_key; /* "": none */
};

/*
 * The payload of newAccount, appended.  Problems for a person: A10 when the CA
 * has terms and they are not agreed to, A21 when it wants a binding that is not
 * configured, or that is not base64url.
 */
enum err MUST_USE account_request(const struct account_wish *wish,
    const struct directory *directory, const struct jwk *key,
    struct buf *payload, struct problem *problem);

/* *url (the caller frees it) is the account's name from now on. */
enum err MUST_USE account_answer(
    const struct acme_response *r, char **url, struct problem *problem);

/* The payload that tells a new contact ("": none), RFC 8555, 7.3.2. */
enum err MUST_USE account_contact(const char *email, struct buf *payload);

/* The payload of newAccount that only asks whether there is one for the key. */
enum err MUST_USE account_find(struct buf *payload);

/*
 * The payload of keyChange (7.3.5): what the new key signs, saying whose
 * account it is to have and which key had it.  As jws_sign.
 */
struct account_key_change {
	const char *url;     /* keyChange */
	const char *account; /* URL */
	const struct jwk *old_key, *new_key;
	struct key_ref new_ref;
};
enum err MUST_USE account_key_change(struct keyring *k,
    const struct account_key_change *change, struct buf *payload);

#endif
