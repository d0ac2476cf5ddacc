#include <stdlib.h>

#include "admin-tui/upload_body.h"
#include "base/mem.h"
#include "certs/x509/bundle.h"
#include "certs/x509/pem.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

struct world {
	struct pki *root, *leaf;
	struct upload_body body;
	struct fault f;
};

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->root = pki_root("Root");
	w->leaf = pki_leaf("www.example.com", w->root);
	upload_body_init(&w->body);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	upload_body_clear(&w->body);
	pki_free(w->leaf);
	pki_free(w->root);
	free(w);
	return 0;
}

static void
add(struct world *w, struct slice file)
{
	assert_int_equal(upload_body_add(&w->body, file, "it", &w->f), ERR_OK);
}

static bool
has(struct slice text, const char *word)
{
	return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void
der_and_pem_become_one_text_in_order(void **state)
{
	struct world *w = *state;
	struct slice text;
	const char *key, *root;

	add(w, w->leaf->der);
	add(w, w->leaf->key_der);
	add(w, slice_str(w->root->pem));
	text = upload_body_certificate(&w->body);
	assert_true(slice_starts_with(text, slice_str(w->leaf->pem)));
	key = memmem(text.p, text.n, "-----BEGIN PRIVATE KEY-----", 27);
	root = memmem(text.p, text.n, w->root->pem, strlen(w->root->pem));
	assert_non_null(key);
	assert_non_null(root);
	assert_true(key < root);
	assert_int_equal(upload_body_chain(&w->body).n, 0);
}

/* As the console's clipboards, Windows' editors and mailers have it. */
static void
texts_in_other_encodings_are_read(void **state)
{
	struct world *w = *state;
	struct buf text;

	buf_init(&text, 64 * 1024);
	(void)buf_add(&text, SLICE("\xff\xfe"));
	for (const char *p = w->leaf->pem; *p != '\0'; p++) {
		(void)buf_add_char(&text, *p);
		(void)buf_add_char(&text, '\0');
	}
	add(w, buf_slice(&text));
	buf_reset(&text);
	base64_add(&text, w->root->der);
	add(w, buf_slice(&text));
	buf_clear(&text);
	assert_true(has(upload_body_certificate(&w->body), w->leaf->pem));
	assert_true(has(upload_body_certificate(&w->body), w->root->pem));
}

static void
a_pkcs12_is_sent_as_it_is_and_only_one(void **state)
{
	struct world *w = *state;
	struct slice p12 = pki_pkcs12(w->leaf, NULL, "open");

	add(w, slice_str(w->root->pem));
	add(w, p12);
	assert_true(has(upload_body_chain(&w->body), w->root->pem));
	assert_true(
	    slice_starts_with(upload_body_certificate(&w->body), SLICE("MI")));
	assert_int_equal(
	    upload_body_add(&w->body, p12, "other.p12", &w->f), ERR_SYNTAX);
	assert_non_null(strstr(w->f.text, "other.p12"));
	free((void *)p12.p);
}

static void
a_request_stays_one_for_the_daemon_to_tell(void **state)
{
	struct world *w = *state;
	char *request = pki_request(w->leaf);

	add(w, slice_str(request));
	assert_true(has(upload_body_certificate(&w->body),
	    "-----BEGIN CERTIFICATE REQUEST-----"));
	free(request);
}

static void
what_is_of_no_use_is_told_with_its_name(void **state)
{
	struct world *w = *state;
	char *key = pki_public_key(w->leaf);

	assert_int_equal(
	    upload_body_add(&w->body, slice_str(key), "pub.pem", &w->f),
	    ERR_SYNTAX);
	assert_int_equal(w->f.code, FAULT_C18_NOT_RECOGNISED);
	assert_non_null(strstr(w->f.text, "pub.pem"));
	assert_non_null(strstr(w->f.text, "the private key is needed"));
	free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		der_and_pem_become_one_text_in_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		texts_in_other_encodings_are_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_pkcs12_is_sent_as_it_is_and_only_one, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_request_stays_one_for_the_daemon_to_tell, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_is_of_no_use_is_told_with_its_name, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
