#include "router/edge/tls_certificate.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "certs/install.h"
#include "certs/remote_key.h"
#include "certs/x509/certificate.h"
#include "router/edge/lru.h"
#include "router/edge/tls_self_signed.h"

#define CACHE_MAX        10000
#define INTERMEDIATE_MAX 4096
#define CHAIN_LENGTH_MAX (CHAIN_MAX)

/* One of an issuer, shared by all leaves under it. */
struct intermediate {
	int64_t id;
	unsigned refs; /* of leaves; it lives as long as one */
	gnutls_pcert_st pcert;
};

struct tls_certificate {
	struct lru_item item;
	int64_t id;
	unsigned refs;
	struct tls_certificates *cache;
	/* [0] is its own, the others are copies of intermediates' */
	gnutls_pcert_st chain[CHAIN_LENGTH_MAX];
	struct intermediate *above[CHAIN_LENGTH_MAX];
	unsigned n;
	struct remote_key *remote;
	gnutls_privkey_t own_key;  /* of one of our own */
	struct certificate *facts; /* once somebody asked for names */
};

struct tls_certificates {
	struct db *db;
	struct keyring *keyring;
	struct lru lru;
	struct map intermediates; /* by id */
	struct tls_certificate *placeholder;
};

/* --- intermediates -------------------------------------------------------- */

static struct intermediate *
read_intermediate(struct tls_certificates *c, int64_t id)
{
	struct intermediate *im = xcalloc(1, sizeof(*im));
	struct slice der;
	struct stmt *statement;
	gnutls_datum_t d;
	int rc;

	if (install_read_intermediate(c->db, id, &der, &statement) != ERR_OK) {
		free(im);
		return NULL;
	}
	d = (gnutls_datum_t){(unsigned char *)der.p, (unsigned)der.n};
	rc = gnutls_pcert_import_x509_raw(
	    &im->pcert, &d, GNUTLS_X509_FMT_DER, 0);
	stmt_done(statement);
	if (rc != 0 || map_put(&c->intermediates, MAP_KEY(id), im) != ERR_OK) {
		if (rc == 0)
			gnutls_pcert_deinit(&im->pcert);
		free(im);
		return NULL;
	}
	im->id = id;
	return im;
}

static void
unref_intermediate(struct tls_certificates *c, struct intermediate *im)
{
	if (--im->refs > 0)
		return;
	(void)map_remove(&c->intermediates, MAP_KEY(im->id));
	gnutls_pcert_deinit(&im->pcert);
	free(im);
}

/* `ids` is "7 3".  A missing one ends the chain there: most clients find the
 * rest, and no chain at all helps nobody. */
static void
add_intermediates(struct tls_certificate *t, struct slice ids)
{
	struct slice word;

	while (t->n < CHAIN_LENGTH_MAX && slice_word(&ids, &word)) {
		struct intermediate *im;
		uint64_t number;
		int64_t id;

		if (slice_to_u64(word, &number) != ERR_OK)
			break;
		id = (int64_t)number;
		im = map_get(&t->cache->intermediates, MAP_KEY(id));
		if (im == NULL)
			im = read_intermediate(t->cache, id);
		if (im == NULL) {
			log_warning("certificate %lld: intermediate %lld "
				    "cannot be read",
			    (long long)t->id, (long long)id);
			break;
		}
		im->refs++;
		t->above[t->n] = im;
		t->chain[t->n++] = im->pcert;
	}
}

/* --- one certificate ------------------------------------------------------ */

static void
destroy(struct tls_certificate *t)
{
	for (unsigned i = 1; i < t->n; i++)
		unref_intermediate(t->cache, t->above[i]);
	if (t->n > 0)
		gnutls_pcert_deinit(&t->chain[0]);
	remote_key_free(t->remote);
	if (t->own_key != NULL)
		gnutls_privkey_deinit(t->own_key);
	certificate_free(t->facts);
	free(t);
}

void
tls_certificate_unref(struct tls_certificate *t)
{
	if (t != NULL && --t->refs == 0)
		destroy(t);
}

static void
on_dropped(struct lru_item *item)
{
	tls_certificate_unref(container_of(item, struct tls_certificate, item));
}

static struct tls_certificate *
new_certificate(struct tls_certificates *c, int64_t id)
{
	struct tls_certificate *t = xcalloc(1, sizeof(*t));

	t->id = id;
	t->refs = 1;
	t->cache = c;
	return t;
}

