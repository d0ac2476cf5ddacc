#include "tests/unit/pki.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/pkcs12.h>

#include "base/mem.h"
#include "certs/x509/key_type.h"
#include "tests/unit/test.h"

#define good(call) assert_int_equal((call), 0)

static char *
take_text(gnutls_datum_t *d)
{
	char *text = xstrdup_slice(slice_of(d->data, d->size));

	gnutls_free(d->data);
	d->data = NULL;
	return text;
}

static struct slice
take_bytes(gnutls_datum_t *d)
{
	struct slice s = slice_of(xmemdup(d->data, d->size), d->size);

	gnutls_free(d->data);
	d->data = NULL;
	return s;
}

static void
make_key(struct pki *p, const struct pki_spec *spec)
{
	struct key_type t;
	const char *name = spec->key_type;

	good(gnutls_x509_privkey_init(&p->key));
	if (spec->key_of != NULL) {
		good(gnutls_x509_privkey_cpy(p->key, spec->key_of->key));
		return;
	}
	assert_true(key_type_parse(name == NULL ? "ecdsa-p256" : name, &t));
	good(gnutls_x509_privkey_generate(p->key, t.pk,
	    t.pk == GNUTLS_PK_ECDSA ? GNUTLS_CURVE_TO_BITS(t.curve) : t.bits,
	    0));
}

static void
add_san(gnutls_x509_crt_t crt, const char *name)
{
	good(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
	    (unsigned)strlen(name), GNUTLS_FSAN_APPEND));
}

static void
set_extensions(
    struct pki *p, const struct pki_spec *spec, const struct pki *issuer)
{
	unsigned char id[64];
	size_t n = sizeof(id);

	good(gnutls_x509_crt_set_basic_constraints(p->crt, spec->is_ca, -1));
	good(gnutls_x509_crt_set_key_usage(
	    p->crt, spec->is_ca ? GNUTLS_KEY_KEY_CERT_SIGN
				: GNUTLS_KEY_DIGITAL_SIGNATURE));
	good(gnutls_x509_crt_get_key_id(p->crt, 0, id, &n));
	good(gnutls_x509_crt_set_subject_key_id(p->crt, id, n));
	n = sizeof(id);
	good(gnutls_x509_crt_get_key_id(issuer->crt, 0, id, &n));
	good(gnutls_x509_crt_set_authority_key_id(p->crt, id, n));
	if (!spec->is_ca && !spec->no_san)
		add_san(p->crt, spec->name);
	for (size_t i = 0; spec->others != NULL && spec->others[i] != NULL; i++)
		add_san(p->crt, spec->others[i]);
	if (!spec->is_ca)
		good(gnutls_x509_crt_set_key_purpose_oid(p->crt,
		    spec->for_clients ? GNUTLS_KP_TLS_WWW_CLIENT
				      : GNUTLS_KP_TLS_WWW_SERVER,
		    0));
	if (spec->issuer_url != NULL) {
		gnutls_datum_t url = {(unsigned char *)spec->issuer_url,
		    (unsigned)strlen(spec->issuer_url)};

		good(gnutls_x509_crt_set_authority_info_access(
		    p->crt, GNUTLS_IA_CAISSUERS_URI, &url));
	}
}

static gnutls_digest_algorithm_t
choose_hash(const struct pki_spec *spec, const struct pki *issuer)
{
	int pk = gnutls_x509_privkey_get_pk_algorithm(issuer->key);

	if (pk == GNUTLS_PK_EDDSA_ED25519)
		return GNUTLS_DIG_SHA512; /* the only one it has */
	return spec->hash == 0 ? GNUTLS_DIG_SHA256 : spec->hash;
}

struct pki *
pki_make(const struct pki_spec *spec, const struct pki *issuer)
{
	struct pki *p = xcalloc(1, sizeof(*p));
	unsigned char serial[16];
	gnutls_datum_t out;
	time_t now = time(NULL);

	make_key(p, spec);
	good(gnutls_x509_crt_init(&p->crt));
	good(gnutls_x509_crt_set_version(p->crt, 3));
	good(gnutls_x509_crt_set_key(p->crt, p->key));
	good(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)));
	serial[0] = (serial[0] & 0x7f) | 1;
	good(gnutls_x509_crt_set_serial(p->crt, serial, sizeof(serial)));
	good(gnutls_x509_crt_set_dn_by_oid(p->crt, GNUTLS_OID_X520_COMMON_NAME,
	    0, spec->name, (unsigned)strlen(spec->name)));
	good(gnutls_x509_crt_set_activation_time(
	    p->crt, spec->not_before == 0 ? now - PKI_DAY : spec->not_before));
	good(gnutls_x509_crt_set_expiration_time(p->crt,
	    spec->not_after == 0 ? now + 90 * PKI_DAY : spec->not_after));
	if (issuer == NULL)
		issuer = p;
	set_extensions(p, spec, issuer);
	good(gnutls_x509_crt_sign2(
	    p->crt, issuer->crt, issuer->key, choose_hash(spec, issuer), 0));

	good(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_PEM, &out));
	p->pem = take_text(&out);
	good(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_DER, &out));
	p->der = take_bytes(&out);
	good(gnutls_x509_privkey_export2_pkcs8(
	    p->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &out));
	p->key_pem = take_text(&out);
	good(gnutls_x509_privkey_export2_pkcs8(
	    p->key, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &out));
	p->key_der = take_bytes(&out);
	return p;
}

