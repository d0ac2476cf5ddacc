#ifndef CERTS_SEAL_H
#define CERTS_SEAL_H
/*
 * Private keys at rest: AES-256-GCM under the master key, in the keys process
 * only.  The associated data binds the public key and the purpose, so a sealed
 * key cannot be put under another certificate or used for another thing.
 *
 * Form: u8 version (1), u8 purpose, 4 bytes master key id (the first of its
 * SHA-256), 32 bytes SHA-256 of the SubjectPublicKeyInfo, 12 bytes nonce,
 * ciphertext of the PKCS#8 DER with a 16 byte tag.
 */
#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

enum key_purpose {
	KEY_TLS = 1,     /* certificates; every keys process opens these */
	KEY_ACCOUNT = 2, /* ACME accounts; control's keys process only */
	KEY_SECRET = 3,  /* webhook secrets and the like; control's only */
};

#define MASTER_KEY_SIZE 32
#define MASTER_KEYS_MAX 8

struct master_keys {
	uint8_t key[MASTER_KEYS_MAX][MASTER_KEY_SIZE]; /* [0] seals */
	size_t n;
};

/* The file's text: base64 of 32 bytes a line, # comments.  S15. */
enum err MUST_USE master_keys_read(
    struct slice text, struct master_keys *out, struct fault *f);

enum err MUST_USE seal(const struct master_keys *m, enum key_purpose purpose,
    struct slice spki, struct slice secret, struct buf *out);

/* *secret is filled (wipe it).  ERR_DENIED: the purpose differs, it was
 * altered, or the master key it was sealed under is not listed. */
enum err MUST_USE unseal(const struct master_keys *m, enum key_purpose purpose,
    struct slice sealed, struct buf *secret);

#endif
