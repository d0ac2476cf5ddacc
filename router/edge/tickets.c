#include "router/edge/tickets.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

static bool
derive(const struct ticket_master *master, struct slice host,
    int64_t generation, struct ticket_key *out)
{
	gnutls_hmac_hd_t mac;
	uint8_t number[9] = {0}; /* the host's end, then the generation */

	for (int i = 0; i < 8; i++)
		number[1 + i] = (uint8_t)((uint64_t)generation >> (56 - 8 * i));
	if (gnutls_hmac_init(&mac, GNUTLS_MAC_SHA512, master->secret,
		sizeof(master->secret)) != 0)
		return false;
	if (gnutls_hmac(mac, host.p, host.n) != 0 ||
	    gnutls_hmac(mac, number, sizeof(number)) != 0) {
		gnutls_hmac_deinit(mac, NULL);
		return false;
	}
	gnutls_hmac_deinit(mac, out->bytes);
	return true;
}

/* GnuTLS' own derivation (lib/stek.c, TOTP): SHA3-512 of the period's number
 * and the key; the first 16 bytes name it.  Should another release do it
 * differently, tickets of the previous master become full handshakes. */
bool
ticket_key_name(
    const struct ticket_key *key, int64_t now, uint8_t out[TICKET_KEY_NAME_MAX])
{
	uint64_t period = (uint64_t)now / TICKET_PERIOD;
	uint8_t input[8 + TICKET_KEY_SIZE];
	uint8_t digest[64];

	for (int i = 0; i < 8; i++)
		input[i] = (uint8_t)(period >> (56 - 8 * i));
	memcpy(input + 8, key->bytes, sizeof(key->bytes));
	if (gnutls_hash_fast(
		GNUTLS_DIG_SHA3_512, input, sizeof(input), digest) != 0)
		return false;
	memcpy(out, digest, TICKET_KEY_NAME_MAX);
	return true;
}

static bool
made(
    const struct ticket_key *key, const struct client_hello *hello, int64_t now)
{
	uint8_t name[TICKET_KEY_NAME_MAX];

	for (int ago = 0; ago < 2; ago++)
		if (ticket_key_name(
			key, now - (int64_t)ago * TICKET_PERIOD, name) &&
		    memcmp(name, hello->ticket_key_name, sizeof(name)) == 0)
			return true;
	return false;
}

bool
ticket_key_for(const struct ticket_master masters[2], struct slice host,
    int64_t generation, const struct client_hello *hello, int64_t now,
    struct ticket_key *out)
{
	struct ticket_key previous;

	if (masters[0].made_at == 0 ||
	    !derive(&masters[0], host, generation, out))
		return false;
	if (!hello->has_ticket || masters[1].made_at == 0 ||
	    made(out, hello, now))
		return true;
	if (derive(&masters[1], host, generation, &previous) &&
	    made(&previous, hello, now))
		*out = previous;
	return true;
}
