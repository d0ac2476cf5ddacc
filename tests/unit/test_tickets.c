#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <gnutls/gnutls.h>

#include "base/buf.h"
#include "base/mem.h"
#include "router/edge/tickets.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

/*
 * A real client and a real server of GnuTLS in this process, so that a release
 * whose tickets are made otherwise is noticed here.
 */
struct end {
	gnutls_session_t session;
	struct buf *in, *out;
};

struct world {
	struct pki *root, *pki;
	gnutls_certificate_credentials_t server_credentials, client_credentials;
	struct ticket_master masters[2];
	struct buf to_server, to_client;
	gnutls_datum_t resumption;
};

static int64_t now_s = 1795269748;

static time_t
the_time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)now_s;
	return (time_t)now_s;
}

static ssize_t
on_push(gnutls_transport_ptr_t ptr, const void *bytes, size_t n)
{
	struct end *e = ptr;

	assert_int_equal(buf_add(e->out, slice_of(bytes, n)), ERR_OK);
	return (ssize_t)n;
}

static ssize_t
on_pull(gnutls_transport_ptr_t ptr, void *bytes, size_t n)
{
	struct end *e = ptr;

	if (e->in->len == 0) {
		gnutls_transport_set_errno(e->session, EAGAIN);
		return -1;
	}
	if (n > e->in->len)
		n = e->in->len;
	memcpy(bytes, buf_slice(e->in).p, n);
	buf_consume(e->in, n);
	return (ssize_t)n;
}

static void
open_end(struct end *e, unsigned flags, const char *version,
    gnutls_certificate_credentials_t credentials)
{
	char priority[128];

	(void)snprintf(priority, sizeof(priority),
	    "NORMAL:-VERS-ALL:+VERS-TLS%s", version);
	assert_int_equal(gnutls_init(&e->session, flags | GNUTLS_NONBLOCK), 0);
	assert_int_equal(
	    gnutls_priority_set_direct(e->session, priority, NULL), 0);
	assert_int_equal(gnutls_credentials_set(
			     e->session, GNUTLS_CRD_CERTIFICATE, credentials),
	    0);
	gnutls_transport_set_ptr(e->session, e);
	gnutls_transport_set_push_function(e->session, on_push);
	gnutls_transport_set_pull_function(e->session, on_pull);
}

static void
enable_tickets(
    struct world *w, struct end *server, const char *host, int64_t generation)
{
	struct client_hello hello;
	struct ticket_key key;
	gnutls_datum_t d = {key.bytes, sizeof(key.bytes)};

	assert_int_equal(
	    client_hello_read(buf_slice(&w->to_server), &hello), ERR_OK);
	assert_true(ticket_key_for(
	    w->masters, slice_str(host), generation, &hello, now_s, &key));
	assert_int_equal(
	    gnutls_session_ticket_enable_server(server->session, &d), 0);
}

static void
shake_hands(struct end *client, struct end *server)
{
	int a = GNUTLS_E_AGAIN, b = GNUTLS_E_AGAIN;

	for (int i = 0; i < 20 && (a != 0 || b != 0); i++) {
		if (b != 0)
			b = gnutls_handshake(server->session);
		if (a != 0)
			a = gnutls_handshake(client->session);
	}
	assert_int_equal(a, 0);
	assert_int_equal(b, 0);
}

/* One connection to host; whether it was resumed from the last one's ticket. */
static bool
connect_to(
    struct world *w, const char *version, const char *host, int64_t generation)
{
	struct end client = {.in = &w->to_client, .out = &w->to_server};
	struct end server = {.in = &w->to_server, .out = &w->to_client};
	char byte;
	bool resumed;

	buf_reset(&w->to_client);
	buf_reset(&w->to_server);
	open_end(&client, GNUTLS_CLIENT, version, w->client_credentials);
	open_end(&server, GNUTLS_SERVER, version, w->server_credentials);
	if (w->resumption.data != NULL)
		assert_int_equal(gnutls_session_set_data(client.session,
				     w->resumption.data, w->resumption.size),
		    0);
	assert_int_equal(gnutls_handshake(client.session), GNUTLS_E_AGAIN);
	enable_tickets(w, &server, host, generation);
	shake_hands(&client, &server);
	resumed = gnutls_session_is_resumed(server.session) != 0;
	(void)gnutls_record_recv(client.session, &byte, 1); /* the tickets */
	gnutls_free(w->resumption.data);
	w->resumption.data = NULL;
	assert_int_equal(
	    gnutls_session_get_data2(client.session, &w->resumption), 0);
	gnutls_deinit(client.session);
	gnutls_deinit(server.session);
	return resumed;
}

