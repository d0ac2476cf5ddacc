/*
 * Certificate signing requests: the key is made in the keys process and never
 * leaves it but sealed.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "certs/x509/pem.h"
#include "router/control/api_certificates.h"
#include "router/control/api_domains.h"
#include "router/control/requested_key.h"

#define PEM_MAX     ((size_t)1024 * 1024)
#define SUBJECT_MAX 1000
#define NAMES_MAX   100

/* What may be made; larger ones would keep everybody waiting. */
static const char *const key_types[] = {
    "ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096"};

/* What is asked for. */
struct asked {
	struct domain d;
	const char *key_type, *subject;
	json_t *names; /* array; the domain's own is the first */
};

static enum err
refuse(struct fault *f, const char *field, const char *what)
{
	fault_set(
	    f, FAULT_P11_FIELD_INVALID, "The field \"%s\" %s", field, what);
	return ERR_SYNTAX;
}

static enum err
read_words(struct api_call *call, struct asked *a, struct fault *f)
{
	enum err e;

	a->key_type = key_types[0];
	a->subject = "";
	e = json_get_str(
	    call->body, "key_type", JSON_OPTIONAL, &a->key_type, f);
	if (e == ERR_OK)
		e = json_get_str(
		    call->body, "subject", JSON_OPTIONAL, &a->subject, f);
	if (e != ERR_OK)
		return e;
	if (strlen(a->subject) > SUBJECT_MAX)
		return refuse(f, "subject", "has more than 1000 bytes");
	for (size_t i = 0; i < COUNT_OF(key_types); i++)
		if (strcmp(a->key_type, key_types[i]) == 0)
			return ERR_OK;
	return refuse(f, "key_type",
	    "is ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or rsa-4096");
}

/* --- its names ------------------------------------------------------------ */

static enum err
add_name(struct asked *a, const char *host, struct fault *f)
{
	const json_t *item;
	size_t i;

	json_array_foreach(a->names, i, item)
	{
		if (strcmp(json_string_value(item), host) == 0)
			return ERR_OK;
	}
	if (json_array_size(a->names) == NAMES_MAX)
		return refuse(f, "names", "has more than 100 names");
	json_array_append_new(a->names, json_string(host));
	return ERR_OK;
}

/* Another domain of the same app. */
static enum err
add_given(
    struct api_call *call, struct asked *a, const json_t *item, struct fault *f)
{
	const char *text = json_string_value(item);
	char host[HOST_SIZE];
	struct domain other = {0};
	enum err e;

	if (text == NULL)
		return refuse(f, "names", "is not a list of names");
	e = host_normalise(slice_str(text), host, f);
	if (e == ERR_OK)
		e = domain_load(call->control, host, &other, f);
	if (e == ERR_OK && other.app_id != a->d.app_id) {
		fault_set(f, FAULT_N12_HOST_OF_OTHER_APP,
		    "%s is a domain of another app than %s", host, a->d.host);
		e = ERR_DENIED;
	}
	if (e == ERR_OK)
		e = add_name(a, host, f);
	domain_unload(&other);
	return e;
}

static enum err
add_all(struct api_call *call, struct asked *a, struct fault *f)
{
	static const char sql[] =
	    "SELECT host FROM domain WHERE app_id = ?1 ORDER BY host";
	struct stmt *s = db_stmt(call->control->db, sql);
	enum err e = ERR_OK;

	stmt_int(s, 1, a->d.app_id);
	while (e == ERR_OK && stmt_step(s) == ERR_OK)
		e = add_name(a, stmt_get_str(s, 0), f);
	stmt_done(s);
	return e;
}

static enum err
read_names(struct api_call *call, struct asked *a, struct fault *f)
{
	const json_t *names = json_obj(call->body, "names"), *item;
	bool all = false;
	size_t i;
	enum err e;

	e = json_get_bool(call->body, "all_domains", JSON_OPTIONAL, &all, f);
	if (e == ERR_OK && names != NULL && !json_is_array(names))
		e = refuse(f, "names", "is not a list of names");
	if (e != ERR_OK)
		return e;
	e = add_name(a, a->d.host, f);
	json_array_foreach(names, i, item)
	{
		if (e == ERR_OK)
			e = add_given(call, a, item, f);
	}
	return e == ERR_OK && all ? add_all(call, a, f) : e;
}

/* --- the request ---------------------------------------------------------- */

static enum err
make_csr(struct control *c, const struct asked *a, struct key_new *key,
    struct buf *pem, struct fault *f)
{
	const char *names[NAMES_MAX];
	struct key_ref ref;
	size_t n = 0, i;
	struct buf der;
	json_t *item;
	enum err e = keyring_make(c->keyring, KEY_TLS, a->key_type, key, f);

	if (e != ERR_OK)
		return e;
	json_array_foreach(a->names, i, item)
	{
		names[n++] = json_string_value(item);
	}
	buf_init(&der, PEM_MAX);
	ref = (struct key_ref){key->id, KEY_TLS, buf_slice(&key->sealed)};
	e = keyring_csr(c->keyring, &ref, a->subject, names, n, &der, f);
	if (e == ERR_OK)
		pem_write(pem, SLICE("CERTIFICATE REQUEST"), SLICE(""),
		    buf_slice(&der));
	buf_clear(&der);
	return e;
}

static enum err
make(struct api_call *call, const struct asked *a, struct fault *f)
{
	struct requested_key r = {.host = a->d.host, .names = a->names};
	struct key_new key = {0};
	struct buf pem;
	int64_t number;
	enum err e;

	buf_init(&pem, PEM_MAX);
	e = make_csr(call->control, a, &key, &pem, f);
	if (e == ERR_OK) {
		(void)buf_add_char(&pem, '\0');
		r.csr = buf_slice(&pem).p;
		r.key = &key;
		e = requested_key_add(call->control, &r, &number);
	}
	if (e == ERR_OK) {
		call->answer =
		    requested_key_json(call->control, a->d.host, number);
		call->status = 201;
	}
	key_new_clear(&key);
	buf_clear(&pem);
	return e;
}

enum err
api_csr_add(struct api_call *call, struct fault *f)
{
	struct asked a = {.names = json_array()};
	enum err e = api_domain(call, &a.d, f);

	if (e == ERR_OK)
		e = read_words(call, &a, f);
	if (e == ERR_OK)
		e = read_names(call, &a, f);
	if (e == ERR_OK)
		e = make(call, &a, f);
	json_decref(a.names);
	domain_unload(&a.d);
	return e;
}

enum err
api_csr_list(struct api_call *call, struct fault *f)
{
	struct domain d;
	enum err e = api_domain(call, &d, f);

	if (e == ERR_OK)
		call->answer = requested_keys_json(call->control, d.host);
	domain_unload(&d);
	return e;
}

enum err
api_csr_forget(struct api_call *call, struct fault *f)
{
	char host[HOST_SIZE];
	uint64_t number = 0;
	enum err e = api_host(call, 0, host, f);

	if (e != ERR_OK)
		return e;
	e = ERR_NOT_FOUND;
	if (slice_to_u64(slice_str(call->params[1]), &number) == ERR_OK &&
	    number <= INT64_MAX)
		e = requested_key_forget(call->control, host, (int64_t)number);
	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_C36_NO_SUCH_NUMBER,
		    "%s has no pending request of number %.20s", host,
		    call->params[1]);
	return e;
}
