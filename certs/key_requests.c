#include "certs/key_requests.h"

#include <stdlib.h>

#include <gnutls/crypto.h>

#include "base/mem.h"
#include "base/wire.h"
#include "certs/key_csr.h"
#include "certs/key_import.h"
#include "certs/key_policy.h"

#define ANSWER_MAX CHANNEL_MESSAGE_MAX
/* Open for control, which needs a key for as long as it is proved: an import
 * must not keep all it brought. */
#define CONTROL_MAX  256
#define SECRET_MAX   (16 * 1024)
#define NAMES_MAX    200
#define NAME_SIZE    256
#define SUBJECT_SIZE 1024
#define PASS_SIZE    1024

/* Making a larger RSA key would keep everybody else waiting for seconds. */
#define MADE_BITS_MAX 4096

/* Numbers that the keys process gives itself have this bit (keyring.h). */
#define OWN_ID_BIT (UINT64_C(1) << 62)

struct key_requests {
	struct master_keys masters;
	struct key_store *store;
};

/* One request: what is read from it, and what is answered. */
struct question {
	struct key_requests *kr;
	struct wire in;
	bool from_worker;
	struct buf *out; /* the answer's body */
	struct fault *f;
};

struct key_requests *
key_requests_new(const struct master_keys *m)
{
	struct key_requests *kr = xcalloc(1, sizeof(*kr));

	kr->masters = *m;
	kr->store = key_store_new();
	return kr;
}

void
key_requests_free(struct key_requests *kr)
{
	if (kr == NULL)
		return;
	key_store_free(kr->store);
	secret_free(kr, sizeof(*kr));
}

static enum err
refuse(struct question *q, enum fault_code code, const char *text)
{
	fault_set(q->f, code, "%s", text);
	return ERR_DENIED;
}

/* The open key of that number, or C41, upon which it is loaded again. */
static struct stored_key *
find(struct question *q, uint64_t id)
{
	struct stored_key *key = key_store_get(q->kr->store, id);

	if (key == NULL)
		fault_set(q->f, FAULT_C41_KEY_NOT_LOADED, NULL);
	return key;
}

static bool
is_purpose(uint8_t purpose)
{
	return purpose >= KEY_TLS && purpose <= KEY_SECRET;
}

/* Opens a sealed PKCS#8. */
static enum err
open_sealed(struct question *q, enum key_purpose purpose, struct slice sealed,
    gnutls_privkey_t *out)
{
	struct buf secret;
	enum err e;

	buf_init(&secret, SECRET_MAX);
	e = unseal(&q->kr->masters, purpose, sealed, &secret);
	if (e == ERR_OK)
		e = key_open_pkcs8(buf_slice(&secret), out, q->f);
	else
		fault_set(q->f, FAULT_C40_KEY_UNREADABLE,
		    "The sealed key does not open: its master key is not "
		    "listed, or it was altered");
	buf_wipe(&secret);
	return e;
}

static enum err
on_load(struct question *q)
{
	uint64_t id = wire_u64(&q->in);
	uint8_t purpose = wire_u8(&q->in);
	struct slice sealed = wire_bytes(&q->in);
	struct buf spki;
	gnutls_privkey_t handle = NULL;
	struct stored_key *key;
	enum err e;

	if (wire_end(&q->in) != ERR_OK || !is_purpose(purpose))
		return ERR_SYNTAX;
	if (q->from_worker && purpose != KEY_TLS)
		return refuse(q, FAULT_P15_NOT_PERMITTED,
		    "A worker's keys open certificates' keys only");
	e = open_sealed(q, (enum key_purpose)purpose, sealed, &handle);
	if (e != ERR_OK)
		return ERR_DENIED;
	key =
	    key_store_put(q->kr->store, id, (enum key_purpose)purpose, handle);
	buf_init(&spki, SECRET_MAX);
	e = key_public(handle, &spki);
	wire_put_u8(q->out, (uint8_t)key->algorithm);
	wire_put_u32(q->out, key->bits);
	wire_put_bytes(q->out, buf_slice(&spki));
	buf_clear(&spki);
	return e == ERR_OK ? ERR_OK : ERR_DENIED;
}

