#include "router/control/custom.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/prove.h"
#include "router/control/api.h"
#include "router/control/app.h"
#include "router/control/custom_check.h"
#include "router/control/domain_json.h"
#include "router/control/platform.h"
#include "router/control/requested_key.h"

#define SPKI_MAX (16 * 1024)

void
custom_clear(struct custom *u)
{
	chain_free(u->chain);
	key_new_clear(&u->key);
	*u = (struct custom){0};
}

enum err
custom_bundle(struct bundle *b, const json_t *upload, struct fault *f)
{
	static const char *const fields[] = {
	    "certificate", "chain", "private_key"};
	enum err e = ERR_OK;

	for (size_t i = 0; i < COUNT_OF(fields) && e == ERR_OK; i++) {
		const char *text = NULL;

		e = json_get_str(upload, fields[i], JSON_OPTIONAL, &text, f);
		if (e == ERR_OK && text != NULL)
			e = bundle_add(b, slice_str(text), fields[i], f);
	}
	return e;
}

/* The one private key of a bundle; NULL: it has none.  C31. */
static enum err
find_key(
    const struct bundle *b, const struct bundle_item **out, struct fault *f)
{
	enum err e = bundle_key(b, out, f);

	if (e != ERR_NOT_FOUND)
		return e;
	fault_clear(f);
	return ERR_OK;
}

/* Moves the certificates of the bundle, and of a PKCS#12, into one heap. */
static enum err
gather(struct bundle *b, const struct key_new *key, struct certificate **heap,
    size_t *n, struct fault *f)
{
	enum err e = bundle_take_certificates(b, heap, n, f);

	for (size_t i = 0; i < key->n_certificates && e == ERR_OK; i++) {
		e = certificate_read(key->certificates[i], &heap[*n], f);
		if (e == ERR_OK)
			(*n)++;
	}
	return e;
}

/* The key of the custom certificate that host has now. */
static enum err
present_key(
    struct control *c, const char *host, struct key_new *out, struct fault *f)
{
	struct stored_certificate stored;
	struct installation i;
	struct key_ref ref;
	enum err e = install_current(c->db, host, SLOT_CUSTOM, &i);

	if (e != ERR_OK)
		return e;
	e = install_read_certificate(c->db, i.certificate_id, &stored);
	if (e == ERR_OK) {
		(void)buf_add(&out->sealed, stored.sealed);
		stmt_done(stored.statement);
		out->id = (uint64_t)i.certificate_id;
		ref =
		    (struct key_ref){out->id, KEY_TLS, buf_slice(&out->sealed)};
		e = keyring_public(c->keyring, &ref, &out->spki, f);
	}
	installation_clear(&i);
	return e;
}

static void
key_init(struct key_new *key)
{
	*key = (struct key_new){0};
	buf_init(&key->sealed, SPKI_MAX);
	buf_init(&key->spki, SPKI_MAX);
	buf_init(&key->raw, BUNDLE_MAX);
}

static enum err
without_key(struct control *c, const char *host,
    struct certificate *const *heap, size_t n, struct custom *out,
    struct fault *f)
{
	enum err e =
	    requested_key_find(c, host, heap, n, &out->key, &out->request);

	if (e == ERR_NOT_FOUND)
		e = present_key(c, host, &out->key, f);
	if (e == ERR_NOT_FOUND) {
		fault_set(f,
		    n == 0 ? FAULT_C10_NO_CERTIFICATE : FAULT_C11_NO_KEY, NULL);
		e = ERR_DENIED;
	}
	return e;
}

/* Key, heap, chain. */
static enum err
assemble(struct control *c, struct bundle *b, const json_t *upload,
    const char *host, struct custom *out, struct fault *f)
{
	struct certificate *heap[BUNDLE_ITEMS_MAX + KEY_CERTIFICATES_MAX];
	const char *passphrase = NULL;
	const struct bundle_item *key;
	bool bypass = false;
	size_t n = 0;
	enum err e = find_key(b, &key, f);

	if (e == ERR_OK)
		e = json_get_str(
		    upload, "passphrase", JSON_OPTIONAL, &passphrase, f);
	if (e == ERR_OK)
		e = json_get_bool(upload, "bypass", JSON_OPTIONAL, &bypass, f);
	if (e == ERR_OK && key != NULL) {
		key_new_clear(&out->key);
		e = keyring_import(
		    c->keyring, KEY_TLS, key->bytes, passphrase, &out->key, f);
	}
	if (e == ERR_OK)
		e = gather(b, &out->key, heap, &n, f);
	if (e == ERR_OK && key == NULL)
		e = without_key(c, host, heap, n, out, f);
	if (e == ERR_OK)
		return chain_build(
		    heap, n, buf_slice(&out->key.spki), bypass, &out->chain, f);
	for (size_t i = 0; i < n; i++)
		certificate_free(heap[i]);
	return e;
}

