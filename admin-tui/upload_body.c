#include "admin-tui/upload_body.h"

#include "certs/x509/bundle.h"
#include "certs/x509/der.h"
#include "certs/x509/der_kind.h"
#include "certs/x509/pem.h"

#define FILES_ROOM 64 /* of the largest size */

void
upload_body_init(struct upload_body *b)
{
	buf_init(&b->pem, FILES_ROOM * BUNDLE_MAX);
	buf_init(&b->pkcs12, 2 * BUNDLE_MAX);
}

void
upload_body_clear(struct upload_body *b)
{
	buf_wipe(&b->pem);
	buf_wipe(&b->pkcs12);
}

/* How a private key in DER is called in PEM: SEQUENCE { version, algorithm
 * (RFC 5958), modulus (RFC 8017, A.1.2) or octets (RFC 5915). */
static struct slice
key_label(struct slice der)
{
	struct der_item whole, version, second;

	if (!der_take(&der, DER_SEQUENCE, &whole) ||
	    !der_take(&whole.content, DER_INTEGER, &version) ||
	    !der_next(&whole.content, &second))
		return SLICE("ENCRYPTED PRIVATE KEY");
	if (second.tag == DER_INTEGER)
		return SLICE("RSA PRIVATE KEY");
	return second.tag == DER_OCTET_STRING ? SLICE("EC PRIVATE KEY")
					      : SLICE("PRIVATE KEY");
}

static void
add_der_or_pem(struct upload_body *b, struct slice bytes, struct slice label)
{
	if (der_kind(bytes) != DER_KIND_UNKNOWN)
		pem_write(&b->pem, label, SLICE(""), bytes);
	else
		(void)buf_add(&b->pem, bytes); /* a block, written anew */
}

static enum err
add_pkcs12(struct upload_body *b, struct slice bytes, const char *name,
    struct fault *f)
{
	if (b->pkcs12.len == 0) {
		base64_add(&b->pkcs12, bytes);
		return ERR_OK;
	}
	fault_set(f, FAULT_C18_NOT_RECOGNISED,
	    "%s is a second PKCS#12 file; one at a time can be opened", name);
	return ERR_SYNTAX;
}

static enum err
add_item(struct upload_body *b, const struct bundle_item *item,
    const char *name, struct fault *f)
{
	switch (item->kind) {
	case BUNDLE_CERTIFICATE:
		pem_write(&b->pem, SLICE("CERTIFICATE"), SLICE(""),
		    item->certificate->der);
		break;
	case BUNDLE_KEY:
	case BUNDLE_ENCRYPTED_KEY:
		add_der_or_pem(b, item->bytes, key_label(item->bytes));
		break;
	case BUNDLE_PKCS12:
		return add_pkcs12(b, item->bytes, name, f);
	case BUNDLE_REQUEST:
		pem_write(&b->pem, SLICE("CERTIFICATE REQUEST"), SLICE(""),
		    item->bytes);
		break;
	}
	return ERR_OK;
}

enum err
upload_body_add(
    struct upload_body *b, struct slice file, const char *name, struct fault *f)
{
	struct bundle items;
	enum err e;

	bundle_init(&items);
	e = bundle_add(&items, file, name, f);
	for (size_t i = 0; i < items.n && e == ERR_OK; i++)
		e = add_item(b, &items.items[i], name, f);
	bundle_clear(&items);
	return e;
}

struct slice
upload_body_certificate(const struct upload_body *b)
{
	return buf_slice(b->pkcs12.len > 0 ? &b->pkcs12 : &b->pem);
}

struct slice
upload_body_chain(const struct upload_body *b)
{
	return b->pkcs12.len > 0 ? buf_slice(&b->pem) : SLICE("");
}
