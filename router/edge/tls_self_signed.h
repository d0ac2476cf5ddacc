#ifndef ROUTER_EDGE_TLS_SELF_SIGNED_H
#define ROUTER_EDGE_TLS_SELF_SIGNED_H
/*
 * Certificates that a worker makes for itself: the placeholder of names that
 * have none, and the answer to tls-alpn-01 (RFC 8737, 3).  Their keys are made
 * in this process and never stored: they protect nothing, for no client trusts
 * them.
 */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/err.h"
#include "base/slice.h"

#define TLS_SHA256_SIZE 32

struct self_signed {
	const char *common_name;
	const char *host;               /* its one dNSName; NULL: none */
	const uint8_t *acme_identifier; /* TLS_SHA256_SIZE bytes; NULL: none */
};

/* ERR_TLS: GnuTLS could not (logged).  Both are the caller's. */
enum err MUST_USE tls_self_signed(const struct self_signed *what,
    gnutls_pcert_st *certificate, gnutls_privkey_t *key);

enum err MUST_USE tls_sha256(
    struct slice bytes, uint8_t digest[TLS_SHA256_SIZE]);

#endif