enum err
custom_read(struct control *c, const json_t *upload, const char *host,
    struct custom *out, struct fault *f)
{
	struct bundle *b = xcalloc(1, sizeof(*b));
	enum err e;

	*out = (struct custom){0};
	key_init(&out->key);
	bundle_init(b);
	e = custom_bundle(b, upload, f);
	if (e == ERR_OK && b->n == 0) {
		fault_set(f, FAULT_C10_NO_CERTIFICATE, NULL);
		e = ERR_DENIED;
	}
	if (e == ERR_OK)
		e = assemble(c, b, upload, host, out, f);
	bundle_clear(b);
	free(b);
	if (e == ERR_OK)
		out->trusted = chain_is_trusted(
		    out->chain, c->trust, clock_now(), &out->trust);
	return e;
}

/* As the app's visitors will see it, once for each version of TLS. */
static enum err
prove_for(struct control *c, struct custom *u, const struct domain *d,
    struct fault *f)
{
	struct key_ref key = {u->key.id, KEY_TLS, buf_slice(&u->key.sealed)};
	char host[HOST_SIZE + 16];
	struct app a;
	enum err e = ERR_OK;

	if (strcmp(d->app, PLATFORM_APP) == 0)
		a = (struct app){.settings = json_object()};
	else
		e = app_load(c, d->app, &a, f);
	domain_sample(d->host, host);
	if (e == ERR_OK)
		e = prove(
		    u->chain, c->keyring, &key, host, app_min_tls(c, &a), f);
	app_unload(&a);
	return e;
}

static enum err
put(struct control *c, struct custom *u, struct domain *d, const char *by)
{
	struct installation i;
	int64_t number;
	enum err e = ERR_OK;

	if (u->certificate_id == 0)
		e = install_certificate(c->db, u->chain,
		    buf_slice(&u->key.sealed), u->trusted,
		    u->trusted ? "" : u->trust.text, &u->certificate_id);
	if (e == ERR_OK)
		e = install_put(c->db, d->host, SLOT_CUSTOM, u->certificate_id,
		    by, &number);
	if (e == ERR_OK && u->request != 0)
		e = requested_key_used(c, u->request);
	if (e == ERR_OK)
		e = domain_certificate_changed(c, d);
	if (e == ERR_OK)
		e = domain_settle(c, d, by);
	if (e == ERR_OK)
		e = install_get(c->db, d->host, number, &i);
	if (e != ERR_OK)
		return e;
	e = domain_event(c, d, "certificate.upload", by, installation_json(&i));
	change_fallback(c, d->host);
	installation_clear(&i);
	return e;
}

enum err
custom_install(struct control *c, struct custom *u, struct domain *d,
    const char *by, struct fault *f)
{
	enum err e;

	e = custom_check(u->chain->items[0], d->host, clock_now(), f);
	if (e == ERR_OK)
		e = prove_for(c, u, d, f);
	if (e != ERR_OK)
		return e;
	return put(c, u, d, by) == ERR_OK ? ERR_OK : api_store_away(f);
}

enum err
custom_refuse_second(struct control *c, const char *host, struct fault *f)
{
	struct installation present;

	if (install_current(c->db, host, SLOT_CUSTOM, &present) != ERR_OK)
		return ERR_OK;
	fault_set(f, FAULT_C25_ONE_INSTALLED,
	    "%s has a custom certificate already", host);
	installation_clear(&present);
	return ERR_EXISTS;
}

enum err
custom_upload(struct control *c, const char *host, const json_t *upload,
    bool may_replace, const char *by, struct fault *f)
{
	struct custom u = {0};
	struct domain d = {0};
	enum err e = domain_load(c, host, &d, f);

	if (e == ERR_OK && !may_replace)
		e = custom_refuse_second(c, host, f);
	if (e == ERR_OK)
		e = custom_read(c, upload, host, &u, f);
	if (e == ERR_OK)
		e = custom_install(c, &u, &d, by, f);
	custom_clear(&u);
	domain_unload(&d);
	return e;
}
