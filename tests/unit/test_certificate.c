#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/x509/certificate.h"
#include "certs/x509/text.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

static struct certificate *
make(const struct pki_spec *spec)
{
	struct pki *p = pki_make(spec, NULL);
	struct certificate *c = pki_certificate(p);

	pki_free(p);
	return c;
}

static void
the_facts_are_read(void **state)
{
	const char *const others[] = {"API.Example.com", "*.shop.example.com",
	    "\xc3\xbcn.example", "192.0.2.1", "www.example.com", "localhost",
	    NULL};
	struct pki *root = pki_root("Example Root");
	struct pki *leaf =
	    pki_make(&(struct pki_spec){.name = "www.example.com",
			 .others = others,
			 .issuer_url = "http://ca.example/root.der"},
		root);
	struct certificate *c = pki_certificate(leaf);

	(void)state;
	assert_string_equal(c->common_name, "www.example.com");
	assert_string_equal(c->subject, "CN=www.example.com");
	assert_string_equal(c->issuer, "CN=Example Root");
	assert_string_equal(c->issuer_name, "Example Root");
	assert_string_equal(c->issuer_url, "http://ca.example/root.der");
	assert_string_equal(c->key_type, "ecdsa-p256");
	assert_int_equal(c->n_names, 4);
	assert_string_equal(c->names[0], "www.example.com");
	assert_string_equal(c->names[1], "api.example.com");
	assert_string_equal(c->names[2], "*.shop.example.com");
	assert_string_equal(c->names[3], "xn--n-dha.example");
	assert_int_equal(strlen(c->serial), 32);
	assert_int_equal(c->serial_bytes.n, 16);
	assert_true(c->key_id.n > 0);
	assert_true(c->issuer_key_id.n > 0);
	assert_false(c->is_ca);
	assert_false(c->is_self_signed);
	assert_true(c->for_servers);
	assert_false(c->weak_key);
	assert_false(c->weak_signature);
	assert_true(c->spki.n > 60);
	assert_true(certificate_is_valid(c, clock_now()));
	assert_false(certificate_is_valid(c, c->not_after + 1));
	assert_true(certificate_is_valid(c, c->not_after));
	certificate_free(c);
	pki_free(leaf);
	pki_free(root);
}

static void
key_types_have_their_words(void **state)
{
	static const char *const types[] = {
	    "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "ed25519"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct certificate *c = make(&(struct pki_spec){
		    .name = "a.example", .key_type = types[i]});

		assert_string_equal(c->key_type, types[i]);
		assert_false(c->weak_key);
		assert_true(c->is_self_signed);
		certificate_free(c);
	}
}

static void
short_rsa_keys_are_weak(void **state)
{
	struct certificate *c = make(
	    &(struct pki_spec){.name = "a.example", .key_type = "rsa-1024"});

	(void)state;
	assert_true(c->weak_key);
	certificate_free(c);
}

static void
sha1_is_weak_but_not_on_a_root(void **state)
{
	struct pki *root = pki_make(
	    &(struct pki_spec){
		.name = "Old Root", .is_ca = true, .hash = GNUTLS_DIG_SHA1},
	    NULL);
	struct pki *leaf = pki_make(
	    &(struct pki_spec){.name = "a.example", .hash = GNUTLS_DIG_SHA1},
	    root);
	struct certificate *r = pki_certificate(root);
	struct certificate *c = pki_certificate(leaf);

	(void)state;
	assert_true(r->is_self_signed);
	assert_true(r->is_ca);
	assert_false(r->weak_signature);
	assert_true(c->weak_signature);
	assert_true(certificate_is_issued_by(c, r));
	certificate_free(c);
	certificate_free(r);
	pki_free(leaf);
	pki_free(root);
}

static void
the_issuer_is_known_by_its_signature(void **state)
{
	struct pki *root = pki_root("Root"), *impostor = pki_root("Root");
	struct pki *leaf = pki_leaf("a.example", root);
	struct certificate *r = pki_certificate(root);
	struct certificate *i = pki_certificate(impostor);
	struct certificate *c = pki_certificate(leaf);

	(void)state;
	assert_true(certificate_is_issued_by(c, r));
	assert_false(certificate_is_issued_by(c, i));
	assert_false(certificate_is_issued_by(c, c));
	i->key_id.n = 0; /* the key identifier is not what tells */
	assert_false(certificate_is_issued_by(c, i));
	certificate_free(c);
	certificate_free(r);
	certificate_free(i);
	pki_free(leaf);
	pki_free(root);
	pki_free(impostor);
}

static void
client_certificates_are_not_for_servers(void **state)
{
	struct certificate *c =
	    make(&(struct pki_spec){.name = "a.example", .for_clients = true});

	(void)state;
	assert_false(c->for_servers);
	certificate_free(c);
}

