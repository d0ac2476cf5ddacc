#include "router/edge/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/tls_certificate.h"
#include "router/edge/tls_session.h"
#include "router/edge/x25519.h"

#define PRIORITY                                                               \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2" TLS_CIPHERS ":%SERVER_PRECEDENCE"
#define PRIORITY_ONLY     "NONE:+VERS-TLS1.3" TLS_CIPHERS ":%SERVER_PRECEDENCE"
#define PRIORITY_BACKENDS "NONE:+VERS-TLS1.3:+VERS-TLS1.2" TLS_CIPHERS

/* --- callbacks of GnuTLS -------------------------------------------------- */

static ssize_t
on_pull(gnutls_transport_ptr_t ptr, void *out, size_t n)
{
	struct tls_session *s = ptr;

	if (s->fed.n == 0) {
		gnutls_transport_set_errno(s->gnutls, EAGAIN);
		return -1;
	}
	if (n > s->fed.n)
		n = s->fed.n;
	memcpy(out, s->fed.p, n);
	s->fed = slice_from(s->fed, n);
	return (ssize_t)n;
}

/* The stream takes all: who writes too much is held back by its watermark. */
static ssize_t
on_push(gnutls_transport_ptr_t ptr, const giovec_t *pieces, int n)
{
	struct tls_session *s = ptr;
	size_t sum = 0;

	for (int i = 0; i < n; i++) {
		stream_write(
		    s->out, slice_of(pieces[i].iov_base, pieces[i].iov_len));
		sum += pieces[i].iov_len;
	}
	return (ssize_t)sum;
}

/* Runs at every full handshake; again for each cipher suite after a no. */
/* NOLINTBEGIN(readability-function-size): the parameters are GnuTLS' */
static int
on_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **chain, unsigned *n_chain, gnutls_ocsp_data_st **ocsp,
    unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
	struct tls_session *s = gnutls_session_get_ptr(session);

	(void)info;
	*ocsp = NULL;
	*n_ocsp = 0;
	*flags = 0; /* all of it stays ours */
	if (!s->was_asked) {
		s->was_asked = true;
		s->certificate = s->choose(s->ctx);
	}
	if (s->certificate == NULL)
		return -1;
	*chain =
	    (gnutls_pcert_st *)tls_certificate_chain(s->certificate, n_chain);
	*key = tls_certificate_key(s->certificate);
	return 0;
}
/* NOLINTEND(readability-function-size) */

/* --- the worker's --------------------------------------------------------- */

struct tls *
tls_new(void)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	const char *where = NULL;

	gnutls_global_set_time_function(clock_time_t);
	x25519_set_up();
	if (gnutls_certificate_allocate_credentials(&t->credentials) != 0)
		die("tls: no credentials");
	gnutls_certificate_set_retrieve_function3(t->credentials, on_retrieve);
	if (gnutls_priority_init(&t->priority, PRIORITY, &where) != 0 ||
	    gnutls_priority_init(&t->priority_only13, PRIORITY_ONLY, &where) !=
		0 ||
	    gnutls_priority_init(
		&t->priority_backends, PRIORITY_BACKENDS, &where) != 0)
		die("tls: GnuTLS does not know %s", where);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	gnutls_certificate_free_credentials(t->credentials);
	gnutls_priority_deinit(t->priority);
	gnutls_priority_deinit(t->priority_only13);
	gnutls_priority_deinit(t->priority_backends);
	free(t);
}

void
tls_refuse(struct stream *out, enum tls_alert alert)
{
	char record[] = {21, 3, 3, 0, 2, 2 /* fatal */, (char)alert};

	stream_write(out, slice_of(record, sizeof(record)));
}

/* --- sessions ------------------------------------------------------------- */

static int
set_protocols(gnutls_session_t g, bool is_challenge)
{
	static const gnutls_datum_t challenge[] = {
	    {(unsigned char *)"acme-tls/1", 10},
	};
	static const gnutls_datum_t ours[] = {
	    {(unsigned char *)"h2", 2}, {(unsigned char *)"http/1.1", 8},
	    {(unsigned char *)"http/1.0", 8}, /* all that curl -0 offers */
	};
	unsigned flags = GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE;

	if (is_challenge)
		return gnutls_alpn_set_protocols(
		    g, challenge, COUNT_OF(challenge), flags);
	return gnutls_alpn_set_protocols(g, ours, COUNT_OF(ours), flags);
}

static int
set_up(struct tls_session *s, const struct tls_options *o)
{
	gnutls_session_t g = s->gnutls;
	gnutls_datum_t key;
	int rc = gnutls_priority_set(
	    g, o->only_tls13 ? s->tls->priority_only13 : s->tls->priority);

	if (rc == 0)
		rc = gnutls_credentials_set(
		    g, GNUTLS_CRD_CERTIFICATE, s->tls->credentials);
	if (rc == 0)
		rc = set_protocols(g, o->is_challenge);
	if (rc == 0 && o->ticket_key != NULL) {
		/* the hello was read by us, so the host is known already */
		key = (gnutls_datum_t){(unsigned char *)o->ticket_key->bytes,
		    sizeof(o->ticket_key->bytes)};
		rc = gnutls_session_ticket_enable_server(g, &key);
	}
	return rc;
}

void
tls_session_connect(struct tls_session *s)
{
	gnutls_session_set_ptr(s->gnutls, s);
	gnutls_transport_set_ptr(s->gnutls, s);
	gnutls_transport_set_pull_function(s->gnutls, on_pull);
	gnutls_transport_set_vec_push_function(s->gnutls, on_push);
}

struct tls_session *
tls_session_new(
    struct tls *t, struct stream *out, const struct tls_options *options)
{
	struct tls_session *s = xcalloc(1, sizeof(*s));
	unsigned flags = GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
			 GNUTLS_NO_AUTO_SEND_TICKET;

