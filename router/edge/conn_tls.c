#include "router/edge/conn_tls.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "router/edge/challenge.h"
#include "router/edge/front_h2.h"
#include "router/edge/site_certificate.h"
#include "router/edge/stats.h"
#include "router/edge/tls.h"

/* --- before GnuTLS -------------------------------------------------------- */

/* No session for this one: an alert, and the end. */
static void
refuse(struct conn *c, enum tls_alert alert, const char *why)
{
	stats_add(&c->w->stats->handshakes_failed, 1);
	stats_add(&c->w->stats->handshakes_refused, 1);
	log_debug("handshake from %s: %s", c->address, why);
	tls_refuse(&c->stream, alert);
	conn_finish(c, false);
}

static void
unpark(struct conn *c)
{
	list_remove(&c->parked);
	c->w->n_parked--;
	stats_set(&c->w->stats->parked, c->w->n_parked);
}

/* Keys is away: it will be back in a moment, and so long the hello waits. */
static void
park(struct conn *c, struct slice hello)
{
	struct worker *w = c->w;

	if (w->n_parked >= PARKED_MAX ||
	    (c->hello.len == 0 && buf_add(&c->hello, hello) != ERR_OK)) {
		refuse(c, TLS_ALERT_INTERNAL, "keys is away");
		return;
	}
	conn_enter(c, CONN_PARKED);
	conn_pause(c, true);
	list_append(&w->parked, &c->parked);
	w->n_parked++;
	stats_set(&w->stats->parked, w->n_parked);
	conn_deadline(c, PARKED_SECONDS, CONN_DEADLINE_PARKED);
}

void
conn_tls_give_up(struct conn *c)
{
	unpark(c);
	refuse(c, TLS_ALERT_INTERNAL, "keys stayed away");
}

/* The site of the SNI.  False: refused. */
static bool
find_site(struct conn *c, const struct client_hello *hello)
{
	enum err e;

	if (hello->host[0] == '\0') {
		refuse(c, TLS_ALERT_UNRECOGNIZED_NAME, "no name");
		return false;
	}
	site_unref(c->client.site);
	c->client.site = NULL;
	e = site_get(&c->w->sites, slice_str(hello->host), &c->client.site);
	if (e != ERR_OK) {
		refuse(c, TLS_ALERT_INTERNAL, "the store is away");
		return false;
	}
	if (!c->client.site->is_known) {
		refuse(c, TLS_ALERT_UNRECOGNIZED_NAME, hello->host);
		return false;
	}
	return true;
}

/* --- the session ---------------------------------------------------------- */

/* RFC 8737: the CA looks at this certificate, and says nothing. */
static struct tls_certificate *
challenge_certificate(struct conn *c)
{
	uint8_t digest[CHALLENGE_DIGEST_SIZE];
	const char *host = c->client.site->host;

	if (challenge_digest(c->w->db, slice_str(host), digest) != ERR_OK)
		return NULL;
	return tls_certificates_challenge(c->w->certificates, host, digest);
}

static struct tls_certificate *
choose_certificate(void *ctx)
{
	struct tls_certificate *t;
	struct conn *c = ctx;

	if (c->is_challenge)
		return challenge_certificate(c);
	t = site_certificate(c->w->certificates, c->client.site, clock_now());
	if (t != NULL)
		c->client.certificate_id = tls_certificate_id(t);
	return t;
}

static bool
wants_only_tls13(struct conn *c)
{
	struct app *app;
	bool only;

	if (app_get(&c->w->apps, slice_str(c->client.site->app), &app) !=
	    ERR_OK)
		return false;
	only = app->set.only_tls13;
	app_unref(app);
	return only;
}

static bool
make_session(struct conn *c, const struct client_hello *hello)
{
	const struct site *site = c->client.site;
	struct ticket_master masters[2];
	struct ticket_key key;
	struct tls_options options = {
	    .hello = hello,
	    .only_tls13 = wants_only_tls13(c),
	    .is_challenge = c->is_challenge,
	    .choose = choose_certificate,
	    .ctx = c,
	};

	if (!c->is_challenge &&
	    shared_masters(c->w->shared, masters) == ERR_OK &&
	    ticket_key_for(masters, slice_str(site->host), site->generation,
		hello, clock_now(), &key))
		options.ticket_key = &key;
	c->tls = tls_session_new(c->w->tls, &c->stream, &options);
	explicit_bzero(&key, sizeof(key));
	explicit_bzero(masters, sizeof(masters));
	return c->tls != NULL;
}

static void
count_handshake(struct conn *c)
{
	struct stats_page *stats = c->w->stats;
	bool is_resumed = tls_is_resumed(c->tls);

	stats_add(
	    is_resumed ? &stats->handshakes_resumed : &stats->handshakes_full,
	    1);
	if (strcmp(c->client.tls, "1.2") == 0)
		stats_add(is_resumed ? &stats->handshakes_resumed_tls12
				     : &stats->handshakes_full_tls12,
		    1);
}

/* Keys died under this very handshake: nothing has been sent of it yet, so it
 * can begin anew when keys is back; once, for the key may be what kills it. */