static enum err
on_sign(struct question *q)
{
	uint64_t id = wire_u64(&q->in);
	struct key_input in;
	struct stored_key *key;
	struct buf signature;
	enum err e;

	in.is_hash = wire_u8(&q->in) != 0;
	in.algorithm = wire_u32(&q->in);
	in.flags = wire_u32(&q->in);
	in.bytes = wire_bytes(&q->in);
	if (wire_end(&q->in) != ERR_OK)
		return ERR_SYNTAX;
	if (q->from_worker &&
	    !(in.is_hash ? key_policy_allows_hash(in.algorithm, in.bytes)
			 : key_policy_allows_data(in.bytes)))
		return refuse(q, FAULT_P15_NOT_PERMITTED,
		    "This is nothing that a TLS server signs");
	if ((key = find(q, id)) == NULL)
		return ERR_DENIED;
	buf_init(&signature, SECRET_MAX);
	e = stored_key_sign(key, &in, &signature, q->f);
	if (e == ERR_OK)
		wire_put_bytes(q->out, buf_slice(&signature));
	buf_clear(&signature);
	return e == ERR_OK ? ERR_OK : ERR_DENIED;
}

/* Seals an open key and keeps it under a number of its own. */
static enum err
keep(struct question *q, enum key_purpose purpose, gnutls_privkey_t handle)
{
	struct buf der, spki, sealed;
	uint64_t id = 0;
	enum err e;

	buf_init(&der, SECRET_MAX);
	buf_init(&spki, SECRET_MAX);
	buf_init(&sealed, SECRET_MAX * 2);
	e = key_save_pkcs8(handle, &der);
	if (e == ERR_OK)
		e = key_public(handle, &spki);
	if (e == ERR_OK)
		e = seal(&q->kr->masters, purpose, buf_slice(&spki),
		    buf_slice(&der), &sealed);
	if (gnutls_rnd(GNUTLS_RND_NONCE, &id, sizeof(id)) != 0)
		die("no random bytes");
	id = (id >> 2) | OWN_ID_BIT;
	if (e == ERR_OK) {
		(void)key_store_put(q->kr->store, id, purpose, handle);
		wire_put_u64(q->out, id);
		wire_put_bytes(q->out, buf_slice(&sealed));
		wire_put_bytes(q->out, buf_slice(&spki));
	} else {
		gnutls_privkey_deinit(handle);
		fault_set(q->f, FAULT_C40_KEY_UNREADABLE, NULL);
	}
	buf_wipe(&der);
	buf_clear(&spki);
	buf_clear(&sealed);
	return e == ERR_OK ? ERR_OK : ERR_DENIED;
}

static enum err
on_make(struct question *q)
{
	uint8_t purpose = wire_u8(&q->in);
	gnutls_privkey_t handle = NULL;
	char type[KEY_TYPE_SIZE];
	struct key_type t;
	int code;

	wire_str(&q->in, type, sizeof(type));
	if (wire_end(&q->in) != ERR_OK || !is_purpose(purpose))
		return ERR_SYNTAX;
	if (gnutls_privkey_init(&handle) != 0)
		die("no memory for a key");
	if (!key_type_parse(type, &t) || t.bits > MADE_BITS_MAX)
		code = GNUTLS_E_INVALID_REQUEST;
	else
		code = gnutls_privkey_generate(handle, t.pk,
		    t.curve == GNUTLS_ECC_CURVE_INVALID
			? t.bits
			: GNUTLS_CURVE_TO_BITS(t.curve),
		    0);
	if (code != 0) {
		gnutls_privkey_deinit(handle);
		fault_set(q->f, FAULT_C38_KEY_TYPE_UNSUPPORTED,
		    "A key of type \"%s\" cannot be made", type);
		return ERR_DENIED;
	}
	return keep(q, (enum key_purpose)purpose, handle);
}

static enum err
on_import(struct question *q)
{
	uint8_t purpose = wire_u8(&q->in);
	struct slice file = wire_bytes(&q->in);
	char passphrase[PASS_SIZE];
	struct key_import i;
	gnutls_privkey_t handle;
	enum err e;

	wire_str(&q->in, passphrase, sizeof(passphrase));
	if (wire_end(&q->in) != ERR_OK || !is_purpose(purpose))
		return ERR_SYNTAX;
	e = key_import_read(file, passphrase, &i, q->f);
	explicit_bzero(passphrase, sizeof(passphrase));
	if (e != ERR_OK)
		return ERR_DENIED;
	handle = i.handle;
	i.handle = NULL;
	e = keep(q, (enum key_purpose)purpose, handle);
	wire_put_str(q->out, i.key_type);
	wire_put_u32(q->out, (uint32_t)i.n_certificates);
	for (size_t n = 0; n < i.n_certificates; n++)
		wire_put_bytes(q->out,
		    slice_of(i.certificates[n].data, i.certificates[n].size));
	key_import_clear(&i);
	return e;
}

