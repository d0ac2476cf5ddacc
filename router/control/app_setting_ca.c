#include "router/control/app_setting_ca.h"

#include "base/buf.h"
#include "certs/x509/certificate.h"
#include "certs/x509/pem.h"

static enum err
refuse(struct fault *f, const char *why)
{
	fault_set(f, FAULT_N22_SETTING_INVALID,
	    "backend_ca takes CA certificates in PEM: %s", why);
	return ERR_SYNTAX;
}

/* One certificate, checked, behind those before it. */
static enum err
add(struct buf *out, struct slice der, struct fault *f)
{
	struct certificate *c = NULL;
	struct fault why = {0};
	enum err e = ERR_OK;

	if (certificate_read(der, &c, &why) != ERR_OK)
		return refuse(f, "one of them cannot be read");
	/* a self-signed server certificate may vouch for itself */
	if (!c->is_ca && !c->is_self_signed)
		e = refuse(f, "one of them is no CA's");
	else
		pem_write(out, SLICE("CERTIFICATE"), SLICE(""), der);
	certificate_free(c);
	return e;
}

static enum err
add_all(struct buf *out, struct slice text, struct fault *f)
{
	struct pem_block block;
	struct buf der;
	enum err e;

	buf_init(&der, CERTIFICATE_DER_MAX);
	while ((e = pem_next(&text, &block)) == ERR_OK) {
		if (!slice_eq(block.label, SLICE("CERTIFICATE")))
			continue;
		buf_reset(&der);
		if (base64_decode(block.body, &der) != ERR_OK) {
			e = refuse(f, "one of them cannot be read");
			break;
		}
		e = add(out, buf_slice(&der), f);
		if (e != ERR_OK)
			break;
	}
	buf_clear(&der);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	else if (!fault_is_set(f))
		e = refuse(f, "it ends in the middle of one");
	return e;
}

enum err
app_setting_ca_read(const json_t *value, json_t **out, struct fault *f)
{
	struct slice text = slice_str(json_string_value(value));
	struct fault why = {0};
	struct buf pem;
	enum err e;

	buf_init(&pem, APP_SETTING_CA_MAX);
	e = add_all(&pem, text, &why);
	if (e == ERR_OK && buf_failed(&pem))
		e = refuse(&why, "they are more than 64 KB");
	else if (e == ERR_OK && pem.len == 0)
		e = refuse(&why, "there is none");
	if (e == ERR_OK)
		*out = json_stringn(buf_slice(&pem).p, pem.len);
	else if (f != NULL)
		*f = why;
	buf_clear(&pem);
	return e;
}
