#include "certs/key_policy.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/mem.h"
#include "certs/x509/der.h"

#define RANDOMS_SIZE 64 /* client's and server's, 32 bytes each */
#define NAMED_CURVE  3  /* ECCurveType, RFC 8422, 5.4 */

/* Lengths of SHA-256, SHA-384 and SHA-512. */
static bool
is_hash_length(size_t n)
{
	return n == 32 || n == 48 || n == 64;
}

static bool
is_certificate_verify(struct slice data)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";

	if (data.n < 64 + sizeof(context))
		return false;
	for (size_t i = 0; i < 64; i++) {
		if (data.p[i] != ' ')
			return false;
	}
	data = slice_from(data, 64);
	return memcmp(data.p, context, sizeof(context)) == 0 &&
	       is_hash_length(data.n - sizeof(context));
}

/* The groups that towpath offers (RFC 8446, 4.2.7) and their point's length. */
static const struct {
	uint8_t group[2];
	uint8_t n;
} points[] = {
    {{0, 23}, 65},  /* secp256r1 */
    {{0, 24}, 97},  /* secp384r1 */
    {{0, 25}, 133}, /* secp521r1 */
    {{0, 29}, 32},  /* x25519 */
};

static bool
is_server_key_exchange(struct slice data)
{
	const uint8_t *p = (const uint8_t *)data.p + RANDOMS_SIZE;

	if (data.n < RANDOMS_SIZE + 4 || p[0] != NAMED_CURVE)
		return false;
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		if (memcmp(p + 1, points[i].group, 2) == 0)
			return p[3] == points[i].n &&
			       data.n == RANDOMS_SIZE + 4 + (size_t)points[i].n;
	}
	return false;
}

bool
key_policy_allows_data(struct slice data)
{
	return is_certificate_verify(data) || is_server_key_exchange(data);
}

/* DigestInfo ::= SEQUENCE { SEQUENCE { OID, NULL }, OCTET STRING } */
static bool
is_digest_info(struct slice s)
{
	struct der_item whole, algorithm, digest;

	return der_take(&s, DER_SEQUENCE, &whole) && s.n == 0 &&
	       der_take(&whole.content, DER_SEQUENCE, &algorithm) &&
	       der_take(&whole.content, DER_OCTET_STRING, &digest) &&
	       whole.content.n == 0 && is_hash_length(digest.content.n);
}

bool
key_policy_allows_hash(unsigned algorithm, struct slice hash)
{
	gnutls_digest_algorithm_t digest;

	if (algorithm == GNUTLS_SIGN_RSA_RAW)
		return is_digest_info(hash);
	digest =
	    gnutls_sign_get_hash_algorithm((gnutls_sign_algorithm_t)algorithm);
	return is_hash_length(hash.n) && digest != GNUTLS_DIG_UNKNOWN &&
	       gnutls_hash_get_len(digest) == hash.n;
}