static void
wildcards_cover_one_label(void **state)
{
	static const struct {
		const char *host;
		bool covers;
	} cases[] = {
	    {"www.example.com", true},
	    {"example.com", false},
	    {"a.b.example.com", false},
	    {"*.example.com", true},
	    {"other.org", true},
	};
	const char *const others[] = {"other.org", NULL};
	struct certificate *c =
	    make(&(struct pki_spec){.name = "*.example.com", .others = others});

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (certificate_covers(c, slice_str(cases[i].host)) !=
		    cases[i].covers)
			fail_msg("%s", cases[i].host);
	certificate_free(c);
}

static void
the_common_name_counts_only_without_names(void **state)
{
	const char *const others[] = {"b.example", NULL};
	struct certificate *none =
	    make(&(struct pki_spec){.name = "A.example", .no_san = true});
	struct certificate *some = make(&(struct pki_spec){
	    .name = "a.example", .no_san = true, .others = others});

	(void)state;
	assert_true(certificate_covers(none, SLICE("a.example")));
	assert_false(certificate_covers(some, SLICE("a.example")));
	assert_true(certificate_covers(some, SLICE("b.example")));
	certificate_free(none);
	certificate_free(some);
}

static void
more_than_a_thousand_names_are_refused(void **state)
{
	const char *others[CERTIFICATE_NAMES_MAX + 1];
	struct certificate *c;
	struct fault f = {0};
	struct pki *p;

	(void)state;
	for (size_t i = 0; i < CERTIFICATE_NAMES_MAX; i++)
		others[i] = xasprintf("n%zu.example", i);
	others[CERTIFICATE_NAMES_MAX] = NULL;
	p = pki_make(
	    &(struct pki_spec){.name = "a.example", .others = others}, NULL);
	assert_int_equal(certificate_read(p->der, &c, &f), ERR_TOO_BIG);
	assert_int_equal(f.code, FAULT_C24_TOO_MANY_NAMES);
	assert_null(c);
	pki_free(p);
	p = pki_make(
	    &(struct pki_spec){
		.name = "a.example", .no_san = true, .others = others},
	    NULL);
	assert_int_equal(certificate_read(p->der, &c, &f), ERR_OK);
	assert_int_equal(c->n_names, CERTIFICATE_NAMES_MAX);
	certificate_free(c);
	pki_free(p);
	for (size_t i = 0; i < CERTIFICATE_NAMES_MAX; i++)
		free((void *)others[i]);
}

static void
bytes_that_are_no_certificate_are_refused(void **state)
{
	struct pki *p = pki_root("Root");
	struct certificate *c;
	struct fault f = {0};
	const struct slice cases[] = {SLICE(""), SLICE("0"), SLICE("0\x82"),
	    SLICE("<html>"), slice_of(p->der.p, p->der.n - 1),
	    slice_from(p->der, 1), p->key_der};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		fault_clear(&f);
		if (certificate_read(cases[i], &c, &f) != ERR_SYNTAX ||
		    f.code != FAULT_C18_NOT_RECOGNISED)
			fail_msg("case %zu", i);
	}
	pki_free(p);
}

static void
text_of_strangers_is_made_harmless(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} cases[] = {
	    {{"plain", 5}, "plain"},
	    {{"\x1b[2J\n", 5}, "?[2J?"},
	    {{"gr\xc3\xbc\xc3\x9f", 6}, "gr\xc3\xbc\xc3\x9f"},
	    {{"\xff\xc0\x80", 3}, "???"},
	    {{"\xc2\x9b"
	      "31m",
		 5},
		"?31m"},
	    {{"a\0b", 3}, "a?b"},
	    {{"\xe2\x80\xae"
	      "x",
		 4},
		"?x"},
	    {{"1234567\xc3\xbc", 9}, "1234567"},
	    {{"123456789", 9}, "12345678"},
	};
	char out[9];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		text_copy(out, sizeof(out), cases[i].in);
		assert_string_equal(out, cases[i].out);
	}
}

static void
fingerprints_are_written_with_colons(void **state)
{
	uint8_t fp[32] = {0xab, 0x01};
	char out[FINGERPRINT_TEXT_SIZE];

	(void)state;
	fp[31] = 0xff;
	fingerprint_text(fp, out);
	assert_int_equal(strlen(out), 95);
	assert_memory_equal(out, "AB:01:00:", 9);
	assert_string_equal(out + 90, "00:FF");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_facts_are_read),
	    cmocka_unit_test(key_types_have_their_words),
	    cmocka_unit_test(short_rsa_keys_are_weak),
	    cmocka_unit_test(sha1_is_weak_but_not_on_a_root),
	    cmocka_unit_test(the_issuer_is_known_by_its_signature),
	    cmocka_unit_test(client_certificates_are_not_for_servers),
	    cmocka_unit_test(wildcards_cover_one_label),
	    cmocka_unit_test(the_common_name_counts_only_without_names),
	    cmocka_unit_test(more_than_a_thousand_names_are_refused),
	    cmocka_unit_test(bytes_that_are_no_certificate_are_refused),
	    cmocka_unit_test(text_of_strangers_is_made_harmless),
	    cmocka_unit_test(fingerprints_are_written_with_colons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