static void
new_master(struct world *w, uint8_t fill)
{
	w->masters[1] = w->masters[0];
	memset(&w->masters[0], fill, sizeof(w->masters[0]));
	w->masters[0].made_at = now_s;
}

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	gnutls_datum_t crt, key;

	gnutls_global_set_time_function(the_time);
	w->root = pki_root("Root");
	w->pki = pki_leaf("a.example", w->root);
	crt = (gnutls_datum_t){
	    (unsigned char *)w->pki->pem, (unsigned)strlen(w->pki->pem)};
	key = (gnutls_datum_t){(unsigned char *)w->pki->key_pem,
	    (unsigned)strlen(w->pki->key_pem)};
	gnutls_certificate_allocate_credentials(&w->server_credentials);
	gnutls_certificate_allocate_credentials(&w->client_credentials);
	assert_int_equal(
	    gnutls_certificate_set_x509_key_mem(
		w->server_credentials, &crt, &key, GNUTLS_X509_FMT_PEM),
	    0);
	buf_init(&w->to_server, 1 << 20);
	buf_init(&w->to_client, 1 << 20);
	new_master(w, 1);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	gnutls_free(w->resumption.data);
	gnutls_certificate_free_credentials(w->server_credentials);
	gnutls_certificate_free_credentials(w->client_credentials);
	buf_clear(&w->to_server);
	buf_clear(&w->to_client);
	pki_free(w->pki);
	pki_free(w->root);
	free(w);
	return 0;
}

static const char *const versions[] = {"1.2", "1.3"};

static void
a_ticket_resumes_on_its_own_host_only(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		const char *v = versions[i];

		assert_false(connect_to(w, v, "a.example", 1));
		assert_true(connect_to(w, v, "a.example", 1));
		assert_false(connect_to(w, v, "b.example", 1));
		gnutls_free(w->resumption.data);
		w->resumption.data = NULL;
	}
}

static void
a_new_generation_ends_tickets(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		const char *v = versions[i];

		(void)connect_to(w, v, "a.example", 7);
		assert_true(connect_to(w, v, "a.example", 7));
		assert_false(connect_to(w, v, "a.example", 8));
		gnutls_free(w->resumption.data);
		w->resumption.data = NULL;
	}
}

static void
tickets_of_the_previous_master_still_resume(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		const char *v = versions[i];
		uint8_t fill = (uint8_t)(10 * (i + 1));

		(void)connect_to(w, v, "a.example", 1);
		new_master(w, fill);
		assert_true(connect_to(w, v, "a.example", 1));
		/* gone after the next one */
		new_master(w, (uint8_t)(fill + 1));
		new_master(w, (uint8_t)(fill + 2));
		assert_false(connect_to(w, v, "a.example", 1));
		gnutls_free(w->resumption.data);
		w->resumption.data = NULL;
	}
}

static void
tickets_survive_the_change_of_gnutls_inner_key(void **state)
{
	struct world *w = *state;
	int64_t begun = now_s;

	/* a moment before the period ends, and one behind it */
	now_s += TICKET_PERIOD - now_s % TICKET_PERIOD - 10;
	(void)connect_to(w, "1.3", "a.example", 1);
	new_master(w, 77);
	now_s += 20;
	assert_true(connect_to(w, "1.3", "a.example", 1));
	now_s = begun;
}

static void
without_a_master_there_are_no_tickets(void **state)
{
	struct ticket_master none[2] = {{{0}, {0}, 0}, {{0}, {0}, 0}};
	struct client_hello hello = {0};
	struct ticket_key key;

	(void)state;
	assert_false(
	    ticket_key_for(none, SLICE("a.example"), 1, &hello, now_s, &key));
}

static void
hosts_and_generations_have_keys_of_their_own(void **state)
{
	struct world *w = *state;
	struct client_hello hello = {0};
	struct ticket_key a, b;

	assert_true(ticket_key_for(
	    w->masters, SLICE("a.example"), 1, &hello, now_s, &a));
	assert_true(ticket_key_for(
	    w->masters, SLICE("a.example"), 1, &hello, now_s, &b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(ticket_key_for(
	    w->masters, SLICE("a.example"), 256, &hello, now_s, &b));
	assert_memory_not_equal(&a, &b, sizeof(a));
	assert_true(ticket_key_for(
	    w->masters, SLICE("a.exampl"), 1, &hello, now_s, &b));
	assert_memory_not_equal(&a, &b, sizeof(a));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_ticket_resumes_on_its_own_host_only),
	    TEST(a_new_generation_ends_tickets),
	    TEST(tickets_of_the_previous_master_still_resume),
	    TEST(tickets_survive_the_change_of_gnutls_inner_key),
	    TEST(without_a_master_there_are_no_tickets),
	    TEST(hosts_and_generations_have_keys_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
