#include <stdlib.h>

#include <gnutls/crypto.h>

#include "acme/jws.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* RFC 7515, appendix A.1. */
#define A1_KEY                                                                 \
	"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4h" \
	"cgUuTwjAzZr1Z9CAow"
#define A1_INPUT                                                               \
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."                            \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl" \
	"LmNvbS9pc19yb290Ijp0cnVlfQ"
#define A1_MAC "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

/* RFC 7515, appendix A.3. */
#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_SIGNATURE                                                           \
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ" \
	"xfKTUJqPP3-Kg6NU1Q"

/* SHA-256 of its JWK, worked out by another program. */
#define A3_THUMBPRINT  "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

#define SPKI_HEAD_SIZE 27

static void
decode(const char *text, void *out, size_t n)
{
	struct buf b;

	buf_init(&b, 4096);
	assert_int_equal(base64url_decode(slice_str(text), &b), ERR_OK);
	assert_int_equal(b.len, n);
	memcpy(out, buf_slice(&b).p, n);
	buf_clear(&b);
}

static struct jwk
a3_key(void)
{
	struct jwk key;

	decode(A3_X, key.x, sizeof(key.x));
	decode(A3_Y, key.y, sizeof(key.y));
	return key;
}

static void
base64url_is_that_of_rfc_7515(void **state)
{
	static const struct {
		struct slice bytes;
		const char *text;
	} cases[] = {
	    {{"", 0}, ""}, {{"f", 1}, "Zg"}, {{"fo", 2}, "Zm8"},
	    {{"foo", 3}, "Zm9v"}, {{"foob", 4}, "Zm9vYg"},
	    {{"\xff\xef\xbe", 3}, "_---"},
	    {{"\x03\xec\xff\xe0\xc1", 5}, "A-z_4ME"}, /* appendix C */
	};
	struct buf b, back;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		buf_init(&b, 64);
		buf_init(&back, 64);
		base64url_add(&b, cases[i].bytes);
		assert_true(slice_eq(buf_slice(&b), slice_str(cases[i].text)));
		assert_int_equal(
		    base64url_decode(buf_slice(&b), &back), ERR_OK);
		assert_true(slice_eq(buf_slice(&back), cases[i].bytes));
		buf_clear(&b);
		buf_clear(&back);
	}
}

static void
what_is_not_base64url_is_refused(void **state)
{
	static const struct slice cases[] = {
	    {"Zg==", 4}, {"Z", 1}, {"a+b/", 4}, {"Zm9 v", 5}, {"Zm\0v", 4}};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		buf_init(&b, 64);
		assert_int_equal(base64url_decode(cases[i], &b), ERR_SYNTAX);
		buf_clear(&b);
	}
}

static void
mac_is_that_of_appendix_a1(void **state)
{
	char key[64];
	struct buf b;

	(void)state;
	decode(A1_KEY, key, sizeof(key));
	buf_init(&b, 64);
	assert_int_equal(
	    jws_mac(slice_of(key, sizeof(key)), SLICE(A1_INPUT), &b), ERR_OK);
	assert_true(slice_eq(buf_slice(&b), SLICE(A1_MAC)));
	buf_clear(&b);
}

static void
jwk_is_written_in_the_order_that_is_hashed(void **state)
{
	struct jwk key = a3_key();
	char thumbprint[JWS_THUMB_SIZE];
	struct buf b;

	(void)state;
	buf_init(&b, 512);
	jwk_add(&b, &key);
	assert_true(slice_eq(buf_slice(&b),
	    SLICE("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" A3_X
		  "\",\"y\":\"" A3_Y "\"}")));
	buf_clear(&b);
	assert_string_equal(jwk_thumbprint(&key, thumbprint), A3_THUMBPRINT);
}

static void
key_authorization_is_token_and_thumbprint(void **state)
{
	struct jwk key = a3_key();
	char *text = jws_key_authorization(&key, "tok-en");

	(void)state;
	assert_string_equal(text, "tok-en." A3_THUMBPRINT);
	free(text);
}

static void
spki_of(const struct jwk *key, char out[SPKI_HEAD_SIZE + 64])
{
	static const unsigned char head[SPKI_HEAD_SIZE] = {0x30, 0x59, 0x30,
	    0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42,
	    0x00, 0x04};

	memcpy(out, head, sizeof(head));
	memcpy(out + SPKI_HEAD_SIZE, key->x, 32);
	memcpy(out + SPKI_HEAD_SIZE + 32, key->y, 32);
}

static void
public_key_is_read_with_its_leading_zeros(void **state)
{
	struct jwk key = a3_key(), read;
	char spki[SPKI_HEAD_SIZE + 64];

	(void)state;
	key.x[0] = 0;
	key.y[0] = key.y[1] = 0;
	spki_of(&key, spki);
	assert_int_equal(jwk_read(slice_of(spki, sizeof(spki)), &read), ERR_OK);
	assert_memory_equal(&read, &key, sizeof(key));
}

static void
any_other_public_key_is_refused(void **state)
{
	struct jwk key = a3_key(), read;
	char spki[SPKI_HEAD_SIZE + 64];

	(void)state;
	spki_of(&key, spki);
	assert_int_equal(
	    jwk_read(slice_of(spki, sizeof(spki) - 1), &read), ERR_SYNTAX);
	spki[SPKI_HEAD_SIZE - 1] = 0x02; /* a compressed point */
	assert_int_equal(
	    jwk_read(slice_of(spki, sizeof(spki)), &read), ERR_SYNTAX);
	assert_int_equal(jwk_read(SLICE(""), &read), ERR_SYNTAX);
}

