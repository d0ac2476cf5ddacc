#include "acme/nonces.h"

#include <string.h>

static bool
is_sane(const char *nonce)
{
	size_t n = strlen(nonce);

	return n > 0 && n < NONCE_SIZE &&
	       strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

void
nonces_put(struct nonces *pool, const char *nonce)
{
	if (nonce == NULL || !is_sane(nonce))
		return;
	if (pool->n == NONCES_MAX) { /* the oldest goes */
		memmove(pool->text[0], pool->text[1],
		    sizeof(pool->text) - sizeof(pool->text[0]));
		pool->n--;
	}
	memcpy(pool->text[pool->n++], nonce, strlen(nonce) + 1);
}

bool
nonces_take(struct nonces *pool, char out[NONCE_SIZE])
{
	if (pool->n == 0)
		return false;
	memcpy(out, pool->text[--pool->n], NONCE_SIZE);
	return true;
}
