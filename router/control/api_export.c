#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/install.h"
#include "certs/keyring.h"
#include "certs/x509/pem.h"
#include "router/control/api_certificates.h"
#include "router/control/domain_json.h"
#include "router/control/event.h"

#define PEM_MAX (1024 * 1024)

/* The installation that the path names by host and number.  C36. */
static enum err
find(struct api_call *call, char host[HOST_SIZE], struct installation *out,
    struct fault *f)
{
	uint64_t number = 0;
	enum err e = api_host(call, 0, host, f);

	*out = (struct installation){0};
	if (e != ERR_OK)
		return e;
	e = ERR_NOT_FOUND;
	if (slice_to_u64(slice_str(call->params[1]), &number) == ERR_OK &&
	    number <= INT64_MAX)
		e = install_get(call->control->db, host, (int64_t)number, out);
	if (e == ERR_NOT_FOUND)
		fault_set(f, FAULT_C36_NO_SUCH_NUMBER,
		    "%s has no certificate of number %.20s", host,
		    call->params[1]);
	return e;
}

static void
put_pem(json_t *o, const char *key, struct buf *pem)
{
	json_put_slice(o, key, buf_slice(pem));
	buf_wipe(pem);
}

/* Intermediates are named by number, in order: "7 3". */
static enum err
write_chain(struct control *c, struct slice ids, struct buf *pem)
{
	struct slice word, der;
	enum err e = ERR_OK;

	while (e == ERR_OK && slice_word(&ids, &word)) {
		struct stmt *s;
		uint64_t id;

		e = slice_to_u64(word, &id);
		if (e == ERR_OK)
			e = install_read_intermediate(
			    c->db, (int64_t)id, &der, &s);
		if (e != ERR_OK)
			break;
		pem_write(pem, SLICE("CERTIFICATE"), SLICE(""), der);
		stmt_done(s);
	}
	return e;
}

enum err
api_certificate_download(struct api_call *call, struct fault *f)
{
	struct stored_certificate stored;
	char host[HOST_SIZE], *ids = NULL;
	struct installation i;
	struct buf pem;
	enum err e = find(call, host, &i, f);

	buf_init(&pem, PEM_MAX);
	if (e == ERR_OK)
		e = install_read_certificate(
		    call->control->db, i.certificate_id, &stored);
	if (e == ERR_OK) {
		ids = xstrdup_slice(stored.chain);
		pem_write(&pem, SLICE("CERTIFICATE"), SLICE(""), stored.leaf);
		stmt_done(stored.statement);
		call->answer = json_object();
		put_pem(call->answer, "certificate", &pem);
		e = write_chain(call->control, slice_str(ids), &pem);
		put_pem(call->answer, "chain", &pem);
	}
	buf_clear(&pem);
	free(ids);
	installation_clear(&i);
	return e;
}

static enum err
tell_export(
    struct api_call *call, const char *host, const struct installation *i)
{
	struct event event = {.name = "certificate.export", .by = call->by};
	struct domain d;
	enum err e;

	if (domain_load(call->control, host, &d, NULL) == ERR_OK) {
		e = domain_event(call->control, &d, event.name, call->by,
		    installation_json(i));
		domain_unload(&d);
		return e;
	}
	event.host = host;
	event.certificate = installation_json(i);
	return event_add(call->control->db, &event);
}

enum err
api_certificate_private_key(struct api_call *call, struct fault *f)
{
	struct control *c = call->control;
	struct stored_certificate stored;
	struct key_ref key = {.purpose = KEY_TLS};
	char host[HOST_SIZE];
	struct installation i;
	struct buf sealed, pem;
	enum err e = find(call, host, &i, f);

	buf_init(&pem, PEM_MAX);
	buf_init(&sealed, PEM_MAX);
	if (e == ERR_OK)
		e = install_read_certificate(c->db, i.certificate_id, &stored);
	if (e == ERR_OK) {
		(void)buf_add(&sealed, stored.sealed);
		stmt_done(stored.statement);
		key.id = (uint64_t)i.certificate_id;
		key.sealed = buf_slice(&sealed);
		e = keyring_export(c->keyring, &key, &pem, f);
	}
	if (e == ERR_OK)
		e = tell_export(call, host, &i);
	if (e == ERR_OK) {
		call->answer = json_object();
		put_pem(call->answer, "private_key", &pem);
	}
	buf_wipe(&pem);
	buf_clear(&sealed);
	installation_clear(&i);
	return e;
}
