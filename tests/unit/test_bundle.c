#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "certs/x509/bundle.h"
#include "certs/x509/pem.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

struct world {
	struct pki *root, *ca, *leaf;
	struct bundle bundle;
	struct fault f;
};

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->root = pki_root("Root");
	w->ca = pki_ca("Intermediate", w->root);
	w->leaf = pki_leaf("www.example.com", w->ca);
	bundle_init(&w->bundle);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	bundle_clear(&w->bundle);
	pki_free(w->leaf);
	pki_free(w->ca);
	pki_free(w->root);
	free(w);
	return 0;
}

static enum err
add(struct world *w, struct slice file)
{
	fault_clear(&w->f);
	return bundle_add(&w->bundle, file, "it.pem", &w->f);
}

/* Takes text. */
static enum err
add_text(struct world *w, char *text)
{
	enum err e = add(w, slice_str(text));

	free(text);
	return e;
}

static void
pem_blocks_are_found_anywhere_in_a_text(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    add_text(w,
		xasprintf("\xef\xbb\xbfSubject: CN=x\n  %s\r\nrubbish: ----- "
			  "BEGIN\n%s\n-----BEGIN\n%s the end",
		    w->leaf->pem, w->leaf->key_pem, w->ca->pem)),
	    ERR_OK);
	assert_int_equal(w->bundle.n, 3);
	assert_int_equal(w->bundle.items[0].kind, BUNDLE_CERTIFICATE);
	assert_string_equal(
	    w->bundle.items[0].certificate->common_name, "www.example.com");
	assert_int_equal(w->bundle.items[1].kind, BUNDLE_KEY);
	assert_true(
	    slice_eq(w->bundle.items[1].bytes, slice_str(w->leaf->key_pem)));
	assert_string_equal(
	    w->bundle.items[2].certificate->common_name, "Intermediate");
}

/* The text with each line end replaced and each line indented. */
static char *
mangle(const char *text, const char *line_end, const char *indent)
{
	struct slice rest = slice_str(text), line;
	struct buf out;

	buf_init(&out, BUNDLE_MAX);
	while (slice_cut(&rest, '\n', &line)) {
		buf_add_str(&out, indent);
		buf_add(&out, line);
		buf_add_str(&out, line_end);
	}
	return buf_take(&out);
}

static void
what_editors_do_to_pem_is_undone(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *line_end, *indent;
	} cases[] = {{"\r\n", ""}, {"\r", ""}, {"\n", "    "}, {" \t\n", ""},
	    {"\\n", ""}, {"\\r\\n", ""}, {"\n\n", ""}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    add_text(w, mangle(w->leaf->key_pem, cases[i].line_end,
				    cases[i].indent)),
		    ERR_OK);
		assert_int_equal(w->bundle.n, 1);
		assert_true(slice_eq(
		    w->bundle.items[0].bytes, slice_str(w->leaf->key_pem)));
		bundle_clear(&w->bundle);
	}
}

static void
notepads_unicode_is_read(void **state)
{
	struct world *w = *state;
	size_t n = strlen(w->leaf->pem);

	for (int big = 0; big < 2; big++) {
		char *text = xmalloc(2 * n + 2);

		text[0] = big ? '\xfe' : '\xff';
		text[1] = big ? '\xff' : '\xfe';
		for (size_t i = 0; i < n; i++) {
			text[2 + 2 * i + big] = w->leaf->pem[i];
			text[2 + 2 * i + !big] = '\0';
		}
		assert_int_equal(add(w, slice_of(text, 2 * n + 2)), ERR_OK);
		free(text);
	}
	assert_int_equal(w->bundle.n, 2);
}

static void
der_is_recognised_by_content(void **state)
{
	struct world *w = *state;
	const struct pki *issuers[] = {w->ca, NULL};
	struct slice p12 = pki_pkcs12(w->leaf, issuers, "secret");

	assert_int_equal(add(w, w->leaf->der), ERR_OK);
	assert_int_equal(add(w, w->leaf->key_der), ERR_OK);
	assert_int_equal(add(w, p12), ERR_OK);
	assert_int_equal(w->bundle.n, 3);
	assert_int_equal(w->bundle.items[0].kind, BUNDLE_CERTIFICATE);
	assert_int_equal(w->bundle.items[1].kind, BUNDLE_KEY);
	assert_int_equal(w->bundle.items[2].kind, BUNDLE_PKCS12);
	assert_true(slice_eq(w->bundle.items[2].bytes, p12));
	free((void *)p12.p);
}