static enum err
fill(struct tls_certificate *t, const struct stored_certificate *stored)
{
	gnutls_datum_t d = {
	    (unsigned char *)stored->leaf.p, (unsigned)stored->leaf.n};

	if (gnutls_pcert_import_x509_raw(
		&t->chain[0], &d, GNUTLS_X509_FMT_DER, 0) != 0)
		return ERR_TLS;
	t->n = 1;
	return remote_key_new(t->cache->keyring, (uint64_t)t->id,
	    stored->sealed, stored->key_type, &t->remote);
}

static struct tls_certificate *
load(struct tls_certificates *c, int64_t id)
{
	struct stored_certificate stored;
	struct tls_certificate *t;
	enum err e = install_read_certificate(c->db, id, &stored);
	char *ids;

	if (e != ERR_OK) {
		log_error("certificate %lld cannot be read: %s", (long long)id,
		    err_name(e));
		return NULL;
	}
	t = new_certificate(c, id);
	e = fill(t, &stored);
	ids = xstrdup_slice(stored.chain);
	stmt_done(stored.statement);
	if (e == ERR_OK)
		add_intermediates(t, slice_str(ids));
	free(ids);
	if (e == ERR_OK)
		return t;
	log_error(
	    "certificate %lld cannot be used: %s", (long long)id, err_name(e));
	destroy(t);
	return NULL;
}

struct tls_certificate *
tls_certificates_get(struct tls_certificates *c, int64_t id)
{
	struct lru_item *item = lru_get(&c->lru, MAP_KEY(id));
	struct tls_certificate *t;

	if (item != NULL) {
		t = container_of(item, struct tls_certificate, item);
	} else {
		t = load(c, id);
		if (t == NULL)
			return NULL;
		lru_put(&c->lru, &t->item, MAP_KEY(t->id));
	}
	t->refs++;
	return t;
}

int64_t
tls_certificate_id(const struct tls_certificate *t)
{
	return t->id;
}

const gnutls_pcert_st *
tls_certificate_chain(const struct tls_certificate *t, unsigned *n)
{
	*n = t->n;
	return t->chain;
}

gnutls_privkey_t
tls_certificate_key(const struct tls_certificate *t)
{
	return t->remote != NULL ? remote_key_handle(t->remote) : t->own_key;
}

bool
tls_certificate_covers(struct tls_certificate *t, struct slice host)
{
	const gnutls_datum_t *der = &t->chain[0].cert;

	if (t->facts == NULL && certificate_read(slice_of(der->data, der->size),
				    &t->facts, NULL) != ERR_OK) {
		t->facts = NULL;
		return false;
	}
	return certificate_covers(t->facts, host);
}

/* --- our own -------------------------------------------------------------- */

static struct tls_certificate *
make_own(struct tls_certificates *c, const struct self_signed *what)
{
	struct tls_certificate *t = new_certificate(c, 0);

	if (tls_self_signed(what, &t->chain[0], &t->own_key) != ERR_OK) {
		destroy(t);
		return NULL;
	}
	t->n = 1;
	return t;
}

struct tls_certificate *
tls_certificates_placeholder(struct tls_certificates *c)
{
	static const struct self_signed what = {
	    .common_name = "towpath placeholder"};

	if (c->placeholder == NULL)
		c->placeholder = make_own(c, &what);
	if (c->placeholder != NULL)
		c->placeholder->refs++;
	return c->placeholder;
}

struct tls_certificate *
tls_certificates_challenge(struct tls_certificates *c, const char *host,
    const uint8_t *acme_identifier)
{
	struct self_signed what = {
	    .common_name = "towpath challenge",
	    .host = host,
	    .acme_identifier = acme_identifier,
	};

	return make_own(c, &what);
}

/* --- life ----------------------------------------------------------------- */

struct tls_certificates *
tls_certificates_new(struct db *db, struct keyring *keyring)
{
	struct tls_certificates *c = xcalloc(1, sizeof(*c));

	c->db = db;
	c->keyring = keyring;
	lru_init(&c->lru, CACHE_MAX, on_dropped);
	map_init(&c->intermediates, INTERMEDIATE_MAX);
	return c;
}

void
tls_certificates_free(struct tls_certificates *c)
{
	if (c == NULL)
		return;
	lru_clear(&c->lru);
	tls_certificate_unref(c->placeholder);
	assert(c->intermediates.n == 0); /* no session is left */
	map_clear(&c->intermediates);
	free(c);
}
