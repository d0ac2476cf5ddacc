#include "acme/jws.h"

#include <stdlib.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/json.h"
#include "base/mem.h"

#define SHA256_SIZE   32
#define SIGNATURE_MAX 256  /* of ECDSA in ASN.1, generously */
#define KEY_MAX       1024 /* decoded MAC key */

/* --- the public key ------------------------------------------------------ */

/* SEQUENCE { SEQUENCE { ecPublicKey, prime256v1 }, BIT STRING } with an
 * uncompressed point: the one encoding there is (RFC 5480, 2). */
static const unsigned char p256_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

enum err
jwk_read(struct slice spki, struct jwk *out)
{
	size_t head = sizeof(p256_head);

	if (spki.n != head + 2 * sizeof(out->x) ||
	    memcmp(spki.p, p256_head, head) != 0)
		return ERR_SYNTAX;
	memcpy(out->x, spki.p + head, sizeof(out->x));
	memcpy(out->y, spki.p + head + sizeof(out->x), sizeof(out->y));
	return ERR_OK;
}

enum err
jwk_add(struct buf *b, const struct jwk *key)
{
	buf_add_str(b, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
	base64url_add(b, slice_of(key->x, sizeof(key->x)));
	buf_add_str(b, "\",\"y\":\"");
	base64url_add(b, slice_of(key->y, sizeof(key->y)));
	return buf_add_str(b, "\"}");
}

char *
jwk_thumbprint(const struct jwk *key, char out[JWS_THUMB_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct buf b;

	buf_init(&b, 512);
	jwk_add(&b, key);
	if (gnutls_hash_fast(
		GNUTLS_DIG_SHA256, buf_slice(&b).p, b.len, digest) != 0)
		die("SHA-256 is not available");
	buf_reset(&b);
	base64url_add(&b, slice_of(digest, sizeof(digest)));
	if (slice_to_str(buf_slice(&b), out, JWS_THUMB_SIZE) != ERR_OK)
		die("a thumbprint of %zu characters", b.len);
	buf_clear(&b);
	return out;
}

char *
jws_key_authorization(const struct jwk *key, const char *token)
{
	char thumbprint[JWS_THUMB_SIZE];

	return xasprintf("%s.%s", token, jwk_thumbprint(key, thumbprint));
}

/* --- signatures ---------------------------------------------------------- */

/* A big-endian integer of any length, into exactly 32 bytes. */
static enum err
pad(const gnutls_datum_t *number, uint8_t out[JWS_COORDINATE])
{
	const unsigned char *p = number->data;
	size_t n = number->size;

	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	if (n > JWS_COORDINATE)
		return ERR_SYNTAX;
	memset(out, 0, JWS_COORDINATE - n);
	memcpy(out + JWS_COORDINATE - n, p, n);
	return ERR_OK;
}

enum err
jws_signature_raw(struct slice der, uint8_t out[2 * JWS_COORDINATE])
{
	gnutls_datum_t sig = {(unsigned char *)der.p, (unsigned)der.n};
	gnutls_datum_t r = {NULL, 0}, s = {NULL, 0};
	enum err e = ERR_SYNTAX;

	if (gnutls_decode_rs_value(&sig, &r, &s) == 0) {
		e = pad(&r, out);
		if (e == ERR_OK)
			e = pad(&s, out + JWS_COORDINATE);
	}
	gnutls_free(r.data);
	gnutls_free(s.data);
	return e;
}

enum err
jws_mac(struct slice key, struct slice signing_input, struct buf *out)
{
	uint8_t mac[SHA256_SIZE];

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.p, key.n, signing_input.p,
		signing_input.n, mac) != 0)
		return ERR_TLS;
	return base64url_add(out, slice_of(mac, sizeof(mac)));
}

static enum err
sign_es256(struct keyring *k, const struct key_ref *key, struct slice input,
    struct buf *out)
{
	uint8_t raw[2 * JWS_COORDINATE];
	struct buf der;
	enum err e;

