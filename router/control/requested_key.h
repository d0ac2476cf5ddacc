#ifndef ROUTER_CONTROL_REQUESTED_KEY_H
#define ROUTER_CONTROL_REQUESTED_KEY_H
/*
 * Keys that were made here for a certificate signing request (`certs csr`) and
 * wait for its certificate, sealed: the SQL of requested_key.  Any domain of
 * the app may bring the certificate.
 */
#include "base/json.h"
#include "certs/keyring.h"
#include "router/control/domain.h"

#define REQUESTED_KEYS_MAX 16 /* of one host; the oldest goes */

struct requested_key {
	const char *host;
	const char *csr;     /* PEM */
	const json_t *names; /* array */
	const struct key_new *key;
};

/* Keeps the key; *number is the request's.  Inside a change. */
enum err MUST_USE requested_key_add(
    struct control *c, const struct requested_key *r, int64_t *number);

/* The key of the app of `host` that one of the certificates has, in out (empty
 * buffers), and its number.  ERR_NOT_FOUND: there is none. */
enum err MUST_USE requested_key_find(struct control *c, const char *host,
    struct certificate *const *certificates, size_t n, struct key_new *out,
    int64_t *number);

/* Its certificate came; inside a change. */
enum err MUST_USE requested_key_used(struct control *c, int64_t number);

/* The pending ones of a host as the API shows them, the newest first. */
json_t *requested_keys_json(struct control *c, const char *host);
/* One of them; NULL: there is none of this number. */
json_t *requested_key_json(struct control *c, const char *host, int64_t number);

/* ERR_NOT_FOUND: there is none of this number.  Inside a change. */
enum err MUST_USE requested_key_forget(
    struct control *c, const char *host, int64_t number);

#endif
