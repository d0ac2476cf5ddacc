#ifndef CERTS_KEY_CSR_H
#define CERTS_KEY_CSR_H
/*
 * A certificate signing request (PKCS#10, RFC 2986) for an open key.
 */
#include <gnutls/abstract.h>

#include "base/buf.h"
#include "base/fault.h"

/* subject: RFC 4514, or "": CN is the first name if it fits (64 bytes). */
enum err MUST_USE key_csr(gnutls_privkey_t handle, const char *subject,
    const char *const *names, size_t n_names, struct buf *der, struct fault *f);

#endif
