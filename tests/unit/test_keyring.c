#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "certs/keyring.h"
#include "certs/remote_key.h"
#include "tests/unit/keys_child.h"
#include "tests/unit/test.h"

/* Signs with the remote key and verifies with its public key. */
static void
sign_and_verify(struct keys *k, const struct key_new *key, uint64_t id,
    gnutls_sign_algorithm_t algorithm)
{
	gnutls_datum_t data = {(unsigned char *)"to be signed", 12};
	gnutls_datum_t spki = {
	    (unsigned char *)buf_slice(&key->spki).p, (unsigned)key->spki.len};
	gnutls_datum_t signature;
	gnutls_pubkey_t public;
	struct remote_key *r;

	assert_int_equal(remote_key_new(k->keyring, id, buf_slice(&key->sealed),
			     key->key_type, &r),
	    ERR_OK);
	assert_int_equal(gnutls_privkey_sign_data2(remote_key_handle(r),
			     algorithm, 0, &data, &signature),
	    0);
	assert_int_equal(gnutls_pubkey_init(&public), 0);
	assert_int_equal(
	    gnutls_pubkey_import(public, &spki, GNUTLS_X509_FMT_DER), 0);
	assert_true(gnutls_pubkey_verify_data2(
			public, algorithm, 0, &data, &signature) >= 0);
	gnutls_free(signature.data);
	gnutls_pubkey_deinit(public);
	remote_key_free(r);
}

static void
a_key_is_made_and_signs_elsewhere(void **state)
{
	static const struct {
		const char *type;
		gnutls_sign_algorithm_t algorithm;
	} cases[] = {
	    {"ecdsa-p256", GNUTLS_SIGN_ECDSA_SHA256},
	    {"rsa-2048", GNUTLS_SIGN_RSA_PSS_RSAE_SHA256},
	    {"rsa-2048", GNUTLS_SIGN_RSA_SHA256},
	};
	struct keys k = {0};
	struct fault f = {0};

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key_new key;

		assert_int_equal(
		    keyring_make(k.keyring, KEY_TLS, cases[i].type, &key, &f),
		    ERR_OK);
		sign_and_verify(&k, &key, key.id, cases[i].algorithm);
		/* under another number it is loaded first, unseen */
		sign_and_verify(&k, &key, 1000 + i, cases[i].algorithm);
		key_new_clear(&key);
	}
	keys_end(&k);
}

static void
after_a_restart_the_key_is_loaded_again(void **state)
{
	struct keys k = {0};
	struct fault f = {0};
	struct key_new key;

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	assert_int_equal(
	    keyring_make(k.keyring, KEY_TLS, "ecdsa-p256", &key, &f), ERR_OK);
	sign_and_verify(&k, &key, 7, GNUTLS_SIGN_ECDSA_SHA256);
	keys_stop(&k);
	keys_start(&k, ROLE_CONTROL);
	sign_and_verify(&k, &key, 7, GNUTLS_SIGN_ECDSA_SHA256);
	key_new_clear(&key);
	keys_end(&k);
}

static void
an_imported_key_is_exported_as_it_was(void **state)
{
	struct keys k = {0};
	struct fault f = {0};
	struct key_new key, again;
	struct key_ref ref = {0};
	struct buf pem;

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	assert_int_equal(
	    keyring_make(k.keyring, KEY_TLS, "ecdsa-p256", &key, &f), ERR_OK);
	buf_init(&pem, 8192);
	ref = (struct key_ref){key.id, KEY_TLS, buf_slice(&key.sealed)};
	assert_int_equal(keyring_export(k.keyring, &ref, &pem, &f), ERR_OK);
	assert_int_equal(
	    keyring_import(k.keyring, KEY_TLS, buf_slice(&pem), "", &again, &f),
	    ERR_OK);
	assert_string_equal(again.key_type, "ecdsa-p256");
	assert_true(slice_eq(buf_slice(&again.spki), buf_slice(&key.spki)));
	/* a passphrase that nothing needs is no mistake */
	key_new_clear(&again);
	assert_int_equal(keyring_import(k.keyring, KEY_TLS, buf_slice(&pem),
			     "word", &again, &f),
	    ERR_OK);
	key_new_clear(&again);
	assert_int_equal(keyring_import(k.keyring, KEY_TLS, SLICE("garbage"),
			     "", &again, &f),
	    ERR_DENIED);
	assert_int_equal(f.code, FAULT_C40_KEY_UNREADABLE);
	key_new_clear(&again);
	key_new_clear(&key);
	buf_wipe(&pem);
	keys_end(&k);
}