static void
der_may_be_written_in_base64(void **state)
{
	struct world *w = *state;
	struct slice p12 = pki_pkcs12(w->leaf, NULL, "secret");
	struct buf text;
	struct slice body;

	buf_init(&text, BUNDLE_MAX);
	pem_write(&text, SLICE("X"), SLICE(""), p12);
	body = buf_slice(&text);
	body = slice_of(body.p + 18, body.n - 18 - 16);
	assert_int_equal(add(w, body), ERR_OK);
	assert_int_equal(w->bundle.items[0].kind, BUNDLE_PKCS12);
	assert_true(slice_eq(w->bundle.items[0].bytes, p12));
	buf_clear(&text);
	free((void *)p12.p);
}

static void
encrypted_keys_stay_closed(void **state)
{
	struct world *w = *state;
	char *old = xasprintf("-----BEGIN EC PRIVATE KEY-----\r\n"
			      "Proc-Type: 4,ENCRYPTED\r\n"
			      "DEK-Info: AES-128-CBC,0011\r\n\r\n"
			      "AAECAwQF\r\n"
			      "-----END EC PRIVATE KEY-----\r\n");

	assert_int_equal(
	    add_text(w, pki_encrypted_key(w->leaf, "secret")), ERR_OK);
	assert_int_equal(w->bundle.items[0].kind, BUNDLE_ENCRYPTED_KEY);
	assert_int_equal(add_text(w, old), ERR_OK);
	assert_int_equal(w->bundle.items[1].kind, BUNDLE_ENCRYPTED_KEY);
	assert_true(slice_eq(w->bundle.items[1].bytes,
	    SLICE("-----BEGIN EC PRIVATE KEY-----\n"
		  "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n"
		  "AAECAwQF\n-----END EC PRIVATE KEY-----\n")));
}

static void
parameters_and_public_keys_beside_a_key_do_no_harm(void **state)
{
	struct world *w = *state;
	char *public_key = pki_public_key(w->leaf);

	assert_int_equal(
	    add_text(
		w, xasprintf("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
			     "-----END EC PARAMETERS-----\n%s%s",
		       w->leaf->key_pem, public_key)),
	    ERR_OK);
	assert_int_equal(w->bundle.n, 1);
	free(public_key);
}

static void
each_wrong_file_has_its_sentence(void **state)
{
	struct world *w = *state;
	char *public_key = pki_public_key(w->leaf);
	char *cut = xstrdup_slice(slice_of(w->leaf->pem, 200));
	char *damaged = xstrdup(w->leaf->pem);
	char *worse = xstrdup(w->leaf->pem);
	char *big = xcalloc(1, BUNDLE_MAX + 1);
	const struct {
		struct slice file;
		enum fault_code code;
		const char *text;
	} cases[] = {
	    {SLICE(""), FAULT_C19_EMPTY, "empty"},
	    {SLICE(" \r\n\t"), FAULT_C19_EMPTY, "empty"},
	    {slice_of(big, BUNDLE_MAX + 1), FAULT_C20_TOO_BIG, "larger"},
	    {SLICE("<!DOCTYPE html><html>"), FAULT_C18_NOT_RECOGNISED, "HTML"},
	    {SLICE("hello world"), FAULT_C18_NOT_RECOGNISED, "neither"},
	    {SLICE("\x00\x01\x02\x03"), FAULT_C18_NOT_RECOGNISED, "neither"},
	    {SLICE("0\x82\xff\xff\x00"), FAULT_C18_NOT_RECOGNISED, "neither"},
	    {SLICE("PK\x03\x04zip"), FAULT_C18_NOT_RECOGNISED, "ZIP"},
	    {SLICE("\xfe\xed\xfe\xed\0\0"), FAULT_C18_NOT_RECOGNISED, "Java"},
	    {SLICE("QUJDRA=="), FAULT_C18_NOT_RECOGNISED, "neither"},
	    {slice_str(public_key), FAULT_C18_NOT_RECOGNISED, "public key"},
	    {slice_str(cut), FAULT_C18_NOT_RECOGNISED, "cut off"},
	    {slice_str(damaged), FAULT_C18_NOT_RECOGNISED, "damaged"},
	    {slice_str(worse), FAULT_C18_NOT_RECOGNISED, "cannot be read"},
	    {SLICE("-----BEGIN FOO-----\nAAAA\n-----END FOO-----"),
		FAULT_C18_NOT_RECOGNISED, "only FOO"},
	    {SLICE("-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----"),
		FAULT_C18_NOT_RECOGNISED, "PKCS#7"},
	};

	damaged[100] = '!';
	memset(worse + 100, 'A', 16);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		enum err e = add(w, cases[i].file);

		if (e == ERR_OK || w->f.code != cases[i].code ||
		    strstr(w->f.text, cases[i].text) == NULL ||
		    strstr(w->f.text, "it.pem") == NULL)
			fail_msg("case %zu: %s %s", i,
			    fault_code_name(w->f.code), w->f.text);
	}
	assert_int_equal(w->bundle.n, 0);
	free(public_key);
	free(cut);
	free(damaged);
	free(worse);
	free(big);
}

