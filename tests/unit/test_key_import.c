#include <stdlib.h>

#include <gnutls/x509.h>

#include "base/mem.h"
#include "certs/key_import.h"
#include "certs/x509/pem.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

#define FILE_MAX ((size_t)64 * 1024)

/* Made with openssl; the passphrase is "secret". */
static const char old_style[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,1593E194C063AE025102F410C31B31ED\n"
    "\n"
    "86sfSAcOMUxX82wfWBj5Xha42k4tqE5tI0zH5TpDSTvvQ8hcN9gy1gOGklmggujt\n"
    "ZUPAc4Kf8C5U6+xYpg2AA9iRYDhW8NzZHGfYPiUVjeNOCPFkdfHRFf1BbGUZP0U7\n"
    "V8iCF+RI8y+9dnJsuUsKTRLcSjcn1jquDFrdkOEjm1o=\n"
    "-----END EC PRIVATE KEY-----\n";

/* Its passphrase is hashed five million times. */
static const char slow[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHtMFgGCSqGSIb3DQEFDTBLMCoGCSqGSIb3DQEFDDAdBAguIBpSWhyojwIDTEtA\n"
    "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBAlETG6cRxnkX9DYEnThfPVBIGQ\n"
    "8nE6BDy3rkUCUYpAe/5VgSZ+gFdzAyEnjgjOSpzF7k/qOzmnIULrOvFRF4PdKf2e\n"
    "QCS9Uvn6fAuGIxBbY7xraxf66WDCGiRx36mvvr0YcRRHFsKrt/it2ugw4KD8PBXp\n"
    "Cn+LL/fl47GMgfLJ3i8EBZH+2Lu+2hu+nv9JHw4aEkAFRG0nQqHaUKWk3owlJj/1\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

/* Three million times for its key, and as many for the whole. */
static const char slow_pkcs12[] =
    "MIIBgQIBAzCCATYGCSqGSIb3DQEHAaCCAScEggEjMIIBHzCCARsGCSqGSIb3DQEHAaCC"
    "AQwEggEIMIIBBDCCAQAGCyqGSIb3DQEMCgECoIHwMIHtMFgGCSqGSIb3DQEFDTBLMCoG"
    "CSqGSIb3DQEFDDAdBAja2DrEe7V/UQIDLcbAMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUD"
    "BAEqBBC6TtWWrt8hAV6H2NxHYVxtBIGQYlpZWKwTIsUsiEeWh7H/bciBHwJj1GqMCts3"
    "EgezeMrbHDUngs+cv9R+SA+KmWNoR0kk+38J8YMK24h4/2mO+3h9MJ2xySRGJlJ3zI/J"
    "BSIau6SC33nS4kthxF41yglJkSIugtVR0vhlfxrfI0U8Sr99kP4p0WiameegZqSxbcXB"
    "Y2b9ByewF6Kq1RY0el0kMEIwMTANBglghkgBZQMEAgEFAAQgc0ON12drHOTQeegwyAWl"
    "vjojNJODR7LhygnfmMPbT7MECGAiGIA4xmnMAgMtxsA=";

/* As Windows and Java export it: RC2 with 40 bits, SHA-1. */
static const char legacy_pkcs12[] =
    "MIIDggIBAzCCA0gGCSqGSIb3DQEHAaCCAzkEggM1MIIDMTCCAicGCSqGSIb3DQEHBqCC"
    "AhgwggIUAgEAMIICDQYJKoZIhvcNAQcBMBwGCiqGSIb3DQEMAQYwDgQIK9T6mod+i/cC"
    "AggAgIIB4HJUt5E68EmCu7SYugZL/RTxe+7iELrjfpUoBHsvR1Muq/HFKlQ5IIC9bBx0"
    "d1nVsSv1VE9pz4+GiRGqbwLSVUDbfEL4zqnj46h1POIWbK0D6UusweHt/twsRg7ApEBH"
    "HQmwnM8omObOR+MdYfmYOX5T0GwPijGL+wcPXzbG1GBNJYmPYNHTl9kfKFXgddzwx2Q9"
    "7cJMggpH9ewBtUQ3ZaWBhFUyP876Tq3J0nx/DwcF7C8soJF0r4aOJUYsnHBhMW4Fqzwf"
    "joA75Ownv8Di1aWc7GGTSuDSraj80fLicwPjOe6ZOK3roG6Ac+xY35S8bj9nIyQYCQz7"
    "2mEjgG8hHkEQAHib1nc/el3xgQzFmOIdirnItfynn6WHzW0eX7VCWX5r0PpPJzvyz3SB"
    "n25d07IgbDOvtk5mPtR3WzgVX1zG5HAKnzl85oOfCOGZr0A5TMtvlIl518QbSS27T19J"
    "4KAbLTcpSQm+2fC7Oged3Uvq9ev4pCBr9M6TSzmNo/j90MYt/0AFHxU9mZA5jMdLdy+0"
    "v24EbsfoC23ETbCefSQcByf8g8obaaYkIhpYBEIHJ4apBZjp2/0H3H45eJSQk103LhUm"
    "zE3AI7+z+exKCQGoA+8cwzHH7TMKIEDJfjTMVzCCAQIGCSqGSIb3DQEHAaCB9ASB8TCB"
    "7jCB6wYLKoZIhvcNAQwKAQKggbQwgbEwHAYKKoZIhvcNAQwBAzAOBAgr6mRmaDx5PAIC"
    "CAAEgZCdRVEitH/jucVJl8cKg0tiw58+RvcOlnEiYb7yJL/K4p70YWuqXtpoCheVGu4e"
    "YsoC1WzH16KLnRtKiPIJf4qFJgluz8sr6xaCfo2BaRnBt8vTXnJFHjrWzc2p401AMl0z"
    "m/1mjPXm5UntK4ryyzas95P4xWCaWivx2DeYrivZy+/3/+lwC8E31mEXowMfFQkxJTAj"
    "BgkqhkiG9w0BCRUxFgQUf6mUrXrRuVQ1iwcft1TN4pX6I0IwMTAhMAkGBSsOAwIaBQAE"
    "FDGGLVNxktGXcQXFELNeLWKbTcaiBAiY88ZgLcReEwICCAA=";

/* Its passphrase is empty, which is not the same as none. */
static const char empty_pkcs12[] =
    "MIIBfgIBAzCCATQGCSqGSIb3DQEHAaCCASUEggEhMIIBHTCCARkGCSqGSIb3DQEHAaCC"
    "AQoEggEGMIIBAjCB/wYLKoZIhvcNAQwKAQKgge8wgewwVwYJKoZIhvcNAQUNMEowKQYJ"
    "KoZIhvcNAQUMMBwECPi3nIcjIG1PAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQB"
    "KgQQMUw3GcXbZ7XH9we6HJV5AQSBkK9F/cYaYVxZ/TlwbHM+yYlxY4bTE0bNCny/0JwJ"
    "Gxcqd/Br5lxRDPtqYg8SQDOdlVPMKwzXKx8nlx7tGIfUXDl9Iq3rcV33JZijWqZfT/vz"
    "NcZOWVTkM8LFQXPiRI5r3GP7jVFnXOBSLaEA3fWmvArJGaBqRpcZAbL6h35EllyMhnBh"
    "7A08MgLCe70/DH7vyjBBMDEwDQYJYIZIAWUDBAIBBQAEID83exAalL4/PAMLEWK0lEYG"
    "ijuWuXcZ8rUYfygWZsYhBAju1dWMrsUUtQICCAA=";

static struct pki *leaf;

static int
set_up(void **state)
{
	(void)state;
	leaf = pki_leaf("www.example.com", NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_free(leaf);
	return 0;
}

/* Imports; on success the key must sign. */
static enum err
import(struct slice file, const char *passphrase, struct key_import *k,
    struct fault *f)
{
	const gnutls_datum_t data = {(unsigned char *)"text", 4};
	gnutls_datum_t signature;
	enum err e;

	fault_clear(f);
	e = key_import_read(file, passphrase, k, f);
	if (e != ERR_OK) {
		assert_null(k->handle);
		assert_true(fault_is_set(f));
		return e;
	}
	assert_int_equal(gnutls_privkey_sign_data(k->handle, GNUTLS_DIG_SHA256,
			     0, &data, &signature),
	    0);
	gnutls_free(signature.data);
	return ERR_OK;
}

static void
assert_refused(struct slice file, const char *passphrase, enum fault_code code)
{
	struct key_import k;
	struct fault f;

	assert_int_not_equal(import(file, passphrase, &k, &f), ERR_OK);
	if (f.code != code)
		fail_msg("%s: %s", fault_code_name(f.code), f.text);
}

static void
assert_read(struct slice file, const char *passphrase, const char *type)
{
	struct key_import k;
	struct fault f;

	if (import(file, passphrase, &k, &f) != ERR_OK)
		fail_msg("%s: %s", fault_code_name(f.code), f.text);
	assert_string_equal(k.key_type, type);
	key_import_clear(&k);
}

static void
every_plain_form_is_read(void **state)
{
	static const char *const types[] = {"ecdsa-p256", "rsa-2048"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct pki *p = pki_make(&(struct pki_spec){.name = "a.example",
					     .key_type = types[i]},
		    NULL);
		gnutls_datum_t own;

		assert_read(slice_str(p->key_pem), "", types[i]);
		assert_read(p->key_der, "", types[i]);
		assert_read(slice_str(p->key_pem), "of no need", types[i]);
		/* PKCS#1 and SEC1 */
		assert_int_equal(gnutls_x509_privkey_export2(
				     p->key, GNUTLS_X509_FMT_PEM, &own),
		    0);
		assert_read(slice_of(own.data, own.size), "", types[i]);
		gnutls_free(own.data);
		assert_int_equal(gnutls_x509_privkey_export2(
				     p->key, GNUTLS_X509_FMT_DER, &own),
		    0);
		assert_read(slice_of(own.data, own.size), "", types[i]);
		gnutls_free(own.data);
		pki_free(p);
	}
}

static void
an_encrypted_key_wants_its_passphrase(void **state)
{
	char *pem = pki_encrypted_key(leaf, "secret");
	struct slice file = slice_str(pem), rest = file;
	struct pem_block block;
	struct buf der;

	(void)state;
	assert_read(file, "secret", "ecdsa-p256");
	assert_refused(file, "", FAULT_C16_KEY_ENCRYPTED);
	assert_refused(file, "Secret", FAULT_C17_PASSPHRASE_WRONG);

	buf_init(&der, FILE_MAX);
	assert_int_equal(pem_next(&rest, &block), ERR_OK);
	assert_int_equal(base64_decode(block.body, &der), ERR_OK);
	assert_read(buf_slice(&der), "secret", "ecdsa-p256");
	assert_refused(buf_slice(&der), "", FAULT_C16_KEY_ENCRYPTED);
	assert_refused(buf_slice(&der), "x", FAULT_C17_PASSPHRASE_WRONG);
	buf_clear(&der);
	free(pem);
}

static void
the_old_encryption_is_read_too(void **state)
{
	(void)state;
	assert_read(slice_str(old_style), "secret", "ecdsa-p256");
	assert_refused(slice_str(old_style), "", FAULT_C16_KEY_ENCRYPTED);
	assert_refused(slice_str(old_style), "x", FAULT_C17_PASSPHRASE_WRONG);
}

static void
pkcs12_gives_key_and_certificates(void **state)
{
	struct pki *root = pki_root("Root"), *p = pki_leaf("a.example", root);
	const struct pki *issuers[] = {root, NULL};
	struct slice file = pki_pkcs12(p, issuers, "secret");
	struct key_import k;
	struct fault f;

	(void)state;
	assert_int_equal(import(file, "secret", &k, &f), ERR_OK);
	assert_int_equal(k.n_certificates, 2);
	assert_true(slice_eq(
	    slice_of(k.certificates[0].data, k.certificates[0].size), p->der));
	assert_true(
	    slice_eq(slice_of(k.certificates[1].data, k.certificates[1].size),
		root->der));
	key_import_clear(&k);
	assert_refused(file, "", FAULT_C16_KEY_ENCRYPTED);
	assert_refused(file, "wrong", FAULT_C17_PASSPHRASE_WRONG);
	assert_refused(
	    slice_of(file.p, file.n - 1), "secret", FAULT_C40_KEY_UNREADABLE);
	free((void *)file.p);
	pki_free(p);
	pki_free(root);
}

/* Base64 of a file into the file. */
static struct buf
decode(const char *text)
{
	struct buf b;

	buf_init(&b, FILE_MAX);
	assert_int_equal(base64_decode(slice_str(text), &b), ERR_OK);
	return b;
}

static void
what_windows_and_java_export_is_read(void **state)
{
	struct buf legacy = decode(legacy_pkcs12), empty = decode(empty_pkcs12);

	(void)state;
	assert_read(buf_slice(&legacy), "secret", "ecdsa-p256");
	assert_read(buf_slice(&empty), "", "ecdsa-p256");
	buf_clear(&legacy);
	buf_clear(&empty);
}

static void
millions_of_rounds_are_not_gone(void **state)
{
	struct buf p12 = decode(slow_pkcs12);

	(void)state;
	assert_refused(slice_str(slow), "secret", FAULT_C40_KEY_UNREADABLE);
	assert_refused(buf_slice(&p12), "secret", FAULT_C40_KEY_UNREADABLE);
	buf_clear(&p12);
}

static void
keys_that_cannot_serve_are_refused(void **state)
{
	struct pki *weak = pki_make(
	    &(struct pki_spec){.name = "a.example", .key_type = "rsa-1024"},
	    NULL);
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;

	(void)state;
	assert_refused(slice_str(weak->key_pem), "", FAULT_C23_KEY_WEAK);
	pki_free(weak);
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED448, 0, 0), 0);
	assert_int_equal(
	    gnutls_x509_privkey_export2_pkcs8(
		key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem),
	    0);
	assert_refused(
	    slice_of(pem.data, pem.size), "", FAULT_C38_KEY_TYPE_UNSUPPORTED);
	gnutls_free(pem.data);
	gnutls_x509_privkey_deinit(key);
}

static void
what_is_no_key_is_refused(void **state)
{
	(void)state;
	assert_refused(SLICE(""), "", FAULT_C40_KEY_UNREADABLE);
	assert_refused(SLICE("garbage"), "", FAULT_C40_KEY_UNREADABLE);
	assert_refused(leaf->der, "", FAULT_C40_KEY_UNREADABLE);
	assert_refused(slice_str(leaf->pem), "", FAULT_C40_KEY_UNREADABLE);
	assert_refused(slice_of(leaf->key_der.p, leaf->key_der.n - 1), "",
	    FAULT_C40_KEY_UNREADABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_plain_form_is_read),
	    cmocka_unit_test(an_encrypted_key_wants_its_passphrase),
	    cmocka_unit_test(the_old_encryption_is_read_too),
	    cmocka_unit_test(pkcs12_gives_key_and_certificates),
	    cmocka_unit_test(what_windows_and_java_export_is_read),
	    cmocka_unit_test(millions_of_rounds_are_not_gone),
	    cmocka_unit_test(keys_that_cannot_serve_are_refused),
	    cmocka_unit_test(what_is_no_key_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