void
pki_free(struct pki *p)
{
	if (p == NULL)
		return;
	gnutls_x509_crt_deinit(p->crt);
	gnutls_x509_privkey_deinit(p->key);
	free(p->pem);
	free(p->key_pem);
	free((void *)p->der.p);
	free((void *)p->key_der.p);
	free(p);
}

struct pki *
pki_root(const char *name)
{
	return pki_make(&(struct pki_spec){.name = name, .is_ca = true}, NULL);
}

struct pki *
pki_ca(const char *name, const struct pki *issuer)
{
	return pki_make(
	    &(struct pki_spec){.name = name, .is_ca = true}, issuer);
}

struct pki *
pki_leaf(const char *host, const struct pki *issuer)
{
	return pki_make(&(struct pki_spec){.name = host}, issuer);
}

struct certificate *
pki_certificate(const struct pki *p)
{
	struct certificate *c;
	struct fault f = {0};

	if (certificate_read(p->der, &c, &f) != ERR_OK)
		fail_msg("%s", f.text);
	return c;
}

char *
pki_request(const struct pki *p)
{
	gnutls_x509_crq_t crq;
	gnutls_datum_t out;

	good(gnutls_x509_crq_init(&crq));
	good(gnutls_x509_crq_set_version(crq, 1));
	good(gnutls_x509_crq_set_key(crq, p->key));
	good(gnutls_x509_crq_sign2(crq, p->key, GNUTLS_DIG_SHA256, 0));
	good(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &out));
	gnutls_x509_crq_deinit(crq);
	return take_text(&out);
}

char *
pki_public_key(const struct pki *p)
{
	gnutls_pubkey_t key;
	gnutls_datum_t out;

	good(gnutls_pubkey_init(&key));
	good(gnutls_pubkey_import_x509(key, p->crt, 0));
	good(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_PEM, &out));
	gnutls_pubkey_deinit(key);
	return take_text(&out);
}

char *
pki_encrypted_key(const struct pki *p, const char *passphrase)
{
	gnutls_datum_t out;

	good(gnutls_x509_privkey_export2_pkcs8(p->key, GNUTLS_X509_FMT_PEM,
	    passphrase, GNUTLS_PKCS_PBES2_AES_256, &out));
	return take_text(&out);
}

static void
add_bag(gnutls_pkcs12_t p12, const struct pki *p,
    const struct pki *const *issuers, const char *passphrase)
{
	gnutls_pkcs12_bag_t bag;
	gnutls_datum_t key = {
	    (unsigned char *)p->key_der.p, (unsigned)p->key_der.n};

	good(gnutls_pkcs12_bag_init(&bag));
	assert_true(gnutls_pkcs12_bag_set_crt(bag, p->crt) >= 0);
	for (size_t i = 0; issuers != NULL && issuers[i] != NULL; i++)
		assert_true(
		    gnutls_pkcs12_bag_set_crt(bag, issuers[i]->crt) >= 0);
	good(gnutls_pkcs12_bag_encrypt(
	    bag, passphrase, GNUTLS_PKCS_PBES2_AES_256));
	good(gnutls_pkcs12_set_bag(p12, bag));
	gnutls_pkcs12_bag_deinit(bag);

	good(gnutls_pkcs12_bag_init(&bag));
	assert_true(
	    gnutls_pkcs12_bag_set_data(bag, GNUTLS_BAG_PKCS8_KEY, &key) >= 0);
	good(gnutls_pkcs12_bag_encrypt(
	    bag, passphrase, GNUTLS_PKCS_PBES2_AES_256));
	good(gnutls_pkcs12_set_bag(p12, bag));
	gnutls_pkcs12_bag_deinit(bag);
}

struct slice
pki_pkcs12(const struct pki *p, const struct pki *const *issuers,
    const char *passphrase)
{
	gnutls_pkcs12_t p12;
	gnutls_datum_t out;

	good(gnutls_pkcs12_init(&p12));
	add_bag(p12, p, issuers, passphrase);
	good(gnutls_pkcs12_generate_mac2(p12, GNUTLS_MAC_SHA256, passphrase));
	good(gnutls_pkcs12_export2(p12, GNUTLS_X509_FMT_DER, &out));
	gnutls_pkcs12_deinit(p12);
	return take_bytes(&out);
}