static bool
may_begin_anew(struct conn *c)
{
	return c->hello.len > 0 && !c->is_second_try &&
	       !keyring_is_ready(c->w->keyring) && stream_take_back(&c->stream);
}

static void
begin_anew(struct conn *c)
{
	c->is_second_try = true;
	tls_session_free(c->tls);
	c->tls = NULL;
	park(c, SLICE(""));
}

/* ERR_OK: open now. */
static enum err
shake_hands(struct conn *c)
{
	enum err e = tls_handshake(c->tls);

	if (e == ERR_OK && c->is_challenge) {
		conn_finish(c, false);
	} else if (e == ERR_OK) {
		c->client.tls = tls_version(c->tls);
		count_handshake(c);
		conn_open(c, tls_speaks_h2(c->tls) ? &front_h2_conn_ops
						   : &front_h1_conn_ops);
	} else if (e != ERR_AGAIN && may_begin_anew(c)) {
		begin_anew(c);
	} else if (e != ERR_AGAIN) {
		stats_add(&c->w->stats->handshakes_failed, 1);
		log_debug("handshake from %s for %s: %s", c->address,
		    c->client.site->host, tls_failure(c->tls));
		conn_finish(c, false);
	}
	return e;
}

/* Whatever was decrypted goes to the front at once: nothing that GnuTLS holds
 * would ever wake us. */
static void
read_all(struct conn *c)
{
	while (c->state == CONN_OPEN) {
		struct slice plain;
		enum err e = tls_read(c->tls, &plain);

		if (e == ERR_AGAIN)
			return;
		if (e == ERR_OK)
			c->front->bytes(c, plain);
		else
			c->front->end(c, e);
		if (e != ERR_OK)
			return;
	}
}

static void
feed(struct conn *c, struct slice bytes)
{
	tls_feed(c->tls, bytes);
	if (c->state == CONN_HANDSHAKE && shake_hands(c) != ERR_OK)
		return;
	read_all(c);
	if (c->state == CONN_OPEN && c->hello.p != NULL)
		buf_clear(&c->hello);
}

/* --- the hello ------------------------------------------------------------ */

/* The only protocol of a CA's tls-alpn-01; without a challenge there is none
 * in common. */
static bool
is_challenge(const struct conn *c, const struct client_hello *hello)
{
	uint8_t digest[CHALLENGE_DIGEST_SIZE];

	return hello->offers_acme_tls && !hello->offers_http11 &&
	       !hello->offers_h2 &&
	       challenge_digest(c->w->db, slice_str(hello->host), digest) ==
		   ERR_OK;
}

static void
greet(struct conn *c, struct slice bytes, const struct client_hello *hello)
{
	if (!keyring_is_ready(c->w->keyring)) {
		park(c, bytes);
		return;
	}
	if (!find_site(c, hello))
		return;
	c->is_challenge = is_challenge(c, hello);
	if (!make_session(c, hello)) {
		refuse(c, TLS_ALERT_INTERNAL, "no session");
		return;
	}
	conn_enter(c, CONN_HANDSHAKE);
	if (c->hello.len == 0) /* until keys has done its part */
		(void)buf_add(&c->hello, bytes);
	feed(c, buf_slice(&c->hello));
}

static void
read_hello(struct conn *c, struct slice bytes)
{
	struct client_hello hello;
	enum err e = client_hello_read(bytes, &hello);

	if (e == ERR_OK)
		greet(c, bytes, &hello);
	else if (e != ERR_AGAIN)
		refuse(c, TLS_ALERT_DECODE, "no ClientHello");
	else if (c->hello.len == 0 && buf_add(&c->hello, bytes) != ERR_OK)
		refuse(c, TLS_ALERT_DECODE, "too long");
}

void
conn_tls_bytes(struct conn *c, struct slice bytes)
{
	if (c->state != CONN_HELLO) {
		feed(c, bytes);
		return;
	}
	if (c->hello.len == 0) {
		read_hello(c, bytes);
		return;
	}
	if (buf_add(&c->hello, bytes) != ERR_OK)
		refuse(c, TLS_ALERT_DECODE, "too long");
	else
		read_hello(c, buf_slice(&c->hello));
}

/* --- the worker's --------------------------------------------------------- */

void
conns_unpark(struct worker *w)
{
	struct list *first;

	while (keyring_is_ready(w->keyring) &&
	       (first = list_first(&w->parked)) != NULL) {
		struct conn *c = container_of(first, struct conn, parked);

		unpark(c);
		conn_enter(c, CONN_HELLO);
		/* else the deadline of parking would end it, or what follows */
		conn_deadline(c, HANDSHAKE_SECONDS, CONN_DEADLINE_HANDSHAKE);
		conn_pause(c, false);
		read_hello(c, buf_slice(&c->hello));
	}
}

void
conn_tls_clear(struct conn *c)
{
	if (!list_empty(&c->parked))
		unpark(c);
	tls_session_free(c->tls);
	c->tls = NULL;
	buf_clear(&c->hello);
}
