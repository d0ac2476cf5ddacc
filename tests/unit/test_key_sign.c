#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "base/mem.h"
#include "certs/key_sign.h"
#include "certs/key_store.h"
#include "certs/x509/key_type.h"
#include "tests/unit/test.h"

static gnutls_privkey_t
make(const char *type)
{
	struct key_type t;
	gnutls_privkey_t key;

	assert_true(key_type_parse(type, &t));
	assert_int_equal(gnutls_privkey_init(&key), 0);
	assert_int_equal(gnutls_privkey_generate(key, t.pk,
			     t.curve == GNUTLS_ECC_CURVE_INVALID
				 ? t.bits
				 : (unsigned)GNUTLS_CURVE_TO_BITS(t.curve),
			     0),
	    0);
	return key;
}

static struct key_signer *
open_signer(gnutls_privkey_t key)
{
	struct key_signer *s;
	struct buf der;

	buf_init(&der, 16384);
	assert_int_equal(key_save_pkcs8(key, &der), ERR_OK);
	s = key_signer_new(buf_slice(&der));
	buf_wipe(&der);
	return s;
}

/* Signs, and GnuTLS verifies. */
static void
sign_and_verify(
    gnutls_privkey_t key, struct key_signer *s, gnutls_sign_algorithm_t how)
{
	gnutls_digest_algorithm_t digest = gnutls_sign_get_hash_algorithm(how);
	unsigned char hash[64];
	gnutls_datum_t h = {hash, (unsigned)gnutls_hash_get_len(digest)}, d;
	gnutls_pubkey_t public;
	struct buf signature;

	assert_int_equal(gnutls_hash_fast(digest, "words", 5, hash), 0);
	buf_init(&signature, 4096);
	assert_int_equal(
	    key_signer_sign(s, how, slice_of(hash, h.size), &signature),
	    ERR_OK);
	assert_int_equal(gnutls_pubkey_init(&public), 0);
	assert_int_equal(gnutls_pubkey_import_privkey(public, key, 0, 0), 0);
	d = (gnutls_datum_t){
	    (unsigned char *)buf_slice(&signature).p, (unsigned)signature.len};
	assert_true(gnutls_pubkey_verify_hash2(public, how, 0, &h, &d) >= 0);
	hash[0] ^= 1;
	assert_true(gnutls_pubkey_verify_hash2(public, how, 0, &h, &d) < 0);
	gnutls_pubkey_deinit(public);
	buf_clear(&signature);
}

static void
what_is_signed_gnutls_verifies(void **state)
{
	static const struct {
		const char *type;
		gnutls_sign_algorithm_t how[8];
	} cases[] = {
	    {"rsa-2048",
		{GNUTLS_SIGN_RSA_PSS_RSAE_SHA256,
		    GNUTLS_SIGN_RSA_PSS_RSAE_SHA384,
		    GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, GNUTLS_SIGN_RSA_SHA256,
		    GNUTLS_SIGN_RSA_SHA384, GNUTLS_SIGN_RSA_SHA512}},
	    {"rsa-3072", {GNUTLS_SIGN_RSA_PSS_RSAE_SHA256}},
	    {"ecdsa-p256",
		{GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, GNUTLS_SIGN_ECDSA_SHA256,
		    GNUTLS_SIGN_ECDSA_SHA384, GNUTLS_SIGN_ECDSA_SHA512}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		gnutls_privkey_t key = make(cases[i].type);
		struct key_signer *s = open_signer(key);

		assert_non_null(s);
		/* twice: each after itself, and after each other */
		for (size_t n = 0; cases[i].how[n] != 0; n++) {
			sign_and_verify(key, s, cases[i].how[n]);
			sign_and_verify(key, s, cases[i].how[n]);
			sign_and_verify(key, s, cases[i].how[0]);
		}
		key_signer_free(s);
		gnutls_privkey_deinit(key);
	}
}

static void
a_digest_info_is_signed_as_it_is(void **state)
{
	static const char info[] =
	    "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05"
	    "\x00\x04\x20"
	    "0123456789abcdef0123456789abcdef";
	gnutls_privkey_t key = make("rsa-2048");
	struct key_signer *s = open_signer(key);
	gnutls_datum_t hash = {(unsigned char *)info + 19, 32}, d;
	gnutls_pubkey_t public;
	struct buf signature;

	(void)state;
	buf_init(&signature, 4096);
	assert_int_equal(key_signer_sign(s, GNUTLS_SIGN_RSA_RAW,
			     slice_of(info, sizeof(info) - 1), &signature),
	    ERR_OK);
	assert_int_equal(gnutls_pubkey_init(&public), 0);
	assert_int_equal(gnutls_pubkey_import_privkey(public, key, 0, 0), 0);
	d = (gnutls_datum_t){
	    (unsigned char *)buf_slice(&signature).p, (unsigned)signature.len};
	assert_true(gnutls_pubkey_verify_hash2(
			public, GNUTLS_SIGN_RSA_SHA256, 0, &hash, &d) >= 0);
	gnutls_pubkey_deinit(public);
	buf_clear(&signature);
	key_signer_free(s);
	gnutls_privkey_deinit(key);
}

static void
other_kinds_of_keys_stay_with_gnutls(void **state)
{
	static const char *const types[] = {"ecdsa-p384", "ed25519"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		gnutls_privkey_t key = make(types[i]);

		assert_null(open_signer(key));
		gnutls_privkey_deinit(key);
	}
	assert_null(key_signer_new(SLICE("garbage")));
	assert_null(key_signer_new(SLICE("")));
}

static void
an_algorithm_of_another_kind_is_refused(void **state)
{
	gnutls_privkey_t key = make("ecdsa-p256");
	struct key_signer *s = open_signer(key);
	struct buf signature;

	(void)state;
	buf_init(&signature, 4096);
	assert_int_equal(
	    key_signer_sign(s, GNUTLS_SIGN_RSA_SHA256,
		SLICE("0123456789abcdef0123456789abcdef"), &signature),
	    ERR_NOT_FOUND);
	assert_int_equal(
	    key_signer_sign(s, GNUTLS_SIGN_EDDSA_ED25519,
		SLICE("0123456789abcdef0123456789abcdef"), &signature),
	    ERR_NOT_FOUND);
	assert_int_equal(signature.len, 0);
	buf_clear(&signature);
	key_signer_free(s);
	gnutls_privkey_deinit(key);
}

static void
a_hash_of_another_length_is_not_signed(void **state)
{
	gnutls_privkey_t key = make("rsa-2048");
	struct key_signer *s = open_signer(key);
	struct buf signature;

	(void)state;
	buf_init(&signature, 4096);
	assert_int_equal(key_signer_sign(s, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256,
			     SLICE("short"), &signature),
	    ERR_TLS);
	assert_int_equal(signature.len, 0);
	buf_clear(&signature);
	key_signer_free(s);
	gnutls_privkey_deinit(key);
}

static int
set_up(void **state)
{
	(void)state;
	key_signing_set_up();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_signed_gnutls_verifies),
	    cmocka_unit_test(a_digest_info_is_signed_as_it_is),
	    cmocka_unit_test(other_kinds_of_keys_stay_with_gnutls),
	    cmocka_unit_test(an_algorithm_of_another_kind_is_refused),
	    cmocka_unit_test(a_hash_of_another_length_is_not_signed),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
