#include <string.h>

#include "certs/prove.h"
#include "tests/unit/keys_child.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

#define HOST "www.example.com"

/* A chain of the leaf and its issuer; the caller frees it. */
static struct chain *
chain_of(const struct pki *leaf, const struct pki *issuer)
{
	struct certificate *list[] = {
	    pki_certificate(leaf), pki_certificate(issuer)};
	struct fault f = {0};
	struct chain *chain;

	assert_int_equal(
	    chain_build(list, 2, slice_of(NULL, 0), true, &chain, &f), ERR_OK);
	return chain;
}

static void
import(struct keys *k, const struct pki *of, struct key_new *out)
{
	struct fault f = {0};

	assert_int_equal(keyring_import(k->keyring, KEY_TLS,
			     slice_str(of->key_pem), "", out, &f),
	    ERR_OK);
}

static void
every_key_type_is_proved_on_both_versions(void **state)
{
	static const char *const types[] = {
	    "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "ed25519"};
	struct pki *root = pki_root("Root");
	struct keys k = {0};

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct pki_spec spec = {.name = HOST, .key_type = types[i]};
		struct pki *leaf = pki_make(&spec, root);
		struct chain *chain = chain_of(leaf, root);
		struct fault f = {0};
		struct key_new key;
		struct key_ref ref;

		import(&k, leaf, &key);
		ref = (struct key_ref){key.id, KEY_TLS, buf_slice(&key.sealed)};
		assert_int_equal(
		    prove(chain, k.keyring, &ref, HOST, 12, &f), ERR_OK);
		assert_int_equal(
		    prove(chain, k.keyring, &ref, HOST, 13, &f), ERR_OK);
		key_new_clear(&key);
		chain_free(chain);
		pki_free(leaf);
	}
	pki_free(root);
	keys_end(&k);
}

/* A worker's keys sign only what they must: it is enough for all of TLS. */
static void
a_workers_keys_sign_every_handshake(void **state)
{
	static const char *const types[] = {
	    "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "ed25519"};
	struct pki *root = pki_root("Root");
	struct keys control = {0}, worker = {0};

	(void)state;
	keys_start(&control, ROLE_CONTROL);
	keys_start(&worker, ROLE_WORKER);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct pki_spec spec = {.name = HOST, .key_type = types[i]};
		struct pki *leaf = pki_make(&spec, root);
		struct chain *chain = chain_of(leaf, root);
		struct fault f = {0};
		struct key_new key;
		struct key_ref ref;

		import(&control, leaf, &key);
		ref = (struct key_ref){i, KEY_TLS, buf_slice(&key.sealed)};
		if (prove(chain, worker.keyring, &ref, HOST, 12, &f) != ERR_OK)
			fail_msg("%s: %s", types[i], f.text);
		key_new_clear(&key);
		chain_free(chain);
		pki_free(leaf);
	}
	pki_free(root);
	keys_end(&worker);
	keys_end(&control);
}

static void
a_key_that_is_not_the_certificates_fails_the_proof(void **state)
{
	struct pki *root = pki_root("Root"), *leaf = pki_leaf(HOST, root),
		   *other = pki_leaf(HOST, root);
	struct chain *chain = chain_of(leaf, root);
	struct fault f = {0};
	struct key_new key;
	struct key_ref ref;
	struct keys k = {0};

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	import(&k, other, &key);
	ref = (struct key_ref){key.id, KEY_TLS, buf_slice(&key.sealed)};
	assert_int_equal(prove(chain, k.keyring, &ref, HOST, 12, &f), ERR_TLS);
	assert_int_equal(f.code, FAULT_C30_PROOF_FAILED);
	assert_true(strlen(f.text) > 20);
	key_new_clear(&key);
	chain_free(chain);
	pki_free(leaf);
	pki_free(other);
	pki_free(root);
	keys_end(&k);
}

static void
a_name_that_is_not_in_it_fails_the_proof(void **state)
{
	struct pki *root = pki_root("Root");
	struct pki *leaf = pki_leaf("*.example.com", root);
	struct chain *chain = chain_of(leaf, root);
	struct fault f = {0};
	struct key_new key;
	struct key_ref ref;
	struct keys k = {0};

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	import(&k, leaf, &key);
	ref = (struct key_ref){key.id, KEY_TLS, buf_slice(&key.sealed)};
	assert_int_equal(prove(chain, k.keyring, &ref, HOST, 12, &f), ERR_OK);
	assert_int_equal(
	    prove(chain, k.keyring, &ref, "*.example.com", 12, &f), ERR_OK);
	assert_int_equal(
	    prove(chain, k.keyring, &ref, "example.com", 12, &f), ERR_TLS);
	assert_int_equal(f.code, FAULT_C30_PROOF_FAILED);
	assert_non_null(strstr(f.text, "example.com"));
	key_new_clear(&key);
	chain_free(chain);
	pki_free(leaf);
	pki_free(root);
	keys_end(&k);
}

static void
a_key_that_keys_cannot_open_is_said_so(void **state)
{
	struct pki *root = pki_root("Root"), *leaf = pki_leaf(HOST, root);
	struct chain *chain = chain_of(leaf, root);
	struct key_ref ref = {1, KEY_TLS, SLICE("sealed")};
	struct fault f = {0};
	struct keys k = {0};

	(void)state;
	keys_start(&k, ROLE_CONTROL);
	assert_int_equal(
	    prove(chain, k.keyring, &ref, HOST, 12, &f), ERR_DENIED);
	assert_int_equal(f.code, FAULT_C40_KEY_UNREADABLE);
	chain_free(chain);
	pki_free(leaf);
	pki_free(root);
	keys_end(&k);
}

static void
without_keys_there_is_no_proof(void **state)
{
	struct pki *root = pki_root("Root"), *leaf = pki_leaf(HOST, root);
	struct chain *chain = chain_of(leaf, root);
	struct key_ref ref = {1, KEY_TLS, SLICE("sealed")};
	struct keyring *away = keyring_new(100);
	struct fault f = {0};

	(void)state;
	assert_int_equal(prove(chain, away, &ref, HOST, 12, &f), ERR_CLOSED);
	assert_int_equal(f.code, FAULT_C37_KEYS_AWAY);
	keyring_free(away);
	chain_free(chain);
	pki_free(leaf);
	pki_free(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_key_type_is_proved_on_both_versions),
	    cmocka_unit_test(a_workers_keys_sign_every_handshake),
	    cmocka_unit_test(
		a_key_that_is_not_the_certificates_fails_the_proof),
	    cmocka_unit_test(a_name_that_is_not_in_it_fails_the_proof),
	    cmocka_unit_test(a_key_that_keys_cannot_open_is_said_so),
	    cmocka_unit_test(without_keys_there_is_no_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
