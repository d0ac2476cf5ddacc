#ifndef ROUTER_EDGE_TLS_CERTIFICATE_H
#define ROUTER_EDGE_TLS_CERTIFICATE_H
/*
 * Certificates as a handshake uses them: parsed once, kept in an LRU by their
 * number in the store, intermediates shared between them; the private half
 * stays in the keys process.
 *
 * GnuTLS keeps pointers to what a session was handed, so a session holds a
 * reference until it is gone.
 *
 * Owned by: the cache and sessions, counted.   Freed by: _unref.
 */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/db.h"
#include "certs/keyring.h"

struct tls_certificates; /* the cache */

struct tls_certificate;

/* db and keyring are loans that outlive the cache. */
struct tls_certificates *tls_certificates_new(
    struct db *db, struct keyring *keyring);
void tls_certificates_free(struct tls_certificates *c);

/* A reference; NULL: it cannot be read or used (logged). */
struct tls_certificate *tls_certificates_get(
    struct tls_certificates *c, int64_t id);

/*
 * A reference to the worker's self-signed certificate, for a known name that
 * has none.  Its key is made in this process at first use and never stored: it
 * protects nothing, for no client trusts it.  NULL: it could not be made.
 */
struct tls_certificate *tls_certificates_placeholder(
    struct tls_certificates *c);

/* A reference to a new certificate that answers tls-alpn-01 (RFC 8737, 3) for
 * the host; the digest is challenge_digest's.  NULL: it could not be made. */
struct tls_certificate *tls_certificates_challenge(struct tls_certificates *c,
    const char *host, const uint8_t *acme_identifier);

void tls_certificate_unref(struct tls_certificate *t); /* NULL is allowed */

/* Its number in the store; 0: it is not from there. */
int64_t tls_certificate_id(const struct tls_certificate *t);
/* What retrieve callbacks return; valid as long as the reference. */
const gnutls_pcert_st *tls_certificate_chain(
    const struct tls_certificate *t, unsigned *n);
gnutls_privkey_t tls_certificate_key(const struct tls_certificate *t);

/* One of its names matches (parsed at the first question). */
bool tls_certificate_covers(struct tls_certificate *t, struct slice host);

#endif
