#include "certs/echo.h"

#include <sys/random.h>

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/mem.h"

#define CONTEXT    "towpath-echo"
#define DIGITS     (ECHO_SIZE - 1)
#define SHA256_LEN 32

static void
to_hex(const uint8_t *bytes, char out[DIGITS + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGITS / 2; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[DIGITS] = '\0';
}

void
echo_nonce(char out[ECHO_NONCE_SIZE])
{
	uint8_t bytes[DIGITS / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		die("no random bytes");
	to_hex(bytes, out);
}

bool
echo_is_nonce(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!((text.p[i] >= '0' && text.p[i] <= '9') ||
			(text.p[i] >= 'a' && text.p[i] <= 'f')))
			return false;
	return text.n == ECHO_NONCE_SIZE - 1;
}

char *
echo_answer(
    const struct ticket_master *master, struct slice nonce, char out[ECHO_SIZE])
{
	uint8_t digest[SHA256_LEN];
	gnutls_hmac_hd_t mac;
	bool is_made;

	if (gnutls_hmac_init(&mac, GNUTLS_MAC_SHA256, master->secret,
		sizeof(master->secret)) != 0)
		return NULL;
	is_made = gnutls_hmac(mac, CONTEXT, strlen(CONTEXT)) == 0 &&
		  gnutls_hmac(mac, nonce.p, nonce.n) == 0;
	gnutls_hmac_deinit(mac, digest);
	if (!is_made)
		return NULL;
	to_hex(digest, out);
	return out;
}
