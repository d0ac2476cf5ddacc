#ifndef CERTS_PROVE_H
#define CERTS_PROVE_H
/*
 * Nothing is served that was not served once before: a whole TLS handshake in
 * memory, with this chain and the key in the keys process, once per protocol
 * version, the client checking the signature, the name and the chain's order.
 */
#include "certs/keyring.h"
#include "certs/x509/chain.h"

/* min_tls 12 or 13.  C30 with what went wrong; C37 when keys is away. */
enum err MUST_USE prove(const struct chain *chain, struct keyring *k,
    const struct key_ref *key, const char *host, int min_tls, struct fault *f);

#endif
