#include "certs/prove.h"

#include <errno.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/host.h"
#include "base/mem.h"
#include "certs/remote_key.h"

/* Whatever a legal certificate needs, after the version. */
#define PRIORITIES                                                             \
	":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD"                  \
	":+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1"              \
	":+GROUP-SECP384R1:+GROUP-SECP521R1"                                   \
	":+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384"           \
	":+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-ECDSA-SHA256"                     \
	":+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:+SIGN-RSA-PSS-RSAE-SHA256"     \
	":+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512"                 \
	":+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512"                  \
	":+SIGN-EDDSA-ED25519:+CTYPE-SRV-X509:+CTYPE-CLI-X509"

#define FLIGHT_MAX (512 * 1024)
#define TURNS_MAX  64

/* A version of TLS to prove with.  GnuTLS reads a priority string for as long
 * as it signs, so it is read once in the life of the process. */
struct version {
	const char *name;
	const char *text;
	gnutls_priority_t priorities; /* NULL: not read yet */
};

/* One side of the handshake: what it sends is what the other receives. */
struct side {
	gnutls_session_t session;
	struct buf sent;
	struct side *other;
	int code; /* of the last step; 0: done */
};

struct proof {
	const struct chain *chain;
	const char *host;
	struct remote_key *key;
	gnutls_pcert_st certificates[CHAIN_MAX];
	unsigned n_certificates;
	gnutls_certificate_credentials_t server, client;
	struct fault *f;
};

static ssize_t
push(gnutls_transport_ptr_t ctx, const void *data, size_t n)
{
	struct side *s = ctx;

	if (buf_add(&s->sent, slice_of(data, n)) != ERR_OK) {
		gnutls_transport_set_errno(s->session, EMSGSIZE);
		return -1;
	}
	return (ssize_t)n;
}

static ssize_t
pull(gnutls_transport_ptr_t ctx, void *data, size_t n)
{
	struct side *s = ctx;
	struct buf *from = &s->other->sent;

	if (from->len == 0) {
		gnutls_transport_set_errno(s->session, EAGAIN);
		return -1;
	}
	if (n > from->len)
		n = from->len;
	memcpy(data, buf_slice(from).p, n);
	buf_consume(from, n);
	return (ssize_t)n;
}

static int
pull_timeout(gnutls_transport_ptr_t ctx, unsigned ms)
{
	struct side *s = ctx;

	(void)ms;
	return s->other->sent.len > 0;
}

/* NOLINTBEGIN(readability-function-size): the parameters are GnuTLS' */
static int
retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **certificates, unsigned *n, gnutls_ocsp_data_st **ocsp,
    unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
	struct proof *p = gnutls_session_get_ptr(session);

	(void)info;
	*certificates = p->certificates;
	*n = p->n_certificates;
	*ocsp = NULL;
	*n_ocsp = 0;
	*key = remote_key_handle(p->key);
	*flags = 0; /* pointers are lent */
	return 0;
}
/* NOLINTEND(readability-function-size) */

static enum err
refuse(struct proof *p, const char *version, const char *why)
{
	fault_set(p->f, FAULT_C30_PROOF_FAILED,
	    "A trial handshake with TLS %s failed: %s", version, why);
	return ERR_TLS;
}

static void
side_init(struct side *s, struct side *other, unsigned flags,
    gnutls_priority_t priorities, gnutls_certificate_credentials_t credentials)
{
	buf_init(&s->sent, FLIGHT_MAX);
	s->other = other;
	s->code = GNUTLS_E_AGAIN;
	if (gnutls_init(&s->session, flags | GNUTLS_NONBLOCK) != 0 ||
	    gnutls_priority_set(s->session, priorities) != 0 ||
	    gnutls_credentials_set(
		s->session, GNUTLS_CRD_CERTIFICATE, credentials) != 0)
		die("a TLS session cannot be made");
	gnutls_transport_set_ptr(s->session, s);
	gnutls_transport_set_push_function(s->session, push);
	gnutls_transport_set_pull_function(s->session, pull);
	gnutls_transport_set_pull_timeout_function(s->session, pull_timeout);
	gnutls_handshake_set_timeout(s->session, GNUTLS_INDEFINITE_TIMEOUT);
}

static void
side_clear(struct side *s)
{
	gnutls_deinit(s->session);
	buf_clear(&s->sent);
}

static void
step(struct side *s)
{
	if (s->code != 0 && !gnutls_error_is_fatal(s->code))
		s->code = gnutls_handshake(s->session);
}

static bool
is_over(const struct side *s)
{
	return s->code == 0 || gnutls_error_is_fatal(s->code);
}

/* The client was sent exactly the chain, in its order. */
static bool
chain_arrived(struct proof *p, gnutls_session_t client)
{
	unsigned n = 0;
	const gnutls_datum_t *sent = gnutls_certificate_get_peers(client, &n);

	if (sent == NULL || n != p->chain->n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!slice_eq(slice_of(sent[i].data, sent[i].size),
			p->chain->items[i]->der))
			return false;
	return true;
}

