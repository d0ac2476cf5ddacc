#include "certs/keyring.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/wire.h"

#define HASH_YES 1
#define HASH_NO  0

struct keyring {
	struct channel *channel; /* a loan; NULL: away */
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
	return k->channel != NULL && channel_is_alive(k->channel);
}

/* --- questions and answers -------------------------------------------------*/

/* A question that is being written, and its answer. */
struct question {
	enum message type;
	struct buf body, answer;
	struct wire fields; /* of the answer */
};

static void
question_init(struct question *q, enum message type)
{
	q->type = type;
	buf_init(&q->body, CHANNEL_MESSAGE_MAX);
	buf_init(&q->answer, CHANNEL_MESSAGE_MAX);
}

/* Bodies may hold keys and passphrases. */
static void
question_clear(struct question *q)
{
	buf_wipe(&q->body);
	buf_wipe(&q->answer);
}

static enum err
ask_until(
    struct keyring *k, struct question *q, int64_t deadline_ms, struct fault *f)
{
	int64_t left_ms = deadline_ms - clock_mono_ms();
	enum err e = ERR_CLOSED;

	if (buf_failed(&q->body)) {
		fault_set(f, FAULT_C20_TOO_BIG, NULL);
		return ERR_TOO_BIG;
	}
	fault_clear(f);
	buf_reset(&q->answer);
	if (left_ms <= 0)
		e = ERR_TIMEOUT;
	else if (k->channel != NULL)
		e = channel_call(k->channel, q->type, buf_slice(&q->body),
		    (int)left_ms, &q->answer, f);
	if (e == ERR_OK)
		q->fields = wire_open(buf_slice(&q->answer));
	else if (e == ERR_TIMEOUT || e == ERR_CLOSED)
		fault_set(f, FAULT_C37_KEYS_AWAY, NULL);
	return e;
}

static enum err
ask(struct keyring *k, struct question *q, int timeout_ms, struct fault *f)
{
	struct fault own;

	return ask_until(
	    k, q, clock_mono_ms() + timeout_ms, f == NULL ? &own : f);
}

static void
write_load(struct question *q, const struct key_ref *key)
{
	question_init(q, MSG_KEY_LOAD);
	wire_put_u64(&q->body, key->id);
	wire_put_u8(&q->body, (uint8_t)key->purpose);
	wire_put_bytes(&q->body, key->sealed);
}

/* Asks about a key, and once more after loading it when it is not known. */
static enum err
ask_about(struct keyring *k, struct question *q, const struct key_ref *key,
    int timeout_ms, struct fault *f)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	struct question load;
	struct fault own = {0};
	enum err e;

	if (f == NULL)
		f = &own;
	e = ask_until(k, q, deadline_ms, f);
	if (e != ERR_DENIED || f->code != FAULT_C41_KEY_NOT_LOADED)
		return e;
	write_load(&load, key);
	e = ask_until(k, &load, deadline_ms, f);
	question_clear(&load);
	return e == ERR_OK ? ask_until(k, q, deadline_ms, f) : e;
}

/* Did the answer have these fields and no more?  Else keys broke the rules. */
static enum err
end(const struct question *q, struct fault *f)
{
	if (wire_end(&q->fields) == ERR_OK)
		return ERR_OK;
	fault_set(f, FAULT_S25_INTERNAL,
	    "the keys process gave an answer that cannot be read");
	return ERR_PEER;
}

/* An answer that is one field of bytes. */
static enum err
take_bytes(struct question *q, struct buf *out, struct fault *f)
{
	struct slice bytes = wire_bytes(&q->fields);
	enum err e = end(q, f);

	if (e == ERR_OK)
		e = buf_add(out, bytes);
	if (e == ERR_TOO_BIG)
		fault_set(f, FAULT_C20_TOO_BIG, NULL);
	return e;
}

/* --- signatures ------------------------------------------------------------*/

static enum err
sign(struct keyring *k, const struct key_ref *key, uint8_t is_hash,
    const unsigned algorithm_and_flags[2], struct slice input,
    struct buf *signature)
{
	struct question q;
	enum err e;

	question_init(&q, MSG_KEY_SIGN);
	wire_put_u64(&q.body, key->id);
	wire_put_u8(&q.body, is_hash);
	wire_put_u32(&q.body, algorithm_and_flags[0]);
	wire_put_u32(&q.body, algorithm_and_flags[1]);
	wire_put_bytes(&q.body, input);
	e = ask_about(k, &q, key, k->timeout_ms, NULL);
	if (e == ERR_OK)
		e = take_bytes(&q, signature, NULL);
	question_clear(&q);
	return e;
}

enum err
keyring_sign_data(struct keyring *k, const struct key_ref *key,
    unsigned algorithm, unsigned flags, struct slice data,
    struct buf *signature)
{
	return sign(k, key, HASH_NO, (const unsigned[]){algorithm, flags}, data,
	    signature);
}

enum err
keyring_sign_hash(struct keyring *k, const struct key_ref *key,
    unsigned algorithm, unsigned flags, struct slice hash,
    struct buf *signature)
{
	return sign(k, key, HASH_YES, (const unsigned[]){algorithm, flags},
	    hash, signature);
}

