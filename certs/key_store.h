#ifndef CERTS_KEY_STORE_H
#define CERTS_KEY_STORE_H
/*
 * The private keys that a keys process has open, by number; the least recently
 * used go when there are too many.  Only the keys process has one.
 *
 * Owned by: keys_proc.   Freed by: key_store_free, which wipes.
 */
#include <gnutls/abstract.h>

#include "certs/key_sign.h"
#include "certs/seal.h"

#define KEY_STORE_MAX 20000

struct key_store;

struct stored_key {
	gnutls_privkey_t handle;
	enum key_purpose purpose;
	int algorithm; /* gnutls_pk_algorithm_t */
	unsigned bits;
	struct key_signer *signer; /* made at the first signature */
	bool is_asked;             /* whether it has one */
};

struct key_store *key_store_new(void);
void key_store_free(struct key_store *ks);

/* Takes the handle, in the place of one of the same number. */
struct stored_key *key_store_put(struct key_store *ks, uint64_t id,
    enum key_purpose purpose, gnutls_privkey_t handle);

/* NULL: not open (C37 with KEY_UNKNOWN's text is what the keyring expects). */
struct stored_key *key_store_get(struct key_store *ks, uint64_t id);

/* What is to be signed: GnuTLS' gnutls_sign_algorithm_t and its flags. */
struct key_input {
	bool is_hash;
	unsigned algorithm, flags;
	struct slice bytes;
};
/* Signs with libcrypto where that is faster; C40. */
enum err MUST_USE stored_key_sign(struct stored_key *key,
    const struct key_input *in, struct buf *signature, struct fault *f);
void key_store_drop(struct key_store *ks, uint64_t id);
/* Closes the least recently used beyond max. */
void key_store_trim(struct key_store *ks, size_t max);

/* A key as PKCS#8 DER, opened; C40. */
enum err MUST_USE key_open_pkcs8(
    struct slice der, gnutls_privkey_t *out, struct fault *f);
/* PKCS#8 DER of an open key; wipe it. */
enum err MUST_USE key_save_pkcs8(gnutls_privkey_t handle, struct buf *der);
/* SubjectPublicKeyInfo of an open key. */
enum err MUST_USE key_public(gnutls_privkey_t handle, struct buf *spki);

#endif