/* What went wrong is known to who found it: the other one only heard an alert,
 * or still waits. */
static int
reason(const struct side *server, const struct side *client)
{
	if (client->code != 0 && gnutls_error_is_fatal(client->code) &&
	    client->code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return client->code;
	return server->code != 0 ? server->code : client->code;
}

static gnutls_priority_t
priorities_of(struct version *v)
{
	if (v->priorities == NULL &&
	    gnutls_priority_init(&v->priorities, v->text, NULL) != 0)
		die("the priorities of TLS %s cannot be read", v->name);
	return v->priorities;
}

static enum err
shake_hands(struct proof *p, struct version *v)
{
	gnutls_priority_t priorities = priorities_of(v);
	struct side server, client;
	enum err e = ERR_OK;

	side_init(&server, &client, GNUTLS_SERVER, priorities, p->server);
	/* one key share: what is proved is the certificate, not the groups */
	side_init(&client, &server, GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP,
	    priorities, p->client);
	gnutls_session_set_ptr(server.session, p);
	/* nobody asks for a wildcard by its own name */
	if (!host_is_wildcard(slice_str(p->host)))
		(void)gnutls_server_name_set(
		    client.session, GNUTLS_NAME_DNS, p->host, strlen(p->host));
	for (int i = 0;
	     i < TURNS_MAX && !(is_over(&client) && is_over(&server)); i++) {
		step(&client);
		step(&server);
		if (gnutls_error_is_fatal(client.code) ||
		    gnutls_error_is_fatal(server.code))
			break;
	}
	if (server.code != 0 || client.code != 0)
		e = refuse(
		    p, v->name, gnutls_strerror(reason(&server, &client)));
	else if (!chain_arrived(p, client.session))
		e = refuse(p, v->name, "another chain arrived than was sent");
	side_clear(&server);
	side_clear(&client);
	return e;
}

static enum err
read_chain(struct proof *p)
{
	for (size_t i = 0; i < p->chain->n; i++) {
		struct slice der = p->chain->items[i]->der;
		gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};

		if (gnutls_pcert_import_x509_raw(
			&p->certificates[i], &d, GNUTLS_X509_FMT_DER, 0) != 0)
			return refuse(p, "1.3", "the chain cannot be read");
		p->n_certificates++;
	}
	return ERR_OK;
}

static enum err
prepare(struct proof *p, struct keyring *k, const struct key_ref *key)
{
	const struct certificate *leaf = p->chain->items[0];

	if (gnutls_certificate_allocate_credentials(&p->server) != 0 ||
	    gnutls_certificate_allocate_credentials(&p->client) != 0)
		die("no memory for credentials");
	gnutls_certificate_set_retrieve_function3(p->server, retrieve);
	if (remote_key_new(k, key->id, key->sealed, leaf->key_type, &p->key) !=
	    ERR_OK)
		return refuse(p, "1.3", "the key's type cannot be used");
	return read_chain(p);
}

/* Keys may have gone away half-way, or cannot open the key: then this is what
 * to tell, and not what TLS made of it. */
static enum err
blame_keys(
    struct keyring *k, const struct key_ref *key, enum err e, struct fault *f)
{
	struct fault why = {0};
	struct buf spki;
	enum err answer;

	buf_init(&spki, CHANNEL_MESSAGE_MAX);
	answer = keyring_public(k, key, &spki, &why);
	buf_clear(&spki);
	if (answer == ERR_OK)
		return e;
	if (f != NULL)
		*f = why;
	return answer;
}

enum err
prove(const struct chain *chain, struct keyring *k, const struct key_ref *key,
    const char *host, int min_tls, struct fault *f)
{
	static struct version tls13 = {
	    "1.3", "NONE:+VERS-TLS1.3" PRIORITIES, NULL};
	static struct version tls12 = {
	    "1.2", "NONE:+VERS-TLS1.2" PRIORITIES, NULL};
	struct proof p = {.chain = chain, .host = host, .f = f};
	enum err e;

	if (!keyring_is_ready(k)) {
		fault_set(f, FAULT_C37_KEYS_AWAY, NULL);
		return ERR_CLOSED;
	}
	if (!certificate_covers(chain->items[0], slice_str(host))) {
		fault_set(f, FAULT_C30_PROOF_FAILED,
		    "A client that asks for %s would refuse this certificate: "
		    "the name is not in it",
		    host);
		return ERR_TLS;
	}
	e = prepare(&p, k, key);
	if (e == ERR_OK)
		e = shake_hands(&p, &tls13);
	if (e == ERR_OK && min_tls < 13)
		e = shake_hands(&p, &tls12);
	if (e != ERR_OK)
		e = blame_keys(k, key, e, f);
	for (unsigned i = 0; i < p.n_certificates; i++)
		gnutls_pcert_deinit(&p.certificates[i]);
	remote_key_free(p.key);
	gnutls_certificate_free_credentials(p.server);
	gnutls_certificate_free_credentials(p.client);
	return e;
}