/* --- new keys --------------------------------------------------------------*/

static void
key_new_init(struct key_new *k)
{
	*k = (struct key_new){0};
	buf_init(&k->sealed, CHANNEL_MESSAGE_MAX);
	buf_init(&k->spki, CHANNEL_MESSAGE_MAX);
	buf_init(&k->raw, CHANNEL_MESSAGE_MAX);
}

void
key_new_clear(struct key_new *k)
{
	buf_clear(&k->sealed);
	buf_clear(&k->spki);
	buf_clear(&k->raw);
	*k = (struct key_new){0};
}

static void
read_new(struct question *q, struct key_new *out)
{
	out->id = wire_u64(&q->fields);
	buf_add(&out->sealed, wire_bytes(&q->fields));
	buf_add(&out->spki, wire_bytes(&q->fields));
}

/* The answer becomes out->raw, so that the certificates in it stay. */
static enum err
read_imported(struct question *q, struct key_new *out, struct fault *f)
{
	uint32_t n;

	out->raw = q->answer;
	buf_init(&q->answer, CHANNEL_MESSAGE_MAX);
	read_new(q, out);
	wire_str(&q->fields, out->key_type, sizeof(out->key_type));
	n = wire_u32(&q->fields);
	for (uint32_t i = 0; i < n && !q->fields.bad; i++) {
		struct slice der = wire_bytes(&q->fields);

		if (i < KEY_CERTIFICATES_MAX)
			out->certificates[out->n_certificates++] = der;
	}
	return end(q, f);
}

enum err
keyring_make(struct keyring *k, enum key_purpose purpose, const char *key_type,
    struct key_new *out, struct fault *f)
{
	struct question q;
	enum err e;

	key_new_init(out);
	question_init(&q, MSG_KEY_MAKE);
	wire_put_u8(&q.body, (uint8_t)purpose);
	wire_put_str(&q.body, key_type);
	e = ask(k, &q, KEYRING_SLOW_MS, f);
	if (e == ERR_OK) {
		read_new(&q, out);
		(void)snprintf(
		    out->key_type, sizeof(out->key_type), "%s", key_type);
		e = end(&q, f);
	}
	question_clear(&q);
	if (e != ERR_OK)
		key_new_clear(out);
	return e;
}

enum err
keyring_import(struct keyring *k, enum key_purpose purpose, struct slice file,
    const char *passphrase, struct key_new *out, struct fault *f)
{
	struct question q;
	enum err e;

	key_new_init(out);
	question_init(&q, MSG_KEY_IMPORT);
	/* In one piece, so that no half of a key is left behind by growing. */
	(void)buf_room(&q.body, file.n < CHANNEL_MESSAGE_MAX / 2
				    ? file.n + CHANNEL_MESSAGE_MAX / 64
				    : CHANNEL_MESSAGE_MAX);
	wire_put_u8(&q.body, (uint8_t)purpose);
	wire_put_bytes(&q.body, file);
	wire_put_str(&q.body, passphrase);
	e = ask(k, &q, KEYRING_SLOW_MS, f);
	if (e == ERR_OK)
		e = read_imported(&q, out, f);
	question_clear(&q);
	if (e != ERR_OK)
		key_new_clear(out);
	return e;
}

/* --- what else a key is asked ----------------------------------------------*/

/* NOLINTBEGIN(readability-function-size): all of it is the request */
enum err
keyring_csr(struct keyring *k, const struct key_ref *key, const char *subject,
    const char *const *names, size_t n_names, struct buf *der, struct fault *f)
{
	struct question q;
	enum err e;

	question_init(&q, MSG_KEY_CSR);
	wire_put_u64(&q.body, key->id);
	wire_put_str(&q.body, subject);
	wire_put_u32(&q.body, (uint32_t)n_names);
	for (size_t i = 0; i < n_names; i++)
		wire_put_str(&q.body, names[i]);
	e = ask_about(k, &q, key, KEYRING_SLOW_MS, f);
	if (e == ERR_OK)
		e = take_bytes(&q, der, f);
	question_clear(&q);
	return e;
}
/* NOLINTEND(readability-function-size) */

enum err
keyring_export(struct keyring *k, const struct key_ref *key, struct buf *pem,
    struct fault *f)
{
	struct question q;
	enum err e;

	question_init(&q, MSG_KEY_EXPORT);
	wire_put_u8(&q.body, (uint8_t)key->purpose);
	wire_put_bytes(&q.body, key->sealed);
	e = ask(k, &q, k->timeout_ms, f);
	if (e == ERR_OK)
		e = take_bytes(&q, pem, f);
	question_clear(&q);
	return e;
}

enum err
keyring_public(struct keyring *k, const struct key_ref *key, struct buf *spki,
    struct fault *f)
{
	struct question q;
	enum err e;

	write_load(&q, key);
	e = ask(k, &q, k->timeout_ms, f);
	if (e == ERR_OK) {
		(void)wire_u8(&q.fields);
		(void)wire_u32(&q.fields);
		e = take_bytes(&q, spki, f);
	}
	question_clear(&q);
	return e;
}
