#include "certs/key_store.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

static struct pki *root;

static int
set_up(void **state)
{
	(void)state;
	root = pki_root("Root");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_free(root);
	return 0;
}

static gnutls_privkey_t
handle(void)
{
	struct fault f = {0};
	gnutls_privkey_t h;

	assert_int_equal(key_open_pkcs8(root->key_der, &h, &f), ERR_OK);
	return h;
}

static void
a_key_is_found_by_its_number(void **state)
{
	struct key_store *ks = key_store_new();
	gnutls_privkey_t one = handle(), other = handle();

	(void)state;
	(void)key_store_put(ks, 1, KEY_TLS, one);
	(void)key_store_put(ks, UINT64_MAX, KEY_ACCOUNT, other);
	assert_ptr_equal(key_store_get(ks, 1)->handle, one);
	assert_int_equal(key_store_get(ks, UINT64_MAX)->purpose, KEY_ACCOUNT);
	assert_null(key_store_get(ks, 2));
	key_store_free(ks);
}

static void
a_number_used_again_has_the_later_key(void **state)
{
	struct key_store *ks = key_store_new();
	gnutls_privkey_t later = handle();

	(void)state;
	(void)key_store_put(ks, 1, KEY_TLS, handle());
	(void)key_store_put(ks, 1, KEY_TLS, later);
	assert_ptr_equal(key_store_get(ks, 1)->handle, later);
	key_store_drop(ks, 1);
	key_store_drop(ks, 1);
	assert_null(key_store_get(ks, 1));
	key_store_free(ks);
}

static void
the_least_recently_used_one_goes(void **state)
{
	struct key_store *ks = key_store_new();

	(void)state;
	for (uint64_t id = 0; id < KEY_STORE_MAX; id++)
		(void)key_store_put(ks, id, KEY_TLS, handle());
	assert_non_null(key_store_get(ks, 0));
	(void)key_store_put(ks, KEY_STORE_MAX, KEY_TLS, handle());
	assert_null(key_store_get(ks, 1));
	assert_non_null(key_store_get(ks, 0));
	assert_non_null(key_store_get(ks, 2));
	assert_non_null(key_store_get(ks, KEY_STORE_MAX));
	key_store_free(ks);
}

static void
a_trim_leaves_the_most_recently_used(void **state)
{
	struct key_store *ks = key_store_new();

	(void)state;
	for (uint64_t id = 0; id < 5; id++)
		(void)key_store_put(ks, id, KEY_TLS, handle());
	assert_non_null(key_store_get(ks, 0));
	key_store_trim(ks, 2);
	assert_non_null(key_store_get(ks, 0));
	assert_null(key_store_get(ks, 3));
	assert_non_null(key_store_get(ks, 4));
	key_store_free(ks);
}

/* What is sealed is what a certificate of the key has. */
static void
a_key_is_written_as_it_was_read(void **state)
{
	struct certificate *c = pki_certificate(root);
	struct fault f = {0};
	struct buf der, spki;
	gnutls_privkey_t h = handle();

	(void)state;
	buf_init(&der, 4096);
	buf_init(&spki, 4096);
	assert_int_equal(key_save_pkcs8(h, &der), ERR_OK);
	assert_int_equal(key_public(h, &spki), ERR_OK);
	assert_true(slice_eq(buf_slice(&der), root->key_der));
	assert_true(slice_eq(buf_slice(&spki), c->spki));
	gnutls_privkey_deinit(h);
	assert_int_equal(key_open_pkcs8(SLICE("garbage"), &h, &f), ERR_SYNTAX);
	assert_int_equal(f.code, FAULT_C40_KEY_UNREADABLE);
	buf_wipe(&der);
	buf_clear(&spki);
	certificate_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_is_found_by_its_number),
	    cmocka_unit_test(a_number_used_again_has_the_later_key),
	    cmocka_unit_test(the_least_recently_used_one_goes),
	    cmocka_unit_test(a_trim_leaves_the_most_recently_used),
	    cmocka_unit_test(a_key_is_written_as_it_was_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
