/*
 * A session towards a backend on one end of a socket pair; at the other GnuTLS'
 * own server, which uses the socket itself.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/tls_backend.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

struct fixture {
	struct ev_loop *loop;
	struct stream_io *io;
	struct stream stream;
	struct tls *tls;
	struct tls_trusts trusts;
	struct tls_trust *trust;
	struct tls_resumption *resumption;
	struct tls_session *session;
	struct pki *root;
	/* the server */
	gnutls_session_t server;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t ticket_key;
	int fd;
	/* what the session says of it */
	bool is_over;
	enum err outcome;
	char sni[64];
};

static void
on_bytes(struct stream *s, struct slice bytes)
{
	struct fixture *f = container_of(s, struct fixture, stream);
	struct slice plain;

	tls_feed(f->session, bytes);
	if (!f->is_over) {
		f->outcome = tls_handshake(f->session);
		f->is_over = f->outcome != ERR_AGAIN;
	}
	if (f->is_over && f->outcome == ERR_OK) {
		while (tls_read(f->session, &plain) == ERR_OK)
			;
		tls_backend_keep(f->session);
	}
}

static void
on_room(struct stream *s)
{
	(void)s;
}

static void
on_end(struct stream *s, enum err why)
{
	struct fixture *f = container_of(s, struct fixture, stream);

	(void)why;
	if (!f->is_over)
		f->outcome = ERR_CLOSED;
	f->is_over = true;
}

static const struct stream_ops ops = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
};

static int
set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	f->io = stream_io_new(f->loop);
	f->tls = tls_new();
	tls_trusts_init(&f->trusts);
	f->root = pki_root("Inner CA");
	f->trust = tls_trust_get(&f->trusts, slice_str(f->root->pem));
	f->resumption = tls_resumption_new();
	assert_int_equal(gnutls_session_ticket_key_generate(&f->ticket_key), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	tls_resumption_free(f->resumption);
	tls_trust_unref(f->trust);
	tls_trusts_clear(&f->trusts);
	tls_free(f->tls);
	stream_io_free(f->io);
	ev_loop_destroy(f->loop);
	pki_free(f->root);
	gnutls_free(f->ticket_key.data);
	free(f);
	return 0;
}

static void
start_server(struct fixture *f, const struct pki *leaf, const char *priority)
{
	gnutls_datum_t cert = {
	    (unsigned char *)leaf->pem, (unsigned)strlen(leaf->pem)};
	gnutls_datum_t key = {
	    (unsigned char *)leaf->key_pem, (unsigned)strlen(leaf->key_pem)};

	assert_int_equal(
	    gnutls_certificate_allocate_credentials(&f->credentials), 0);
	assert_int_equal(gnutls_certificate_set_x509_key_mem(
			     f->credentials, &cert, &key, GNUTLS_X509_FMT_PEM),
	    0);
	assert_int_equal(
	    gnutls_init(
		&f->server, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL),
	    0);
	assert_int_equal(
	    gnutls_priority_set_direct(f->server, priority, NULL), 0);
	assert_int_equal(gnutls_credentials_set(
			     f->server, GNUTLS_CRD_CERTIFICATE, f->credentials),
	    0);
	assert_int_equal(
	    gnutls_session_ticket_enable_server(f->server, &f->ticket_key), 0);
	gnutls_transport_set_int(f->server, f->fd);
}

static void
stop_server(struct fixture *f)
{
	gnutls_deinit(f->server);
	gnutls_certificate_free_credentials(f->credentials);
	close(f->fd);
}

static void
remember_sni(struct fixture *f)
{
	size_t n = sizeof(f->sni);
	unsigned type;

	if (gnutls_server_name_get(f->server, f->sni, &n, &type, 0) != 0)
		f->sni[0] = '\0';
}

/* One handshake with that name: how it ended.  The caller clears. */
static enum err
connect_to(struct fixture *f, const struct pki *leaf, const char *name,
    const char *priority)
{
	struct tls_backend_options options = {
	    .name = name, .trust = f->trust, .resumption = f->resumption};
	bool server_is_done = false;
	int fds[2], rc;

	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	    0);
	f->fd = fds[1];
	f->is_over = false;
	start_server(f, leaf, priority);
	stream_open(&f->stream, f->io, fds[0], &ops);
	f->session = tls_backend_session_new(f->tls, &f->stream, &options);
	assert_non_null(f->session);
	assert_int_equal(tls_handshake(f->session), ERR_AGAIN);
	for (int round = 0; round < 100 && !(f->is_over && server_is_done);
	     round++) {
		(void)stream_io_settle(f->io);
		rc = server_is_done ? 0 : gnutls_handshake(f->server);
		if (gnutls_error_is_fatal(rc) != 0)
			(void)gnutls_alert_send_appropriate(f->server, rc);
		server_is_done = rc == 0 || gnutls_error_is_fatal(rc) != 0;
		ev_run(f->loop, EVRUN_NOWAIT);
	}
	assert_true(f->is_over);
	/* tickets of TLS 1.3 come behind the handshake */
	(void)stream_io_settle(f->io);
	ev_run(f->loop, EVRUN_NOWAIT);
	remember_sni(f);
	return f->outcome;
}

