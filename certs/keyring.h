#ifndef CERTS_KEYRING_H
#define CERTS_KEYRING_H
/*
 * Private keys as everybody but the keys process sees them: by number, over a
 * channel.  When the keys process answers that it does not know the number (it
 * was restarted, or forgot) the key is loaded again from its sealed form and
 * the question repeated: callers never see that.
 *
 * All calls wait for the answer: signing and loading at most the keyring's
 * time-out (a worker signs as if it were its own CPU), making and importing at
 * most KEYRING_SLOW_MS.  ERR_TIMEOUT, ERR_CLOSED and C37: keys is away.
 *
 * Owned by: the process.   Freed by: keyring_free (not the channel).
 */
#include "base/channel.h"
#include "certs/seal.h"

#define KEYRING_WORKER_MS  500
#define KEYRING_CONTROL_MS 2000
#define KEYRING_SLOW_MS    20000

struct keyring;

struct keyring *keyring_new(int timeout_ms);
void keyring_free(struct keyring *k);

/* A fresh channel to the keys process (MSG_PEER), in the place of the older
 * one; NULL: away.  The keyring does not own it. */
void keyring_set_channel(struct keyring *k, struct channel *c);
bool keyring_is_ready(const struct keyring *k);

/* A private key that the caller can name.  A certificate's id is its row; an
 * account's is made of its sealed form, with the top bit set; made or imported
 * ones are chosen by the keys process at random, with the next bit set. */
struct key_ref {
	uint64_t id;
	enum key_purpose purpose;
	struct slice sealed; /* a loan for the time of the call */
};

/* algorithm and flags are GnuTLS' gnutls_sign_algorithm_t and its flags. */
enum err MUST_USE keyring_sign_data(struct keyring *k,
    const struct key_ref *key, unsigned algorithm, unsigned flags,
    struct slice data, struct buf *signature);
enum err MUST_USE keyring_sign_hash(struct keyring *k,
    const struct key_ref *key, unsigned algorithm, unsigned flags,
    struct slice hash, struct buf *signature);

#define KEY_CERTIFICATES_MAX 16

/* What was made or taken in. */
struct key_new {
	uint64_t id; /* loaded under this number */
	struct buf sealed;
	struct buf spki;
	char key_type[32];
	struct slice certificates[KEY_CERTIFICATES_MAX]; /* of a PKCS#12: DER,
							  * loans of raw */
	size_t n_certificates;
	struct buf raw;
};
void key_new_clear(struct key_new *k);

/* key_type "ecdsa-p256" or "rsa-2048". */
enum err MUST_USE keyring_make(struct keyring *k, enum key_purpose purpose,
    const char *key_type, struct key_new *out, struct fault *f);

/* PEM, DER or PKCS#12 bytes.  C16, C17, C18, C23, C38, C40. */
enum err MUST_USE keyring_import(struct keyring *k, enum key_purpose purpose,
    struct slice file, const char *passphrase, struct key_new *out,
    struct fault *f);

/* PKCS#10 for these names (RFC 2986).  subject: RFC 4514, or "". */
enum err MUST_USE keyring_csr(struct keyring *k, const struct key_ref *key,
    const char *subject, const char *const *names, size_t n_names,
    struct buf *der, struct fault *f);

/* PKCS#8 PEM, for `certs export --with-key`; wipe it. */
enum err MUST_USE keyring_export(struct keyring *k, const struct key_ref *key,
    struct buf *pem, struct fault *f);

/* SubjectPublicKeyInfo of a sealed key (loads it). */
enum err MUST_USE keyring_public(struct keyring *k, const struct key_ref *key,
    struct buf *spki, struct fault *f);

#endif
