#ifndef CERTS_KEY_REQUESTS_H
#define CERTS_KEY_REQUESTS_H
/*
 * What a keys process does for the one it serves: a message in, an answer or a
 * refusal out (the MSG_KEY_* of base/messages.h).  The message table says who
 * may ask what; beyond it, a worker's keys open only KEY_TLS and sign only what
 * has the shape of a TLS server's signature.
 *
 * Owned by: keys_proc.   Freed by: key_requests_free, which wipes all keys.
 */
#include "base/channel.h"
#include "certs/key_store.h"
#include "certs/seal.h"

struct key_requests;

/* Takes a copy of the master keys; wipe yours. */
struct key_requests *key_requests_new(const struct master_keys *m);
void key_requests_free(struct key_requests *kr);

/* For channel_ops.on_message; ERR_SYNTAX: it was malformed. */
enum err MUST_USE key_requests_handle(struct key_requests *kr,
    struct channel *c, const struct channel_message *m);

#endif
