#include "certs/digest.h"

#include <stdio.h>

#include <gnutls/crypto.h>

#include "base/mem.h"

char *
digest_text(struct slice bytes, char out[DIGEST_TEXT_SIZE])
{
	uint8_t raw[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.p, bytes.n, raw) != 0)
		die("SHA-256 is not available");
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", raw[i]);
	return out;
}