/* The ASN.1 that GnuTLS makes of R and S. */
static void
encode_rs(const uint8_t *r, size_t r_len, const uint8_t *s, size_t s_len,
    gnutls_datum_t *out)
{
	gnutls_datum_t rd = {(unsigned char *)r, (unsigned)r_len};
	gnutls_datum_t sd = {(unsigned char *)s, (unsigned)s_len};

	assert_int_equal(gnutls_encode_rs_value(out, &rd, &sd), 0);
}

static void
signature_of_appendix_a3_comes_back_from_asn1(void **state)
{
	uint8_t raw[64], back[64];
	gnutls_datum_t der;

	(void)state;
	decode(A3_SIGNATURE, raw, sizeof(raw));
	/* S has its top bit set: ASN.1 puts a zero in front */
	encode_rs(raw, 32, raw + 32, 32, &der);
	assert_true(der.size > 70);
	assert_int_equal(
	    jws_signature_raw(slice_of(der.data, der.size), back), ERR_OK);
	assert_memory_equal(raw, back, sizeof(raw));
	gnutls_free(der.data);
}

static void
short_numbers_are_padded_on_the_left(void **state)
{
	static const uint8_t r[] = {0x12}, s[] = {0xff, 0x01};
	uint8_t raw[64], expected[64] = {0};
	gnutls_datum_t der;

	(void)state;
	expected[31] = 0x12;
	expected[62] = 0xff;
	expected[63] = 0x01;
	encode_rs(r, sizeof(r), s, sizeof(s), &der);
	assert_int_equal(
	    jws_signature_raw(slice_of(der.data, der.size), raw), ERR_OK);
	assert_memory_equal(raw, expected, sizeof(raw));
	gnutls_free(der.data);
}

static void
signature_too_wide_or_broken_is_refused(void **state)
{
	uint8_t wide[33] = {1}, raw[64];
	gnutls_datum_t der;

	(void)state;
	encode_rs(wide, sizeof(wide), wide, sizeof(wide), &der);
	assert_int_equal(
	    jws_signature_raw(slice_of(der.data, der.size), raw), ERR_SYNTAX);
	gnutls_free(der.data);
	assert_int_equal(
	    jws_signature_raw(SLICE("0\6\2\1\1\2\1"), raw), ERR_SYNTAX);
}

static json_t *
part_of(const json_t *object, const char *name)
{
	struct buf b;
	json_t *part;

	buf_init(&b, 4096);
	assert_int_equal(
	    base64url_decode(slice_str(json_str(object, name)), &b), ERR_OK);
	assert_int_equal(json_parse(buf_slice(&b), &part, NULL), ERR_OK);
	buf_clear(&b);
	return part;
}

static void
binding_is_the_key_under_the_cas_mac(void **state)
{
	struct jwk key = a3_key();
	char mac_key[64], *input;
	struct buf out, mac;
	json_t *object, *head, *payload;

	(void)state;
	buf_init(&out, JWS_MAX);
	assert_int_equal(jws_bind("kid \"1\"", A1_KEY,
			     "https://ca.test/new-account", &key, &out),
	    ERR_OK);
	assert_int_equal(json_parse(buf_slice(&out), &object, NULL), ERR_OK);
	head = part_of(object, "protected");
	assert_string_equal(json_str(head, "alg"), "HS256");
	assert_string_equal(json_str(head, "kid"), "kid \"1\"");
	assert_string_equal(
	    json_str(head, "url"), "https://ca.test/new-account");
	assert_null(json_object_get(head, "nonce"));
	payload = part_of(object, "payload");
	assert_string_equal(json_str(payload, "x"), A3_X);
	input = xasprintf("%s.%s", json_str(object, "protected"),
	    json_str(object, "payload"));
	decode(A1_KEY, mac_key, sizeof(mac_key));
	buf_init(&mac, 64);
	assert_int_equal(
	    jws_mac(slice_of(mac_key, sizeof(mac_key)), slice_str(input), &mac),
	    ERR_OK);
	assert_true(slice_eq(
	    buf_slice(&mac), slice_str(json_str(object, "signature"))));
	free(input);
	buf_clear(&mac);
	buf_clear(&out);
	json_decref(head);
	json_decref(payload);
	json_decref(object);
}

static void
binding_with_a_broken_mac_key_is_refused(void **state)
{
	struct jwk key = a3_key();
	struct buf out;

	(void)state;
	buf_init(&out, JWS_MAX);
	assert_int_equal(
	    jws_bind("kid", "not base64url!", "https://ca.test/", &key, &out),
	    ERR_SYNTAX);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64url_is_that_of_rfc_7515),
	    cmocka_unit_test(what_is_not_base64url_is_refused),
	    cmocka_unit_test(mac_is_that_of_appendix_a1),
	    cmocka_unit_test(jwk_is_written_in_the_order_that_is_hashed),
	    cmocka_unit_test(key_authorization_is_token_and_thumbprint),
	    cmocka_unit_test(public_key_is_read_with_its_leading_zeros),
	    cmocka_unit_test(any_other_public_key_is_refused),
	    cmocka_unit_test(signature_of_appendix_a3_comes_back_from_asn1),
	    cmocka_unit_test(short_numbers_are_padded_on_the_left),
	    cmocka_unit_test(signature_too_wide_or_broken_is_refused),
	    cmocka_unit_test(binding_is_the_key_under_the_cas_mac),
	    cmocka_unit_test(binding_with_a_broken_mac_key_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
