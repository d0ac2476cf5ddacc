#include "certs/key_csr.h"

#include <string.h>

#include <gnutls/x509.h>

#include "base/mem.h"

#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */

static int
set_subject(gnutls_x509_crq_t crq, const char *subject, const char *first)
{
	const char *wrong = NULL;

	if (subject[0] != '\0')
		return gnutls_x509_crq_set_dn(crq, subject, &wrong);
	if (strlen(first) > COMMON_NAME_MAX)
		return 0;
	return gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME,
	    0, first, (unsigned)strlen(first));
}

static int
set_names(gnutls_x509_crq_t crq, const char *const *names, size_t n_names)
{
	int code = 0;

	for (size_t i = 0; i < n_names && code == 0; i++)
		code = gnutls_x509_crq_set_subject_alt_name(crq,
		    GNUTLS_SAN_DNSNAME, names[i], (unsigned)strlen(names[i]),
		    i == 0 ? GNUTLS_FSAN_SET : GNUTLS_FSAN_APPEND);
	return code;
}

static int
sign(gnutls_x509_crq_t crq, gnutls_privkey_t handle)
{
	gnutls_pubkey_t public = NULL;
	gnutls_digest_algorithm_t digest = GNUTLS_DIG_SHA256;
	int code = gnutls_pubkey_init(&public);

	if (code == 0)
		code = gnutls_pubkey_import_privkey(public, handle, 0, 0);
	if (code == 0)
		code = gnutls_x509_crq_set_pubkey(crq, public);
	if (code == 0)
		code = gnutls_pubkey_get_preferred_hash_algorithm(
		    public, &digest, NULL);
	if (code == 0)
		code = gnutls_x509_crq_privkey_sign(crq, handle, digest, 0);
	gnutls_pubkey_deinit(public);
	return code;
}

enum err
key_csr(gnutls_privkey_t handle, const char *subject, const char *const *names,
    size_t n_names, struct buf *der, struct fault *f)
{
	gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t out = {0};
	enum err e = ERR_TLS;
	int code;

	if (gnutls_x509_crq_init(&crq) != 0)
		die("no memory for a request");
	code = gnutls_x509_crq_set_version(crq, 1);
	if (code == 0)
		code = set_subject(crq, subject, n_names == 0 ? "" : names[0]);
	if (code == 0)
		code = set_names(crq, names, n_names);
	if (code == 0)
		code = sign(crq, handle);
	if (code == 0)
		code = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &out);
	if (code == 0)
		e = buf_add(der, slice_of(out.data, out.size));
	else
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The request cannot be made: %s", gnutls_strerror(code));
	gnutls_free(out.data);
	gnutls_x509_crq_deinit(crq);
	return e;
}
