#include "certs/x509/certificate.h"

#include <stdio.h>
#include <stdlib.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/host.h"
#include "base/map.h"
#include "base/mem.h"
#include "certs/x509/der.h"
#include "certs/x509/key_type.h"
#include "certs/x509/signature.h"
#include "certs/x509/text.h"

#define TEXT_MAX      4096 /* of one name before it is cut */
#define AIA_MAX       8    /* access descriptions looked at */
#define PURPOSES_MAX  16   /* extended key usages looked at */
#define SAN_OID       "2.5.29.17"
#define OID_TEXT_SIZE 128

static const char hex[] = "0123456789ABCDEF";

static struct slice
datum_slice(const gnutls_datum_t *d)
{
	return slice_of(d->data == NULL ? (void *)"" : d->data, d->size);
}

static struct slice
copy(struct slice s)
{
	return slice_of(xmemdup(s.p, s.n), s.n);
}

/* --- names of subject and issuer -------------------------------------------*/

static void
read_name(int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned),
    gnutls_x509_crt_t crt, char *out, size_t size)
{
	gnutls_datum_t text = {0};

	out[0] = '\0';
	if (get(crt, &text, 0) == 0)
		text_copy(out, size, datum_slice(&text));
	gnutls_free(text.data);
}

/* One part of a name, e.g. the CN. */
static void
read_part(int (*get)(gnutls_x509_crt_t, const char *, unsigned, unsigned,
	      void *, size_t *),
    gnutls_x509_crt_t crt, const char *oid, char *out, size_t size)
{
	char text[TEXT_MAX];
	size_t n = sizeof(text);

	out[0] = '\0';
	if (get(crt, oid, 0, 0, text, &n) == 0)
		text_copy(out, size, slice_of(text, n));
}

static void
read_subject_and_issuer(struct certificate *c)
{
	read_name(
	    gnutls_x509_crt_get_dn3, c->handle, c->subject, sizeof(c->subject));
	read_name(gnutls_x509_crt_get_issuer_dn3, c->handle, c->issuer,
	    sizeof(c->issuer));
	read_part(gnutls_x509_crt_get_dn_by_oid, c->handle,
	    GNUTLS_OID_X520_COMMON_NAME, c->common_name,
	    sizeof(c->common_name));
	read_part(gnutls_x509_crt_get_issuer_dn_by_oid, c->handle,
	    GNUTLS_OID_X520_COMMON_NAME, c->issuer_name,
	    sizeof(c->issuer_name));
	if (c->issuer_name[0] == '\0')
		read_part(gnutls_x509_crt_get_issuer_dn_by_oid, c->handle,
		    GNUTLS_OID_X520_ORGANIZATION_NAME, c->issuer_name,
		    sizeof(c->issuer_name));
}

/* --- subject alternative names ---------------------------------------------*/

/* One dNSName more, unless it is no host name or was there before. */
static enum err
add_name(struct certificate *c, struct map *seen, struct slice name)
{
	char host[HOST_SIZE];

	if (host_normalise(name, host, NULL) != ERR_OK ||
	    map_get(seen, slice_str(host)) != NULL)
		return ERR_OK;
	if (c->n_names == CERTIFICATE_NAMES_MAX)
		return ERR_TOO_BIG;
	if (c->names == NULL)
		c->names = xcalloc(CERTIFICATE_NAMES_MAX, sizeof(*c->names));
	c->names[c->n_names] = xstrdup(host);
	return map_put(seen, slice_str(host), c->names[c->n_names++]);
}

/* Read here and not by GnuTLS, whose way takes the square of their number. */
static enum err
add_names(struct certificate *c, struct slice extension)
{
	struct der_item names, name;
	struct map seen;
	enum err e = ERR_OK;

	if (!der_take(&extension, DER_SEQUENCE, &names))
		return ERR_OK;
	map_init(&seen, CERTIFICATE_NAMES_MAX);
	while (e == ERR_OK && der_next(&names.content, &name)) {
		if (name.tag == DER_SAN_DNS)
			e = add_name(c, &seen, name.content);
	}
	map_clear(&seen);
	if (c->n_names > 0)
		c->names = xrealloc(c->names, c->n_names * sizeof(*c->names));
	return e;
}

