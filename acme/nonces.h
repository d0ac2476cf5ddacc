#ifndef ACME_NONCES_H
#define ACME_NONCES_H
/*
 * Nonces that a CA gave (RFC 8555, 6.5), each good for one request.  Every
 * answer brings one, so that hardly any has to be fetched.  A few are kept; an
 * old one is refused by the CA (badNonce), so the newest is used first.
 */
#include <stdbool.h>
#include <stddef.h>

#define NONCES_MAX 32
#define NONCE_SIZE 256

struct nonces {
	char text[NONCES_MAX][NONCE_SIZE];
	size_t n;
};

/* What is no base64url of sane length is not kept.  NULL is allowed. */
void nonces_put(struct nonces *pool, const char *nonce);

/* false: none is there. */
bool nonces_take(struct nonces *pool, char out[NONCE_SIZE]);

#endif
