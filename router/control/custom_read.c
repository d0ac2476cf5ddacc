#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/custom.h"
#include "router/control/requested_key.h"

#define SPKI_MAX ((size_t)16 * 1024)
#define KEYS_MAX 4 /* wrappings of one key */
#define HEAP_MAX (BUNDLE_ITEMS_MAX + KEYS_MAX * KEY_CERTIFICATES_MAX)

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

/* --- its private keys ------------------------------------------------------
 */

/* What the private keys of an upload came to. */
struct opened {
	struct key_new keys[KEYS_MAX];
	size_t n;
};

static void
opened_clear(struct opened *o)
{
	for (size_t i = 0; i < o->n; i++)
		key_new_clear(&o->keys[i]);
}

static enum err
refuse_second_key(struct fault *f)
{
	fault_set(f, FAULT_C31_SEVERAL_KEYS, NULL);
	return ERR_EXISTS;
}

/* One key may come in several wrappings: in a file of its own and, with the
 * certificates, in a PKCS#12. */
static enum err
open_keys(struct control *c, const struct bundle *b, const char *passphrase,
    struct opened *o, struct fault *f)
{
	const struct bundle_item *item;
	size_t at = 0;

	while ((item = bundle_next_key(b, &at)) != NULL) {
		struct key_new *key = &o->keys[o->n];
		enum err e;

		if (o->n == KEYS_MAX)
			return refuse_second_key(f);
		e = keyring_import(
		    c->keyring, KEY_TLS, item->bytes, passphrase, key, f);
		if (e != ERR_OK)
			return e;
		o->n++;
		if (!slice_eq(
			buf_slice(&key->spki), buf_slice(&o->keys[0].spki)))
			return refuse_second_key(f);
	}
	return ERR_OK;
}

/* Where the certificates of an upload are gathered. */
struct heap {
	struct certificate *items[HEAP_MAX];
	size_t n;
};

static enum err
add_enclosed(struct heap *h, const struct key_new *key, struct fault *f)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < key->n_certificates && e == ERR_OK; i++) {
		e = certificate_read(key->certificates[i], &h->items[h->n], f);
		if (e == ERR_OK)
			h->n++;
	}
	return e;
}

/* Those of the bundle, and of each PKCS#12. */
static enum err
gather(
    struct bundle *b, const struct opened *o, struct heap *h, struct fault *f)
{
	enum err e = bundle_take_certificates(b, h->items, &h->n, f);

	for (size_t i = 0; i < o->n && e == ERR_OK; i++)
		e = add_enclosed(h, &o->keys[i], f);
	return e;
}

/* --- an upload without a key -----------------------------------------------
 */

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

/* --- the whole --------------------------------------------------------------
 */

/* The key, the chain. */
static enum err
assemble(struct control *c, struct bundle *b, const json_t *upload,
    const char *host, struct custom *out, struct fault *f)
{
	struct opened *o = xcalloc(1, sizeof(*o));
	const char *passphrase = NULL;
	struct heap h = {.n = 0};
	bool bypass = false;
	enum err e;

	e = json_get_str(upload, "passphrase", JSON_OPTIONAL, &passphrase, f);
	if (e == ERR_OK)
		e = json_get_bool(upload, "bypass", JSON_OPTIONAL, &bypass, f);
	if (e == ERR_OK)
		e = open_keys(c, b, passphrase, o, f);
	if (e == ERR_OK)
		e = gather(b, o, &h, f);
	if (e == ERR_OK && o->n == 0)
		e = without_key(c, host, h.items, h.n, out, f);
	if (e == ERR_OK && o->n > 0) {
		key_new_clear(&out->key);
		out->key = o->keys[0]; /* taken */
		o->keys[0] = (struct key_new){0};
		key_init(&o->keys[0]);
	}
	if (e == ERR_OK)
		e = chain_build(h.items, h.n, buf_slice(&out->key.spki), bypass,
		    &out->chain, f);
	else
		for (size_t i = 0; i < h.n; i++)
			certificate_free(h.items[i]);
	opened_clear(o);
	free(o);
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