static enum err
read_names(struct certificate *c, struct fault *f)
{
	gnutls_datum_t extension = {0};
	enum err e = ERR_OK;

	if (gnutls_x509_crt_get_extension_by_oid2(
		c->handle, SAN_OID, 0, &extension, NULL) == 0)
		e = add_names(c, datum_slice(&extension));
	gnutls_free(extension.data);
	if (e != ERR_OK)
		fault_set(f, FAULT_C24_TOO_MANY_NAMES,
		    "the certificate has more than %d names",
		    CERTIFICATE_NAMES_MAX);
	return e;
}

/* --- identifiers -----------------------------------------------------------*/

static void
read_serial(struct certificate *c)
{
	struct certificate_bytes *b = &c->serial_bytes;
	size_t from = 0, at = 0;

	b->n = sizeof(b->p);
	if (gnutls_x509_crt_get_serial(c->handle, b->p, &b->n) != 0)
		b->n = 0;
	while (from + 1 < b->n && b->p[from] == 0)
		from++;
	for (size_t i = from; i < b->n && at + 2 < sizeof(c->serial); i++) {
		c->serial[at++] = hex[b->p[i] >> 4];
		c->serial[at++] = hex[b->p[i] & 15];
	}
	c->serial[at] = '\0';
}

static void
read_key_ids(struct certificate *c)
{
	struct certificate_bytes *own = &c->key_id, *of = &c->issuer_key_id;

	own->n = sizeof(own->p);
	if (gnutls_x509_crt_get_subject_key_id(
		c->handle, own->p, &own->n, NULL) != 0)
		own->n = 0;
	of->n = sizeof(of->p);
	if (gnutls_x509_crt_get_authority_key_id(
		c->handle, of->p, &of->n, NULL) != 0)
		of->n = 0;
}

/* Where the issuer's certificate can be fetched (RFC 5280, 4.2.2.1). */
static void
read_issuer_url(struct certificate *c)
{
	for (unsigned i = 0; i < AIA_MAX && c->issuer_url[0] == '\0'; i++) {
		gnutls_datum_t url = {0};
		struct slice s;
		int rc = gnutls_x509_crt_get_authority_info_access(
		    c->handle, i, GNUTLS_IA_CAISSUERS_URI, &url, NULL);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return;
		s = datum_slice(&url);
		if (rc == 0 && s.n < sizeof(c->issuer_url) &&
		    (slice_starts_with(s, SLICE("http://")) ||
			slice_starts_with(s, SLICE("https://"))))
			text_copy(c->issuer_url, sizeof(c->issuer_url), s);
		gnutls_free(url.data);
	}
}

/* --- what it may be used for -----------------------------------------------*/

static bool
is_for_servers(gnutls_x509_crt_t crt)
{
	for (unsigned i = 0; i < PURPOSES_MAX; i++) {
		char oid[OID_TEXT_SIZE];
		size_t n = sizeof(oid);
		int rc =
		    gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &n, NULL);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return i == 0;
		if (rc == 0 && (strcmp(oid, GNUTLS_KP_TLS_WWW_SERVER) == 0 ||
				   strcmp(oid, GNUTLS_KP_ANY) == 0))
			return true;
	}
	return false;
}

static void
read_uses(struct certificate *c)
{
	unsigned is_ca = 0;

	(void)gnutls_x509_crt_get_basic_constraints(
	    c->handle, NULL, &is_ca, NULL);
	c->is_ca = is_ca != 0;
	c->not_before = gnutls_x509_crt_get_activation_time(c->handle);
	c->not_after = gnutls_x509_crt_get_expiration_time(c->handle);
	c->for_servers = is_for_servers(c->handle);
	c->is_self_signed = certificate_is_issued_by(c, c);
	c->weak_signature = !c->is_self_signed && signature_is_weak(c->handle);
}

static enum err
read_key(struct certificate *c)
{
	gnutls_pubkey_t key = NULL;
	gnutls_datum_t spki = {0};
	enum err e = ERR_SYNTAX;
	struct key_type type;

	if (gnutls_pubkey_init(&key) != 0 ||
	    gnutls_pubkey_import_x509(key, c->handle, 0) != 0 ||
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) != 0)
		goto out;
	c->spki = copy(datum_slice(&spki));
	type = key_type_of(key);
	key_type_format(&type, c->key_type);
	c->weak_key = key_type_is_weak(&type);
	e = ERR_OK;
