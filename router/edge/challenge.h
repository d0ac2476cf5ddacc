#ifndef ROUTER_EDGE_CHALLENGE_H
#define ROUTER_EDGE_CHALLENGE_H
/*
 * Answers to a CA's http-01 challenges (RFC 8555, 8.3) and tls-alpn-01
 * challenges (RFC 8737): rows that acme writes before it asks the CA to look.
 * Every question reads the store: an answer must be there as soon as its row
 * is, and they are few.
 */
#include "base/arena.h"
#include "base/db.h"

#define CHALLENGE_PATH "/.well-known/acme-challenge/"

/*
 * ERR_OK: *answer, in the arena, is what to say; ERR_NOT_FOUND: the token is
 * not ours; ERR_AGAIN: the store is away.
 */
enum err MUST_USE challenge_answer(
    struct db *db, struct slice token, struct arena *a, struct slice *answer);

#define CHALLENGE_DIGEST_SIZE 32 /* SHA-256 of the key authorization */

/* For a connection that offers nothing but acme-tls/1: what its certificate
 * must carry.  ERR_NOT_FOUND: no CA is to ask that of this host now. */
enum err MUST_USE challenge_digest(
    struct db *db, struct slice host, uint8_t digest[CHALLENGE_DIGEST_SIZE]);

#endif