static enum err
on_csr(struct question *q)
{
	uint64_t id = wire_u64(&q->in);
	char subject[SUBJECT_SIZE], (*names)[NAME_SIZE];
	const char *list[NAMES_MAX];
	const struct stored_key *key;
	struct buf der;
	uint32_t n;
	enum err e = ERR_DENIED;

	wire_str(&q->in, subject, sizeof(subject));
	n = wire_u32(&q->in);
	if (n > NAMES_MAX)
		return ERR_SYNTAX;
	names = xcalloc(NAMES_MAX, NAME_SIZE);
	for (uint32_t i = 0; i < n; i++) {
		wire_str(&q->in, names[i], NAME_SIZE);
		list[i] = names[i];
	}
	buf_init(&der, ANSWER_MAX);
	if (wire_end(&q->in) != ERR_OK)
		e = ERR_SYNTAX;
	else if ((key = find(q, id)) != NULL)
		e = key_csr(key->handle, subject, list, n, &der, q->f) == ERR_OK
			? ERR_OK
			: ERR_DENIED;
	wire_put_bytes(q->out, buf_slice(&der));
	buf_clear(&der);
	free(names);
	return e;
}

static enum err
on_export(struct question *q)
{
	uint8_t purpose = wire_u8(&q->in);
	struct slice sealed = wire_bytes(&q->in);
	gnutls_privkey_t handle = NULL;
	gnutls_datum_t pem = {0}, d;
	struct buf der;
	enum err e;

	if (wire_end(&q->in) != ERR_OK || !is_purpose(purpose))
		return ERR_SYNTAX;
	e = open_sealed(q, (enum key_purpose)purpose, sealed, &handle);
	if (e != ERR_OK)
		return ERR_DENIED;
	buf_init(&der, SECRET_MAX);
	e = key_save_pkcs8(handle, &der);
	gnutls_privkey_deinit(handle);
	d = (gnutls_datum_t){
	    (unsigned char *)buf_slice(&der).p, (unsigned)der.len};
	if (e == ERR_OK &&
	    gnutls_pem_base64_encode2("PRIVATE KEY", &d, &pem) == 0) {
		wire_put_bytes(q->out, slice_of(pem.data, pem.size));
		explicit_bzero(pem.data, pem.size);
		gnutls_free(pem.data);
	} else {
		e = refuse(q, FAULT_C40_KEY_UNREADABLE,
		    "The private key cannot be written");
	}
	buf_wipe(&der);
	return e;
}

static enum err
on_drop(struct question *q)
{
	uint64_t id = wire_u64(&q->in);

	if (wire_end(&q->in) != ERR_OK)
		return ERR_SYNTAX;
	key_store_drop(q->kr->store, id);
	return ERR_OK;
}

/* What is answered at all: one table. */
static enum err (*const handlers[MESSAGES])(struct question *) = {
    [MSG_KEY_LOAD] = on_load,
    [MSG_KEY_SIGN] = on_sign,
    [MSG_KEY_MAKE] = on_make,
    [MSG_KEY_IMPORT] = on_import,
    [MSG_KEY_CSR] = on_csr,
    [MSG_KEY_EXPORT] = on_export,
    [MSG_KEY_DROP] = on_drop,
};

enum err
key_requests_handle(
    struct key_requests *kr, struct channel *c, const struct channel_message *m)
{
	struct fault f = {0};
	struct buf out;
	struct question q = {.kr = kr,
	    .in = wire_open(m->body),
	    .from_worker = channel_peer(c) == ROLE_WORKER,
	    .out = &out,
	    .f = &f};
	enum err e;

	if ((unsigned)m->type >= MESSAGES || handlers[m->type] == NULL ||
	    m->number == 0)
		return ERR_SYNTAX;
	buf_init(&out, ANSWER_MAX);
	e = handlers[m->type](&q);
	if (!q.from_worker)
		key_store_trim(kr->store, CONTROL_MAX);
	if (e == ERR_OK && buf_failed(&out))
		e = refuse(&q, FAULT_C20_TOO_BIG, "The answer is too large");
	if (e == ERR_OK)
		(void)channel_answer_ok(c, m->number, buf_slice(&out));
	else if (e == ERR_DENIED)
		(void)channel_refuse(c, m->number, &f);
	buf_wipe(&out);
	return e == ERR_SYNTAX ? ERR_SYNTAX : ERR_OK;
}