	buf_init(&der, SIGNATURE_MAX);
	e = keyring_sign_data(k, key, GNUTLS_SIGN_ECDSA_SHA256, 0, input, &der);
	if (e == ERR_OK)
		e = jws_signature_raw(buf_slice(&der), raw);
	if (e == ERR_OK)
		e = base64url_add(out, slice_of(raw, sizeof(raw)));
	buf_clear(&der);
	return e;
}

/* --- objects ------------------------------------------------------------- */

/* A JSON string with its quotes; URLs and nonces come from the CA. */
static void
add_quoted(struct buf *b, const char *value)
{
	json_t *j = json_string(value);

	if (j == NULL) /* not UTF-8: then it signs nothing, and is refused */
		j = json_string("");
	json_add(b, j);
	json_decref(j);
}

static void
add_member(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	add_quoted(b, value);
}

static void
add_head(struct buf *b, const char *algorithm, const struct jws_head *head)
{
	struct buf json;

	buf_init(&json, JWS_MAX);
	buf_printf(&json, "{\"alg\":\"%s\"", algorithm);
	if (head->kid != NULL) {
		add_member(&json, "kid", head->kid);
	} else {
		buf_add_str(&json, ",\"jwk\":");
		jwk_add(&json, head->jwk);
	}
	if (head->nonce != NULL)
		add_member(&json, "nonce", head->nonce);
	add_member(&json, "url", head->url);
	buf_add_char(&json, '}');
	base64url_add(b, buf_slice(&json));
	buf_clear(&json);
}

/* {"protected":..., "payload":..., "signature":...} from HEAD "." PAYLOAD and
 * the signature. */
static enum err
add_object(struct buf *out, struct slice input, struct slice signature)
{
	size_t dot = slice_find(input, '.');

	buf_add_str(out, "{\"protected\":\"");
	buf_add(out, slice_of(input.p, dot));
	buf_add_str(out, "\",\"payload\":\"");
	buf_add(out, slice_from(input, dot + 1));
	buf_add_str(out, "\",\"signature\":\"");
	buf_add(out, signature);
	return buf_add_str(out, "\"}");
}

enum err
jws_sign(struct keyring *k, const struct key_ref *key,
    const struct jws_head *head, struct slice payload, struct buf *out)
{
	struct buf input, signature;
	enum err e;

	buf_init(&input, JWS_MAX);
	buf_init(&signature, SIGNATURE_MAX);
	add_head(&input, "ES256", head);
	buf_add_char(&input, '.');
	e = base64url_add(&input, payload);
	if (e == ERR_OK)
		e = sign_es256(k, key, buf_slice(&input), &signature);
	if (e == ERR_OK)
		e = add_object(out, buf_slice(&input), buf_slice(&signature));
	buf_clear(&input);
	buf_clear(&signature);
	return e;
}

enum err
jws_bind(const char *kid, const char *mac_key, const char *url,
    const struct jwk *jwk, struct buf *out)
{
	const struct jws_head head = {.url = url, .kid = kid};
	struct buf input, key, signature, payload;
	enum err e;

	buf_init(&input, JWS_MAX);
	buf_init(&key, KEY_MAX);
	buf_init(&signature, SIGNATURE_MAX);
	buf_init(&payload, 512);
	add_head(&input, "HS256", &head);
	buf_add_char(&input, '.');
	jwk_add(&payload, jwk);
	base64url_add(&input, buf_slice(&payload));
	e = base64url_decode(slice_str(mac_key), &key);
	if (e == ERR_OK)
		e = jws_mac(buf_slice(&key), buf_slice(&input), &signature);
	if (e == ERR_OK)
		e = add_object(out, buf_slice(&input), buf_slice(&signature));
	buf_clear(&input);
	buf_wipe(&key);
	buf_clear(&signature);
	buf_clear(&payload);
	return e;
}
