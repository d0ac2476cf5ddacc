#ifndef CERTS_KEY_POLICY_H
#define CERTS_KEY_POLICY_H
/*
 * What the key of a certificate signs for a worker: the signature that a TLS
 * server makes in a handshake, and nothing else.  A worker reads the Internet;
 * if it is taken over it can still pretend to be its sites while it runs, but
 * gets no signature under a certificate, a token or a document.
 *
 * Where GnuTLS hashes first (all but Ed25519) only the hash arrives: then its
 * length is all there is to see.
 */
#include <stdbool.h>

#include "base/slice.h"

/* The bytes of a TLS 1.3 CertificateVerify (RFC 8446, 4.4.3) by a server or of
 * a TLS 1.2 ServerKeyExchange (RFC 8422, 5.4). */
bool key_policy_allows_data(struct slice data);

/* algorithm: GnuTLS' gnutls_sign_algorithm_t.  A hash as long as its own; with
 * GNUTLS_SIGN_RSA_RAW a DigestInfo (RFC 8017, 9.2). */
bool key_policy_allows_hash(unsigned algorithm, struct slice hash);

#endif