static void
clear(struct fixture *f)
{
	stream_close(&f->stream);
	tls_session_free(f->session);
	stop_server(f);
}

static void
the_certificate_is_proved_and_nothing_else_will_do(void **state)
{
	static const char *const localhost[] = {"inner.example", NULL};
	int64_t now = clock_now();
	struct fixture *f = *state;
	struct pki *other = pki_root("Other CA");
	const struct {
		struct pki_spec spec;
		const struct pki *issuer;
		const char *name, *cause;
	} cases[] = {
	    {{.name = "shop.example"}, f->root, "shop.example", NULL},
	    {{.name = "shop.example", .others = localhost}, f->root,
		"inner.example", NULL},
	    {{.name = "*.example.com"}, f->root, "a.example.com", NULL},
	    {{.name = "shop.example"}, f->root, "other.example",
		"certificate of another name"},
	    {{.name = "shop.example"}, f->root, "10.0.0.1",
		"certificate of another name"},
	    {{.name = "shop.example"}, other, "shop.example",
		"certificate not trusted"},
	    {{.name = "shop.example"}, NULL, "shop.example",
		"certificate not trusted"},
	    {{.name = "shop.example",
		 .not_before = now - 9 * PKI_DAY,
		 .not_after = now - PKI_DAY},
		f->root, "shop.example", "certificate expired"},
	    {{.name = "shop.example",
		 .not_before = now + PKI_DAY,
		 .not_after = now + 9 * PKI_DAY},
		f->root, "shop.example", "certificate not valid yet"},
	    {{.name = "shop.example", .for_clients = true}, f->root,
		"shop.example", "certificate not for servers"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pki *leaf = pki_make(&cases[i].spec, cases[i].issuer);
		enum err e = connect_to(f, leaf, cases[i].name, "NORMAL");

		assert_int_equal(e, cases[i].cause == NULL ? ERR_OK : ERR_TLS);
		if (e != ERR_OK)
			assert_string_equal(
			    tls_backend_cause(f->session), cases[i].cause);
		clear(f);
		pki_free(leaf);
		tls_resumption_free(f->resumption); /* each proves itself */
		f->resumption = tls_resumption_new();
	}
	pki_free(other);
}

static void
the_name_is_sent_unless_it_is_an_address(void **state)
{
	struct fixture *f = *state;
	struct pki *leaf = pki_leaf("shop.example", f->root);

	assert_int_equal(connect_to(f, leaf, "shop.example", "NORMAL"), ERR_OK);
	assert_string_equal(f->sni, "shop.example");
	clear(f);
	(void)connect_to(f, leaf, "10.0.0.1", "NORMAL");
	assert_string_equal(f->sni, "");
	clear(f);
	pki_free(leaf);
}

static void
what_is_neither_1_2_nor_1_3_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pki *leaf = pki_leaf("shop.example", f->root);

	assert_int_equal(connect_to(f, leaf, "shop.example",
			     "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"),
	    ERR_TLS);
	assert_string_equal(
	    tls_backend_cause(f->session), "TLS handshake failed");
	clear(f);
	pki_free(leaf);
}

static void
sessions_are_resumed_for_an_hour_after_the_proof(void **state)
{
	static const char *const versions[] = {
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
	struct fixture *f = *state;
	struct pki *leaf = pki_leaf("shop.example", f->root);

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		tls_resumption_free(f->resumption);
		f->resumption = tls_resumption_new();
		for (int k = 0; k < 4; k++) {
			if (k == 3)
				clock_set_floor(clock_now() + 3700);
			assert_int_equal(
			    connect_to(f, leaf, "shop.example", versions[i]),
			    ERR_OK);
			assert_int_equal(
			    tls_is_resumed(f->session), k == 1 || k == 2);
			clear(f);
		}
	}
	pki_free(leaf);
}

static void
roots_are_shared_by_who_names_the_same(void **state)
{
	struct fixture *f = *state;
	struct tls_trust *a =
	    tls_trust_get(&f->trusts, slice_str(f->root->pem));
	struct tls_trust *system = tls_trust_get(&f->trusts, SLICE(""));

	assert_ptr_equal(a, f->trust);
	assert_ptr_not_equal(system, a);
	tls_trust_unref(system);
	tls_trust_unref(a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_certificate_is_proved_and_nothing_else_will_do),
	    TEST(the_name_is_sent_unless_it_is_an_address),
	    TEST(what_is_neither_1_2_nor_1_3_is_refused),
	    TEST(sessions_are_resumed_for_an_hour_after_the_proof),
	    TEST(roots_are_shared_by_who_names_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