static void
a_file_is_taken_whole_or_not_at_all(void **state)
{
	struct world *w = *state;

	assert_int_equal(add(w, w->ca->der), ERR_OK);
	assert_int_equal(
	    add_text(w, xasprintf("%s-----BEGIN CERTIFICATE-----\nAAAA\n"
				  "-----END CERTIFICATE-----\n",
			    w->leaf->pem)),
	    ERR_SYNTAX);
	assert_non_null(strstr(w->f.text, "it.pem, block 2"));
	assert_int_equal(w->bundle.n, 1);
}

static void
more_items_than_there_is_room_for_are_refused(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < BUNDLE_ITEMS_MAX; i++)
		assert_int_equal(add(w, w->leaf->der), ERR_OK);
	assert_int_equal(add(w, w->leaf->der), ERR_TOO_BIG);
	assert_int_equal(w->f.code, FAULT_C20_TOO_BIG);
	assert_int_equal(w->bundle.n, BUNDLE_ITEMS_MAX);
}

static void
a_request_in_the_place_of_a_certificate_is_said_so(void **state)
{
	struct world *w = *state;
	struct certificate *all[BUNDLE_ITEMS_MAX];
	size_t n;

	assert_int_equal(add_text(w, pki_request(w->leaf)), ERR_OK);
	assert_int_equal(w->bundle.items[0].kind, BUNDLE_REQUEST);
	assert_int_equal(bundle_take_certificates(&w->bundle, all, &n, &w->f),
	    ERR_NOT_FOUND);
	assert_int_equal(w->f.code, FAULT_C10_NO_CERTIFICATE);
	assert_non_null(strstr(w->f.text, "CSR"));

	assert_int_equal(add(w, w->leaf->der), ERR_OK);
	assert_int_equal(
	    bundle_take_certificates(&w->bundle, all, &n, &w->f), ERR_OK);
	assert_int_equal(n, 1);
	certificate_free(all[0]);
}

static void
each_key_is_found_once(void **state)
{
	struct world *w = *state;
	const struct bundle_item *key;
	size_t at = 0;

	assert_null(bundle_next_key(&w->bundle, &at));
	assert_int_equal(add(w, slice_str(w->leaf->key_pem)), ERR_OK);
	assert_int_equal(add(w, w->leaf->der), ERR_OK);
	assert_int_equal(add(w, slice_str(w->leaf->key_pem)), ERR_OK);
	assert_int_equal(add(w, slice_str(w->ca->key_pem)), ERR_OK);
	at = 0;
	key = bundle_next_key(&w->bundle, &at);
	assert_non_null(key);
	assert_true(slice_eq(key->bytes, slice_str(w->leaf->key_pem)));
	key = bundle_next_key(&w->bundle, &at);
	assert_non_null(key);
	assert_true(slice_eq(key->bytes, slice_str(w->ca->key_pem)));
	assert_null(bundle_next_key(&w->bundle, &at));
}

static void
base64_is_read_leniently_but_not_wrongly(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} cases[] = {{"", ""}, {"QQ==", "A"}, {"QUI=", "AB"}, {"QUJD", "ABC"},
	    {" Q\nU\r\nJ\tD ", "ABC"}, {"QUI", "AB"}, {"Q", NULL},
	    {"QUJDR", NULL}, {"QQ==QQ==", NULL}, {"QQ===", NULL},
	    {"Q-==", NULL}};
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		enum err e = base64_decode(slice_str(cases[i].in), &out);

		assert_int_equal(e, cases[i].out == NULL ? ERR_SYNTAX : ERR_OK);
		if (cases[i].out != NULL)
			assert_true(
			    slice_eq(buf_slice(&out), slice_str(cases[i].out)));
		buf_reset(&out);
	}
	buf_clear(&out);
}

#define with_world(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_world(pem_blocks_are_found_anywhere_in_a_text),
	    with_world(what_editors_do_to_pem_is_undone),
	    with_world(notepads_unicode_is_read),
	    with_world(der_is_recognised_by_content),
	    with_world(der_may_be_written_in_base64),
	    with_world(encrypted_keys_stay_closed),
	    with_world(parameters_and_public_keys_beside_a_key_do_no_harm),
	    with_world(each_wrong_file_has_its_sentence),
	    with_world(a_file_is_taken_whole_or_not_at_all),
	    with_world(more_items_than_there_is_room_for_are_refused),
	    with_world(a_request_in_the_place_of_a_certificate_is_said_so),
	    with_world(each_key_is_found_once),
	    cmocka_unit_test(base64_is_read_leniently_but_not_wrongly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
