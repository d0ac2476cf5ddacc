#include "certs/keyring.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/wire.h"

#define SEALED_MAX (32 * 1024)

struct keyring {
	struct channel *channel; /* a loan; NULL: keys is away */
	int timeout_ms;
};

struct keyring *
keyring_new(int timeout_ms)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	k->timeout_ms = timeout_ms;
	return k;
}

void
keyring_free(struct keyring *k)
{
	free(k);
}

void
keyring_set_channel(struct keyring *k, struct channel *c)
{
	k->channel = c;
}

bool
keyring_is_ready(const struct keyring *k)
{
	return k->channel != NULL && channel_is_open(k->channel);
}

/* One question and its answer; *f is C37 when there was none. */
static enum err
ask(struct keyring *k, enum message type, const struct buf *question,
    int timeout_ms, struct buf *answer, struct fault *f)
{
	enum err e = ERR_CLOSED;

	buf_reset(answer);
	if (buf_failed(question)) {
		fault_set(f, FAULT_C20_TOO_BIG, NULL);
		return ERR_TOO_BIG;
	}
	if (keyring_is_ready(k))
		e = channel_call(k->channel, type, buf_slice(question),
		    timeout_ms, answer, f);
	if (e == ERR_TIMEOUT || e == ERR_CLOSED)
		fault_set(f, FAULT_C37_KEYS_AWAY, NULL);
	return e;
}

/* The keys process sent something else than the table says. */
static enum err
check(const struct wire *w, struct fault *f)
{
	if (wire_end(w) == ERR_OK)
		return ERR_OK;
	fault_set(f, FAULT_S25_INTERNAL, "keys gave a malformed answer");
	return ERR_SYNTAX;
}

static int
left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left < 1 ? 1 : (int)left;
}

static enum err
load(struct keyring *k, const struct key_ref *key, int timeout_ms,
    struct buf *answer, struct fault *f)
{
	struct buf q;
	enum err e;

	buf_init(&q, SEALED_MAX);
	wire_put_u64(&q, key->id);
	wire_put_u8(&q, (uint8_t)key->purpose);
	wire_put_bytes(&q, key->sealed);
	e = ask(k, MSG_KEY_LOAD, &q, timeout_ms, answer, f);
	buf_clear(&q);
	return e;
}

/*
 * Asks about a key by its number; when keys does not have it open, loads it
 * and asks once more, all of it within the time.
 */
static enum err
ask_loaded(struct keyring *k, const struct key_ref *key, enum message type,
    const struct buf *question, int timeout_ms, struct buf *answer,
    struct fault *f)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	struct fault own = {0};
	enum err e;

	if (f == NULL)
		f = &own;
	e = ask(k, type, question, timeout_ms, answer, f);
	if (e != ERR_DENIED || f->code != FAULT_C41_KEY_NOT_LOADED)
		return e;
	fault_clear(f);
	e = load(k, key, left_ms(deadline_ms), answer, f);
	if (e == ERR_OK)
		e = ask(k, type, question, left_ms(deadline_ms), answer, f);
	return e;
}

/* GnuTLS' words for what is to be signed how. */
struct how {
	unsigned algorithm, flags;
	bool is_hash;
};

static enum err
sign(struct keyring *k, const struct key_ref *key, const struct how *how,
    struct slice input, struct buf *signature)
{
	struct fault f = {0};
	struct buf q, answer;
	struct wire w;
	enum err e;

	buf_init(&q, CHANNEL_MESSAGE_MAX);
	buf_init(&answer, CHANNEL_MESSAGE_MAX);
	wire_put_u64(&q, key->id);
	wire_put_u8(&q, how->is_hash);
	wire_put_u32(&q, how->algorithm);
	wire_put_u32(&q, how->flags);
	wire_put_bytes(&q, input);
	e = ask_loaded(k, key, MSG_KEY_SIGN, &q, k->timeout_ms, &answer, &f);
	if (e == ERR_OK) {
		w = wire_open(buf_slice(&answer));
		e = buf_add(signature, wire_bytes(&w));
		if (e == ERR_OK)
			e = check(&w, &f);
	}
	buf_clear(&q);
	buf_clear(&answer);
	return e;
}

enum err
keyring_sign_data(struct keyring *k, const struct key_ref *key,
    unsigned algorithm, unsigned flags, struct slice data,
    struct buf *signature)
{
	struct how how = {algorithm, flags, false};

	return sign(k, key, &how, data, signature);
}

enum err
keyring_sign_hash(struct keyring *k, const struct key_ref *key,
    unsigned algorithm, unsigned flags, struct slice hash,
    struct buf *signature)
{
	struct how how = {algorithm, flags, true};

	return sign(k, key, &how, hash, signature);
}

void
key_new_clear(struct key_new *n)
{
	buf_clear(&n->sealed);
	buf_clear(&n->spki);
	buf_clear(&n->raw);
	n->n_certificates = 0;
}