	*s = (struct tls_session){.tls = t,
	    .out = out,
	    .choose = options->choose,
	    .ctx = options->ctx};
	s->has_tickets = options->ticket_key != NULL;
	if (!s->has_tickets)
		flags |= GNUTLS_NO_TICKETS;
	if (gnutls_init(&s->gnutls, flags) != 0) {
		free(s);
		return NULL;
	}
	tls_session_connect(s);
	if (set_up(s, options) != 0) {
		tls_session_free(s);
		return NULL;
	}
	return s;
}

void
tls_session_free(struct tls_session *s)
{
	if (s == NULL)
		return;
	if (s->tls->writer == s) {
		s->tls->writer = NULL;
		s->tls->n_plain = 0;
	}
	gnutls_deinit(s->gnutls);
	tls_certificate_unref(s->certificate); /* the session had pointers */
	tls_backend_end_free(s->backend);
	free(s);
}

void
tls_feed(struct tls_session *s, struct slice bytes)
{
	assert(s->fed.n == 0);
	s->fed = bytes;
}

/* The text of GnuTLS' errors is for tls_failure; the peer gets an alert. */
static enum err
fail(struct tls_session *s, int rc)
{
	s->error = rc;
	s->fed = SLICE("");
	if (rc != GNUTLS_E_FATAL_ALERT_RECEIVED)
		(void)gnutls_alert_send_appropriate(s->gnutls, rc);
	return ERR_TLS;
}

/*
 * GnuTLS also says "again" after a record that gave nothing yet (a part of a
 * message, a key update), although the next one is there: nobody would ever
 * wake us for what we hold ourselves.
 */
static bool
is_to_be_repeated(const struct tls_session *s, ssize_t rc, size_t left_before)
{
	if (rc == GNUTLS_E_AGAIN)
		return s->fed.n > 0 && s->fed.n < left_before;
	return rc == GNUTLS_E_INTERRUPTED ||
	       rc == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

enum err
tls_handshake(struct tls_session *s)
{
	size_t left;
	int rc;

	do {
		left = s->fed.n;
		rc = gnutls_handshake(s->gnutls);
	} while (is_to_be_repeated(s, rc, left));
	if (rc == GNUTLS_E_AGAIN)
		return ERR_AGAIN;
	if (rc != 0)
		return fail(s, rc);
	s->owes_ticket = s->has_tickets && gnutls_protocol_get_version(
					       s->gnutls) == GNUTLS_TLS1_3;
	return ERR_OK;
}

/*
 * One ticket for a connection, with the first that is written: GnuTLS by itself
 * makes two of each handshake, also of resumed ones, 10 us each.
 */
static void
give_ticket(struct tls_session *s)
{
	if (s->owes_ticket)
		(void)gnutls_session_ticket_send(s->gnutls, 1, 0);
	s->owes_ticket = false;
}

enum err
tls_read(struct tls_session *s, struct slice *plain)
{
	struct tls *t = s->tls;
	size_t left;
	ssize_t n;

	do {
		left = s->fed.n;
		n = gnutls_record_recv(
		    s->gnutls, t->received, sizeof(t->received));
	} while (is_to_be_repeated(s, n, left));
	if (n == GNUTLS_E_AGAIN)
		return ERR_AGAIN;
	if (n < 0)
		return fail(s, (int)n);
	*plain = slice_of(t->received, (size_t)n);
	if (n == 0)
		s->fed = SLICE(""); /* what follows a goodbye is noise */
	return n == 0 ? ERR_CLOSED : ERR_OK;
}

void
tls_flush(struct tls *t)
{
	struct tls_session *s = t->writer;
	size_t at = 0;

	if (s == NULL)
		return;
	t->writer = NULL;
	give_ticket(s);
	while (at < t->n_plain) {
		ssize_t n = gnutls_record_send(
		    s->gnutls, t->plain + at, t->n_plain - at);

		if (n <= 0 && n != GNUTLS_E_INTERRUPTED)
			break; /* the session is broken; reading tells */
		if (n > 0)
			at += (size_t)n;
	}
	t->n_plain = 0;
}

void
tls_write(struct tls_session *s, struct slice plain)
{
	struct tls *t = s->tls;

	while (plain.n > 0) {
		size_t n = plain.n;

		if (t->writer != s)
			tls_flush(t);
		if (n > TLS_RECORD_MAX - t->n_plain)
			n = TLS_RECORD_MAX - t->n_plain;
		memcpy(t->plain + t->n_plain, plain.p, n);
		t->n_plain += n;
		t->writer = s;
		plain = slice_from(plain, n);
		if (t->n_plain == TLS_RECORD_MAX)
			tls_flush(t);
	}
}

void
tls_close(struct tls_session *s)
{
	if (s->tls->writer == s)
		tls_flush(s->tls);
	give_ticket(s);
	(void)gnutls_bye(s->gnutls, GNUTLS_SHUT_WR);
}

const char *
tls_version(const struct tls_session *s)
{
	return gnutls_protocol_get_version(s->gnutls) == GNUTLS_TLS1_3 ? "1.3"
								       : "1.2";
}

bool
tls_speaks_h2(const struct tls_session *s)
{
	gnutls_datum_t chosen;

	return gnutls_alpn_get_selected_protocol(s->gnutls, &chosen) == 0 &&
	       slice_eq(slice_of(chosen.data, chosen.size), SLICE("h2"));
}

bool
tls_is_resumed(const struct tls_session *s)
{
	return gnutls_session_is_resumed(s->gnutls) != 0;
}

const char *
tls_failure(const struct tls_session *s)
{
	return gnutls_strerror(s->error);
}
