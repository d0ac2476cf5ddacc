#include "certs/x509/trust.h"

#include <stdlib.h>

#include <gnutls/x509.h>

#include "base/mem.h"
#include "certs/x509/chain.h"

struct trust {
	char *extra_file;
	struct roots *roots;
};

/* Filled at the first question; apart, so that asking changes no trust. */
struct roots {
	gnutls_x509_trust_list_t list; /* NULL: not read yet */
};

struct trust *
trust_new(const char *extra_file)
{
	struct trust *t = xcalloc(1, sizeof(*t));

	t->extra_file = xstrdup(extra_file);
	t->roots = xcalloc(1, sizeof(*t->roots));
	return t;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	if (t->roots->list != NULL)
		gnutls_x509_trust_list_deinit(t->roots->list, 1);
	free(t->roots);
	free(t->extra_file);
	free(t);
}

/* A bundle that cannot be read leaves an empty list: nothing is trusted. */
static gnutls_x509_trust_list_t
roots_of(const struct trust *t)
{
	struct roots *r = t->roots;

	if (r->list != NULL)
		return r->list;
	if (gnutls_x509_trust_list_init(&r->list, 0) != 0)
		die("out of memory");
	(void)gnutls_x509_trust_list_add_system_trust(r->list, 0, 0);
	if (t->extra_file != NULL)
		(void)gnutls_x509_trust_list_add_trust_file(
		    r->list, t->extra_file, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	return r->list;
}

void
trust_read(const struct trust *t)
{
	(void)roots_of(t);
}

static bool
is_in_time(const struct chain *c, int64_t now, struct fault *why)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct certificate *item = c->items[i];

		if (certificate_is_valid(item, now))
			continue;
		fault_set(why, FAULT_C22_NOT_TRUSTED, "%s \"%s\" %s",
		    i == 0 ? "the certificate" : "the issuer",
		    i == 0 ? item->common_name : item->subject,
		    now < item->not_before ? "is not valid yet"
					   : "has expired");
		return false;
	}
	return true;
}

/* With a root beside it, or when even its CA is known not to be a public one
 * (no URL says where to fetch what is missing), nothing is missing. */
static bool
is_incomplete(const struct chain *c)
{
	const struct certificate *last = c->items[c->n - 1];

	return !c->has_root && (c->n == 1 || last->issuer_url[0] != '\0');
}

static void
explain(const struct chain *c, unsigned status, struct fault *why)
{
	const struct certificate *last = c->items[c->n - 1];
	gnutls_datum_t text = {0};

	if ((status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0 && is_incomplete(c)) {
		fault_set(why, FAULT_C21_CHAIN_INCOMPLETE,
		    "the intermediate certificate \"%s\" is missing, so many "
		    "visitors will not trust it",
		    last->issuer_name);
		return;
	}
	if ((status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0) {
		fault_set(why, FAULT_C22_NOT_TRUSTED,
		    c->n == 1 && last->is_self_signed
			? "the certificate is self-signed"
			: "the authority \"%s\" is not one that browsers trust",
		    last->issuer_name);
		return;
	}
	if (gnutls_certificate_verification_status_print(
		status, GNUTLS_CRT_X509, &text, 0) == 0)
		fault_set(why, FAULT_C22_NOT_TRUSTED, "%s", text.data);
	else
		fault_set(why, FAULT_C22_NOT_TRUSTED, NULL);
	gnutls_free(text.data);
}

bool
chain_is_trusted(const struct chain *c, const struct trust *t, int64_t now,
    struct fault *why)
{
	gnutls_x509_crt_t list[CHAIN_MAX];
	char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st data = {
	    .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (void *)purpose};
	unsigned status = 0;
	int rc;

	if (!is_in_time(c, now, why))
		return false;
	for (size_t i = 0; i < c->n; i++)
		list[i] = c->items[i]->handle;
	/* Time is ours (is_in_time): a test moves it, GnuTLS would not. */
	rc = gnutls_x509_trust_list_verify_crt2(roots_of(t), list,
	    (unsigned)c->n, &data, 1,
	    GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
		GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS,
	    &status, NULL);
	if (rc == 0 && status == 0)
		return true;
	explain(c, rc == 0 ? status : GNUTLS_CERT_INVALID, why);
	return false;
}