static void
key_new_init(struct key_new *n)
{
	*n = (struct key_new){0};
	buf_init(&n->sealed, SEALED_MAX);
	buf_init(&n->spki, SEALED_MAX);
	buf_init(&n->raw, CHANNEL_MESSAGE_MAX);
}

/* What MSG_KEY_MAKE and MSG_KEY_IMPORT have in common. */
static void
read_new(struct wire *w, struct key_new *out)
{
	out->id = wire_u64(w);
	(void)buf_add(&out->sealed, wire_bytes(w));
	(void)buf_add(&out->spki, wire_bytes(w));
}

enum err
keyring_make(struct keyring *k, enum key_purpose purpose, const char *key_type,
    struct key_new *out, struct fault *f)
{
	struct wire w;
	struct buf q;
	enum err e;

	key_new_init(out);
	buf_init(&q, SEALED_MAX);
	wire_put_u8(&q, (uint8_t)purpose);
	wire_put_str(&q, key_type);
	e = ask(k, MSG_KEY_MAKE, &q, KEYRING_SLOW_MS, &out->raw, f);
	if (e == ERR_OK) {
		w = wire_open(buf_slice(&out->raw));
		read_new(&w, out);
		e = check(&w, f);
	}
	if (e == ERR_OK)
		e = slice_to_str(
		    slice_str(key_type), out->key_type, sizeof(out->key_type));
	buf_clear(&q);
	return e;
}

enum err
keyring_import(struct keyring *k, enum key_purpose purpose, struct slice file,
    const char *passphrase, struct key_new *out, struct fault *f)
{
	struct wire w;
	struct buf q;
	uint32_t n;
	enum err e;

	key_new_init(out);
	buf_init(&q, CHANNEL_MESSAGE_MAX);
	wire_put_u8(&q, (uint8_t)purpose);
	wire_put_bytes(&q, file);
	wire_put_str(&q, passphrase);
	e = ask(k, MSG_KEY_IMPORT, &q, KEYRING_SLOW_MS, &out->raw, f);
	buf_wipe(&q);
	if (e != ERR_OK)
		return e;
	w = wire_open(buf_slice(&out->raw));
	read_new(&w, out);
	wire_str(&w, out->key_type, sizeof(out->key_type));
	n = wire_u32(&w);
	if (n > KEY_CERTIFICATES_MAX)
		n = 0; /* and the message does not end here: malformed */
	for (uint32_t i = 0; i < n; i++)
		out->certificates[out->n_certificates++] = wire_bytes(&w);
	return check(&w, f);
}

enum err
keyring_csr(struct keyring *k, const struct key_ref *key, const char *subject,
    const char *const *names, size_t n_names, struct buf *der, struct fault *f)
{
	struct buf q, answer;
	struct wire w;
	enum err e;

	buf_init(&q, CHANNEL_MESSAGE_MAX);
	buf_init(&answer, CHANNEL_MESSAGE_MAX);
	wire_put_u64(&q, key->id);
	wire_put_str(&q, subject);
	wire_put_u32(&q, (uint32_t)n_names);
	for (size_t i = 0; i < n_names; i++)
		wire_put_str(&q, names[i]);
	e = ask_loaded(k, key, MSG_KEY_CSR, &q, KEYRING_SLOW_MS, &answer, f);
	if (e == ERR_OK) {
		w = wire_open(buf_slice(&answer));
		e = buf_add(der, wire_bytes(&w));
		if (e == ERR_OK)
			e = check(&w, f);
	}
	buf_clear(&q);
	buf_clear(&answer);
	return e;
}

enum err
keyring_export(struct keyring *k, const struct key_ref *key, struct buf *pem,
    struct fault *f)
{
	struct buf q, answer;
	struct wire w;
	enum err e;

	buf_init(&q, SEALED_MAX);
	buf_init(&answer, CHANNEL_MESSAGE_MAX);
	wire_put_u8(&q, (uint8_t)key->purpose);
	wire_put_bytes(&q, key->sealed);
	e = ask(k, MSG_KEY_EXPORT, &q, k->timeout_ms, &answer, f);
	if (e == ERR_OK) {
		w = wire_open(buf_slice(&answer));
		e = buf_add(pem, wire_bytes(&w));
		if (e == ERR_OK)
			e = check(&w, f);
	}
	buf_clear(&q);
	buf_wipe(&answer);
	return e;
}

enum err
keyring_public(struct keyring *k, const struct key_ref *key, struct buf *spki,
    struct fault *f)
{
	struct buf answer;
	struct wire w;
	enum err e;

	buf_init(&answer, CHANNEL_MESSAGE_MAX);
	e = load(k, key, k->timeout_ms, &answer, f);
	if (e == ERR_OK) {
		w = wire_open(buf_slice(&answer));
		(void)wire_u8(&w);
		(void)wire_u32(&w);
		e = buf_add(spki, wire_bytes(&w));
		if (e == ERR_OK)
			e = check(&w, f);
	}
	buf_clear(&answer);
	return e;
}
