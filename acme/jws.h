#ifndef ACME_JWS_H
#define ACME_JWS_H
/*
 * The signed JSON that ACME speaks (RFC 7515, as RFC 8555, 6.2 narrows it):
 * flattened serialization, ES256, a nonce and the URL in the protected header.
 * The private key stays in the keys process (certs/keyring.h).
 *
 * Numbers in JOSE have fixed width: R, S, x and y are left-padded to 32 bytes,
 * or one signature in 150 and one thumbprint in 128 would be wrong.
 */
#include "acme/base64url.h"
#include "certs/keyring.h"

#define JWS_MAX        ((size_t)256 * 1024) /* a finalize with a hundred names */
#define JWS_THUMB_SIZE 44 /* 43 characters of base64url and NUL */
#define JWS_COORDINATE 32

/* The account's public key, a point on P-256. */
struct jwk {
	uint8_t x[JWS_COORDINATE], y[JWS_COORDINATE];
};

/* From a SubjectPublicKeyInfo.  ERR_SYNTAX: not an uncompressed P-256 point. */
enum err MUST_USE jwk_read(struct slice spki, struct jwk *out);
/* The JSON object, members in the order of RFC 7638, 3. */
enum err jwk_add(struct buf *b, const struct jwk *key);
/* base64url of its SHA-256 (RFC 7638).  Returns out. */
char *jwk_thumbprint(const struct jwk *key, char out[JWS_THUMB_SIZE]);

/* What a challenge is answered with: TOKEN "." THUMBPRINT (RFC 8555, 8.1). */
char *jws_key_authorization(
    const struct jwk *key, const char *token); /* caller frees */

/* An ECDSA signature, from the ASN.1 of RFC 3279, 2.2.3, to R and S side by
 * side.  ERR_SYNTAX. */
enum err MUST_USE jws_signature_raw(
    struct slice der, uint8_t out[2 * JWS_COORDINATE]);

struct jws_head {
	const char *url;
	const char *nonce;     /* NULL: none, for a binding */
	const char *kid;       /* the account's URL; NULL: jwk is sent */
	const struct jwk *jwk; /* of the signing key */
};

/*
 * Signs payload (n == 0: POST-as-GET) and appends the flattened object to out.
 * What keyring_sign_data answers; ERR_TOO_BIG.
 */
enum err MUST_USE jws_sign(struct keyring *k, const struct key_ref *key,
    const struct jws_head *head, struct slice payload, struct buf *out);

/*
 * External account binding (RFC 8555, 7.3.4): jwk signed with the CA's MAC key,
 * given as the CA hands it out, in base64url.  ERR_SYNTAX: it is not.
 */
enum err MUST_USE jws_bind(const char *kid, const char *mac_key,
    const char *url, const struct jwk *jwk, struct buf *out);

/* HS256 (RFC 7515, appendix A.1), base64url, appended. */
enum err MUST_USE jws_mac(
    struct slice key, struct slice signing_input, struct buf *out);

#endif
