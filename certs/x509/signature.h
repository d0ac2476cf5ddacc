#ifndef CERTS_X509_SIGNATURE_H
#define CERTS_X509_SIGNATURE_H
/*
 * The signature on a certificate, and nothing else of it: chain building asks
 * before anybody knows what is trusted, valid or allowed to sign.
 */
#include <stdbool.h>

#include <gnutls/x509.h>

#include "base/slice.h"

/* Whether the key of `issuer` made the signature of crt, whose bytes are der.
 * A weak hash is no reason against it. */
bool signature_is_good(
    gnutls_x509_crt_t crt, struct slice der, gnutls_x509_crt_t issuer);

/* MD5, SHA-1, or what GnuTLS does not know. */
bool signature_is_weak(gnutls_x509_crt_t crt);

#endif