static void
a_request_names_what_was_asked_for(void **state)
{
	static const char *const names[] = {"a.example", "b.example"};
	struct keys k = {0};
	struct fault f = {0};
	struct key_new key;
	struct key_ref ref;
	struct buf der;
	gnutls_x509_crq_t crq;
	gnutls_datum_t d;
	char text[256];
	size_t n = sizeof(text);

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	assert_int_equal(
	    keyring_make(k.keyring, KEY_TLS, "ecdsa-p256", &key, &f), ERR_OK);
	ref = (struct key_ref){key.id, KEY_TLS, buf_slice(&key.sealed)};
	buf_init(&der, 8192);
	assert_int_equal(
	    keyring_csr(k.keyring, &ref, "", names, 2, &der, &f), ERR_OK);
	d = (gnutls_datum_t){
	    (unsigned char *)buf_slice(&der).p, (unsigned)der.len};
	assert_int_equal(gnutls_x509_crq_init(&crq), 0);
	assert_int_equal(
	    gnutls_x509_crq_import(crq, &d, GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_x509_crq_verify(crq, 0), 0);
	assert_int_equal(gnutls_x509_crq_get_dn(crq, text, &n), 0);
	assert_string_equal(text, "CN=a.example");
	n = sizeof(text);
	assert_int_equal(
	    gnutls_x509_crq_get_subject_alt_name(crq, 1, text, &n, NULL, NULL),
	    GNUTLS_SAN_DNSNAME);
	assert_memory_equal(text, "b.example", 9);
	gnutls_x509_crq_deinit(crq);
	buf_clear(&der);
	key_new_clear(&key);
	keys_end(&k);
}

static void
a_worker_may_load_and_sign_and_nothing_else(void **state)
{
	struct keys control = {0}, worker = {0};
	struct fault f = {0};
	struct key_new tls, account, no;
	struct key_ref ref;
	struct buf signature;
	char hash[32] = "32 bytes of what looks like hash";

	(void)state;
	keys_start(&control, ROLE_CONTROL);
	assert_int_equal(
	    keyring_make(control.keyring, KEY_TLS, "ecdsa-p256", &tls, &f),
	    ERR_OK);
	assert_int_equal(keyring_make(control.keyring, KEY_ACCOUNT,
			     "ecdsa-p256", &account, &f),
	    ERR_OK);
	keys_start(&worker, ROLE_WORKER);
	buf_init(&signature, 4096);
	ref = (struct key_ref){1, KEY_TLS, buf_slice(&tls.sealed)};
	assert_int_equal(
	    keyring_sign_hash(worker.keyring, &ref, GNUTLS_SIGN_ECDSA_SHA256, 0,
		slice_of(hash, sizeof(hash)), &signature),
	    ERR_OK);
	/* free text is nothing that a TLS server signs */
	assert_int_equal(
	    keyring_sign_data(worker.keyring, &ref, GNUTLS_SIGN_ECDSA_SHA256, 0,
		SLICE("any text at all"), &signature),
	    ERR_DENIED);
	/* an account's key does not open, under neither purpose */
	ref = (struct key_ref){2, KEY_ACCOUNT, buf_slice(&account.sealed)};
	assert_int_equal(
	    keyring_sign_hash(worker.keyring, &ref, GNUTLS_SIGN_ECDSA_SHA256, 0,
		slice_of(hash, sizeof(hash)), &signature),
	    ERR_DENIED);
	ref.purpose = KEY_TLS;
	assert_int_equal(
	    keyring_sign_hash(worker.keyring, &ref, GNUTLS_SIGN_ECDSA_SHA256, 0,
		slice_of(hash, sizeof(hash)), &signature),
	    ERR_DENIED);
	/* making one costs the worker its channel */
	assert_int_equal(
	    keyring_make(worker.keyring, KEY_TLS, "ecdsa-p256", &no, &f),
	    ERR_CLOSED);
	assert_int_equal(f.code, FAULT_C37_KEYS_AWAY);
	key_new_clear(&no);
	buf_clear(&signature);
	key_new_clear(&tls);
	key_new_clear(&account);
	keys_end(&worker);
	keys_end(&control);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_is_made_and_signs_elsewhere),
	    cmocka_unit_test(after_a_restart_the_key_is_loaded_again),
	    cmocka_unit_test(an_imported_key_is_exported_as_it_was),
	    cmocka_unit_test(a_request_names_what_was_asked_for),
	    cmocka_unit_test(a_worker_may_load_and_sign_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
