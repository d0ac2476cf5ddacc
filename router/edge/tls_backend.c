#include "router/edge/tls_backend.h"

#include <stdlib.h>

#include <gnutls/x509.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/edge/tls_session.h"

#define TRUSTS_MAX      100000
#define RESUMES_SECONDS 3600

struct tls_trust {
	struct tls_trusts *owner;
	char *pem;
	unsigned refs;
	gnutls_certificate_credentials_t credentials; /* NULL: not read yet */
};

struct tls_resumption {
	gnutls_datum_t data; /* GnuTLS' */
	int64_t good_until;
};

/* What a session towards a backend has beside tls_session. */
struct tls_backend_end {
	struct tls_trust *trust;
	struct tls_resumption *resumption;
	gnutls_typed_vdata_st checks[2];
	bool has_kept;
};

/* --- roots ---------------------------------------------------------------- */

void
tls_trusts_init(struct tls_trusts *ts)
{
	map_init(&ts->map, TRUSTS_MAX);
}

void
tls_trusts_clear(struct tls_trusts *ts)
{
	map_clear(&ts->map);
}

struct tls_trust *
tls_trust_get(struct tls_trusts *ts, struct slice pem)
{
	struct tls_trust *t = map_get(&ts->map, pem);

	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		t->pem = xstrdup_slice(pem);
		/* past the limit it is shared with nobody */
		if (map_put(&ts->map, pem, t) == ERR_OK)
			t->owner = ts;
	}
	t->refs++;
	return t;
}

void
tls_trust_unref(struct tls_trust *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	if (t->owner != NULL)
		(void)map_remove(&t->owner->map, slice_str(t->pem));
	if (t->credentials != NULL)
		gnutls_certificate_free_credentials(t->credentials);
	free(t->pem);
	free(t);
}

/* Roots that cannot be read are none: then nothing is trusted. */
static gnutls_certificate_credentials_t
credentials_of(struct tls_trust *t)
{
	gnutls_datum_t pem = {
	    (unsigned char *)t->pem, (unsigned)strlen(t->pem)};
	int n;

	if (t->credentials != NULL)
		return t->credentials;
	if (gnutls_certificate_allocate_credentials(&t->credentials) != 0)
		die("tls: no credentials");
	if (pem.size == 0)
		n = gnutls_certificate_set_x509_system_trust(t->credentials);
	else
		n = gnutls_certificate_set_x509_trust_mem(
		    t->credentials, &pem, GNUTLS_X509_FMT_PEM);
	if (n <= 0)
		log_warning("no CA certificates for backends in %s: %s",
		    pem.size == 0 ? "the system's bundle" : "backend_ca",
		    n < 0 ? gnutls_strerror(n) : "it is empty");
	return t->credentials;
}

/* --- resumption ----------------------------------------------------------- */

struct tls_resumption *
tls_resumption_new(void)
{
	return xcalloc(1, sizeof(struct tls_resumption));
}

void
tls_resumption_free(struct tls_resumption *r)
{
	if (r == NULL)
		return;
	gnutls_free(r->data.data);
	free(r);
}

static void
resume(gnutls_session_t g, const struct tls_resumption *r)
{
	if (r->data.data != NULL && clock_now() < r->good_until)
		(void)gnutls_session_set_data(g, r->data.data, r->data.size);
}

void
tls_backend_keep(struct tls_session *s)
{
	struct tls_backend_end *end = s->backend;
	struct tls_resumption *r = end->resumption;
	gnutls_datum_t data;

	if (end->has_kept || (gnutls_session_get_flags(s->gnutls) &
				 GNUTLS_SFLAGS_SESSION_TICKET) == 0)
		return;
	end->has_kept = true;
	if (gnutls_session_get_data2(s->gnutls, &data) != 0)
		return;
	gnutls_free(r->data.data);
	r->data = data;
	if (!tls_is_resumed(s))
		r->good_until = clock_now() + RESUMES_SECONDS;
}

/* --- sessions ------------------------------------------------------------- */

static bool
is_host_name(const char *name)
{
	struct addr a;

	return addr_parse_ip(slice_str(name), 0, &a) != ERR_OK;
}

static int
set_up(struct tls_session *s, const char *name)
{
	static const gnutls_datum_t protocol = {(unsigned char *)"http/1.1", 8};
	struct tls_backend_end *end = s->backend;
	gnutls_session_t g = s->gnutls;
	int rc = gnutls_priority_set(g, s->tls->priority_backends);

	if (rc == 0)
		rc = gnutls_credentials_set(
		    g, GNUTLS_CRD_CERTIFICATE, credentials_of(end->trust));
	if (rc == 0 && is_host_name(name))
		rc = gnutls_server_name_set(
		    g, GNUTLS_NAME_DNS, name, strlen(name));
	if (rc == 0)
		rc = gnutls_alpn_set_protocols(g, &protocol, 1, 0);
	end->checks[0] = (gnutls_typed_vdata_st){
	    GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)name, 0};
	end->checks[1] = (gnutls_typed_vdata_st){GNUTLS_DT_KEY_PURPOSE_OID,
	    (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER, 0};
	gnutls_session_set_verify_cert2(
	    g, end->checks, COUNT_OF(end->checks), 0);
	resume(g, end->resumption);
	return rc;
}

struct tls_session *
tls_backend_session_new(struct tls *t, struct stream *out,
    const struct tls_backend_options *options)
{
	struct tls_session *s = xcalloc(1, sizeof(*s));

	s->tls = t;
	s->out = out;
	if (gnutls_init(&s->gnutls,
		GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0) {
		free(s);
		return NULL;
	}
	tls_session_connect(s);
	s->backend = xcalloc(1, sizeof(*s->backend));
	s->backend->trust = options->trust;
	s->backend->trust->refs++;
	s->backend->resumption = options->resumption;
	if (set_up(s, options->name) != 0) {
		tls_session_free(s);
		return NULL;
	}
	return s;
}

void
tls_backend_end_free(struct tls_backend_end *end)
{
	if (end == NULL)
		return;
	tls_trust_unref(end->trust);
	free(end);
}

const char *
tls_backend_cause(const struct tls_session *s)
{
	static const struct {
		unsigned status;
		const char *cause;
	} causes[] = {
	    {GNUTLS_CERT_REVOKED, "certificate revoked"},
	    {GNUTLS_CERT_SIGNER_NOT_FOUND, "certificate not trusted"},
	    {GNUTLS_CERT_SIGNER_NOT_CA, "certificate not trusted"},
	    {GNUTLS_CERT_EXPIRED, "certificate expired"},
	    {GNUTLS_CERT_NOT_ACTIVATED, "certificate not valid yet"},
	    {GNUTLS_CERT_UNEXPECTED_OWNER, "certificate of another name"},
	    {GNUTLS_CERT_PURPOSE_MISMATCH, "certificate not for servers"},
	    {GNUTLS_CERT_INSECURE_ALGORITHM, "certificate too weak"},
	};
	unsigned status = gnutls_session_get_verify_cert_status(s->gnutls);

	if (s->error != GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		return "TLS handshake failed";
	for (size_t i = 0; i < COUNT_OF(causes); i++)
		if ((status & causes[i].status) != 0)
			return causes[i].cause;
	return "certificate invalid";
}
