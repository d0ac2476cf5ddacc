#ifndef CERTS_REMOTE_KEY_H
#define CERTS_REMOTE_KEY_H
/*
 * A GnuTLS private key whose private half is in the keys process: the sign
 * callbacks ask the keyring.  GnuTLS cannot suspend a signature, so the caller
 * waits, with the keyring's deadline.
 */
#include <gnutls/abstract.h>

#include "certs/keyring.h"

struct remote_key;

/*
 * key_type decides algorithm and size (as certificate.h writes it).  `sealed`
 * is copied.  Belongs to the caller and must not outlive k.
 */
enum err MUST_USE remote_key_new(struct keyring *k, uint64_t id,
    struct slice sealed, const char *key_type, struct remote_key **out);
void remote_key_free(struct remote_key *r); /* NULL is allowed */
gnutls_privkey_t remote_key_handle(const struct remote_key *r);

#endif
