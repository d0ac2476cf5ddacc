#ifndef CERTS_X509_KEY_TYPE_H
#define CERTS_X509_KEY_TYPE_H
/*
 * The words by which towpath names kinds of keys: "ecdsa-p256", "rsa-2048",
 * "ed25519".  One table; certificates, keys and the store all use it.
 */
#include <stdbool.h>
#include <stddef.h>

#include <gnutls/abstract.h>

#define KEY_TYPE_SIZE 32

struct key_type {
	gnutls_pk_algorithm_t pk;
	gnutls_ecc_curve_t curve; /* GNUTLS_ECC_CURVE_INVALID: has none */
	unsigned bits;
};

/* Of a public key. */
struct key_type key_type_of(gnutls_pubkey_t key);

/* "rsa-2048"; a kind that has no word here is written as GnuTLS names it. */
void key_type_format(const struct key_type *t, char out[KEY_TYPE_SIZE]);

/* The other way, for kinds that can serve TLS.  False: no such. */
bool key_type_parse(const char *name, struct key_type *out);

/* Whether TLS is served with it here: P-256, P-384, P-521, RSA, Ed25519. */
bool key_type_is_supported(const struct key_type *t);

/* RSA under 2048 bits, a curve under 256, or DSA. */
bool key_type_is_weak(const struct key_type *t);

#endif