out:
	gnutls_free(spki.data);
	gnutls_pubkey_deinit(key);
	return e;
}

/* --- the whole -------------------------------------------------------------*/

static enum err
read_all(struct certificate *c, struct slice der, struct fault *f)
{
	const gnutls_datum_t bytes = {(unsigned char *)der.p, (unsigned)der.n};
	int rc;

	if (gnutls_x509_crt_init(&c->handle) != 0)
		die("out of memory");
	c->der = copy(der);
	rc = gnutls_x509_crt_import(c->handle, &bytes, GNUTLS_X509_FMT_DER);
	if (rc == 0 && read_key(c) != ERR_OK)
		rc = GNUTLS_E_UNKNOWN_PK_ALGORITHM;
	if (rc != 0) {
		fault_set(f, FAULT_C18_NOT_RECOGNISED,
		    "the certificate cannot be read: %s", gnutls_strerror(rc));
		return ERR_SYNTAX;
	}
	gnutls_hash_fast(GNUTLS_DIG_SHA256, der.p, der.n, c->fingerprint);
	read_subject_and_issuer(c);
	read_serial(c);
	read_key_ids(c);
	read_issuer_url(c);
	read_uses(c);
	return read_names(c, f);
}

enum err
certificate_read(struct slice der, struct certificate **out, struct fault *f)
{
	struct certificate *c;
	enum err e;

	*out = NULL;
	if (der.n > CERTIFICATE_DER_MAX) {
		fault_set(f, FAULT_C18_NOT_RECOGNISED,
		    "a certificate of %zu bytes is not one for a web server",
		    der.n);
		return ERR_SYNTAX;
	}
	c = xcalloc(1, sizeof(*c));
	e = read_all(c, der, f);
	if (e != ERR_OK) {
		certificate_free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

void
certificate_free(struct certificate *c)
{
	if (c == NULL)
		return;
	gnutls_x509_crt_deinit(c->handle);
	for (size_t i = 0; i < c->n_names; i++)
		free(c->names[i]);
	free(c->names);
	free((void *)c->der.p);
	free((void *)c->spki.p);
	free(c);
}

/* --- questions -------------------------------------------------------------*/

bool
certificate_covers(const struct certificate *c, struct slice host)
{
	char name[HOST_SIZE];

	for (size_t i = 0; i < c->n_names; i++) {
		if (host_matches(slice_str(c->names[i]), host))
			return true;
	}
	return c->n_names == 0 &&
	       host_normalise(slice_str(c->common_name), name, NULL) ==
		   ERR_OK &&
	       host_matches(slice_str(name), host);
}

bool
certificate_is_valid(const struct certificate *c, int64_t now)
{
	return c->not_before <= now && now <= c->not_after;
}

static bool
is_same_name(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	gnutls_datum_t of = {0}, subject = {0};
	bool is_same = gnutls_x509_crt_get_raw_issuer_dn(crt, &of) == 0 &&
		       gnutls_x509_crt_get_raw_dn(issuer, &subject) == 0 &&
		       slice_eq(datum_slice(&of), datum_slice(&subject));

	gnutls_free(of.data);
	gnutls_free(subject.data);
	return is_same;
}

bool
certificate_is_issued_by(
    const struct certificate *c, const struct certificate *issuer)
{
	const struct certificate_bytes *of = &c->issuer_key_id;
	const struct certificate_bytes *own = &issuer->key_id;

	if (!is_same_name(c->handle, issuer->handle))
		return false;
	if (of->n > 0 && own->n > 0 &&
	    !slice_eq(slice_of(of->p, of->n), slice_of(own->p, own->n)))
		return false;
	return signature_is_good(c->handle, c->der, issuer->handle);
}

char *
fingerprint_text(const uint8_t fp[32], char out[FINGERPRINT_TEXT_SIZE])
{
	char *p = out;

	for (size_t i = 0; i < 32; i++) {
		*p++ = hex[fp[i] >> 4];
		*p++ = hex[fp[i] & 15];
		*p++ = i == 31 ? '\0' : ':';
	}
	return out;
}
