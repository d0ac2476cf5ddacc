#include "certs/x509/pkcs7.h"

#include <gnutls/pkcs7.h>

#include "base/mem.h"

static enum err
visit_one(gnutls_pkcs7_t p7, unsigned i, pkcs7_visit *visit, void *ctx)
{
	gnutls_datum_t der = {NULL, 0};
	enum err e;

	if (gnutls_pkcs7_get_crt_raw2(p7, i, &der) != 0)
		return ERR_OK; /* an attribute certificate */
	e = visit(ctx, slice_of(der.data, der.size));
	gnutls_free(der.data);
	return e;
}

static enum err
visit_all(gnutls_pkcs7_t p7, pkcs7_visit *visit, void *ctx, struct fault *f)
{
	int n = gnutls_pkcs7_get_crt_count(p7);
	enum err e = ERR_OK;

	if (n <= 0) {
		fault_set(f, FAULT_C18_NOT_RECOGNISED,
		    "the PKCS#7 bundle holds no certificate");
		return ERR_SYNTAX;
	}
	if (n > PKCS7_CERTIFICATES_MAX) {
		fault_set(f, FAULT_C20_TOO_BIG,
		    "the PKCS#7 bundle holds %d certificates, more than the "
		    "%d that are read",
		    n, PKCS7_CERTIFICATES_MAX);
		return ERR_TOO_BIG;
	}
	for (int i = 0; i < n && e == ERR_OK; i++)
		e = visit_one(p7, (unsigned)i, visit, ctx);
	return e;
}

enum err
pkcs7_read(struct slice bytes, pkcs7_visit *visit, void *ctx, struct fault *f)
{
	const gnutls_datum_t data = {
	    (unsigned char *)bytes.p, (unsigned)bytes.n};
	gnutls_pkcs7_t p7;
	enum err e;
	int rc;

	if (gnutls_pkcs7_init(&p7) != 0)
		die("out of memory");
	rc = gnutls_pkcs7_import(p7, &data, GNUTLS_X509_FMT_DER);
	if (rc == 0) {
		e = visit_all(p7, visit, ctx, f);
	} else {
		fault_set(f, FAULT_C18_NOT_RECOGNISED,
		    "the PKCS#7 bundle cannot be read: %s",
		    gnutls_strerror(rc));
		e = ERR_SYNTAX;
	}
	gnutls_pkcs7_deinit(p7);
	return e;
}
