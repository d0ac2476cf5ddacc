#ifndef CERTS_KEY_SIGN_H
#define CERTS_KEY_SIGN_H
/*
 * Signatures by libcrypto, whose only door this is: RSA and ECDSA P-256, in the
 * keys process.  Everything else about keys, and every other kind of key, is
 * GnuTLS'.  The reason is speed alone: an RSA-2048 signature takes a quarter of
 * GnuTLS' time, P-256 less than half.  (P-384 and Ed25519 are GnuTLS' because
 * there libcrypto is the slower one.)
 *
 * towpathd is one binary and libcrypto is in its processes' address space
 * anyway (libcurl brings it along); no process but keys ever calls it, and no
 * key is in any other.
 *
 * RSA is blinded and runs in constant time, as libcrypto does by itself; what a
 * signer held is wiped when it is freed.  libcrypto's configuration file is not
 * read: nothing of the system decides how keys sign.
 *
 * Owned by: the stored key.   Freed by: key_signer_free.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct key_signer;

/* Before the sandbox: makes libcrypto ready, its random numbers too.  Dies if
 * it cannot sign at all. */
void key_signing_set_up(void);

/* Opens a PKCS#8; NULL: not a kind of key for this. */
struct key_signer *key_signer_new(struct slice pkcs8);
void key_signer_free(struct key_signer *s); /* NULL is allowed */

/* algorithm: gnutls_sign_algorithm_t; hash: as long as it says (with
 * GNUTLS_SIGN_RSA_RAW a DigestInfo).  ERR_NOT_FOUND: not an algorithm that this
 * signs with this key; ERR_TLS: it failed. */
enum err MUST_USE key_signer_sign(struct key_signer *s, unsigned algorithm,
    struct slice hash, struct buf *signature);

#endif
