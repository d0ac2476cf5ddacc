#include "base/mem.h"
#include "certs/x509/bundle.h"
#include "certs/x509/der.h"
#include "certs/x509/der_kind.h"
#include "certs/x509/pem.h"
#include "certs/x509/pkcs7.h"
#include "certs/x509/plain_text.h"

/* Labels of RFC 7468 and of the programs that people have. */
enum use {
	USE_CERTIFICATE,
	USE_KEY,
	USE_ENCRYPTED_KEY,
	USE_PKCS7,
	USE_PKCS12,
	USE_REQUEST,
	USE_NONE, /* of no use, but no harm beside what is */
};

static const struct {
	const char *label;
	enum use use;
	const char *text; /* of USE_NONE: what it is */
} labels[] = {
    {"CERTIFICATE", USE_CERTIFICATE, NULL},
    {"X509 CERTIFICATE", USE_CERTIFICATE, NULL},
    {"TRUSTED CERTIFICATE", USE_CERTIFICATE, NULL},
    {"PRIVATE KEY", USE_KEY, NULL},
    {"RSA PRIVATE KEY", USE_KEY, NULL},
    {"EC PRIVATE KEY", USE_KEY, NULL},
    {"DSA PRIVATE KEY", USE_KEY, NULL},
    {"ENCRYPTED PRIVATE KEY", USE_ENCRYPTED_KEY, NULL},
    {"PKCS7", USE_PKCS7, NULL},
    {"PKCS #7 SIGNED DATA", USE_PKCS7, NULL},
    {"CMS", USE_PKCS7, NULL},
    {"PKCS12", USE_PKCS12, NULL},
    {"CERTIFICATE REQUEST", USE_REQUEST, NULL},
    {"NEW CERTIFICATE REQUEST", USE_REQUEST, NULL},
    {"EC PARAMETERS", USE_NONE, "the parameters of a curve"},
    {"DH PARAMETERS", USE_NONE, "Diffie-Hellman parameters"},
    {"PUBLIC KEY", USE_NONE, "a public key; the private key is needed"},
    {"RSA PUBLIC KEY", USE_NONE, "a public key; the private key is needed"},
    {"X509 CRL", USE_NONE, "a revocation list"},
    {"OPENSSH PRIVATE KEY", USE_NONE,
	"an OpenSSH key, which no certificate belongs to"},
};

/* One file on its way in. */
struct reading {
	struct bundle *bundle;
	const char *name;
	struct fault *f;
	size_t n_blocks;     /* of PEM, so far */
	struct slice unused; /* label of the last block of no use */
	const char *unused_text;
};

/* --- items -----------------------------------------------------------------*/

static enum err
refuse(struct reading *r, const char *what)
{
	fault_set(r->f, FAULT_C18_NOT_RECOGNISED, "%s %s", r->name, what);
	return ERR_SYNTAX;
}

static enum err
refuse_number(struct reading *r)
{
	fault_set(r->f, FAULT_C20_TOO_BIG,
	    "%s holds more than the %d certificates and keys that are read",
	    r->name, BUNDLE_ITEMS_MAX);
	return ERR_TOO_BIG;
}

static enum err
add_item(struct reading *r, struct bundle_item item)
{
	struct bundle *b = r->bundle;

	if (b->n == BUNDLE_ITEMS_MAX) {
		certificate_free(item.certificate);
		secret_free((void *)item.bytes.p, item.bytes.n);
		return refuse_number(r);
	}
	b->items[b->n++] = item;
	return ERR_OK;
}

static enum err
add_bytes(struct reading *r, enum bundle_kind kind, struct slice bytes)
{
	return add_item(
	    r, (struct bundle_item){.kind = kind,
		   .bytes = slice_of(xmemdup(bytes.p, bytes.n), bytes.n)});
}

/* Says where in the upload the fault is. */
static enum err
locate(struct reading *r, enum err e)
{
	if (r->n_blocks > 1)
		fault_prefix(r->f, "%s, block %zu", r->name, r->n_blocks);
	else
		fault_prefix(r->f, "%s", r->name);
	return e;
}

static enum err
add_certificate(struct reading *r, struct slice der)
{
	struct certificate *c;
	struct der_item first;
	enum err e;

	/* A TRUSTED CERTIFICATE of OpenSSL has its own notes behind it. */
	if (der_take(&der, DER_SEQUENCE, &first))
		der = first.whole;
	e = certificate_read(der, &c, r->f);
	if (e == ERR_OK)
		return add_item(
		    r, (struct bundle_item){
			   .kind = BUNDLE_CERTIFICATE, .certificate = c});
	return locate(r, e);
}

/* Of a PKCS#7; its faults are located by add_pkcs7. */
static enum err
add_bundled(void *ctx, struct slice der)
{
	struct reading *r = ctx;
	struct certificate *c;
	enum err e = certificate_read(der, &c, r->f);

	if (e != ERR_OK)
		return e;
	return add_item(r,
	    (struct bundle_item){.kind = BUNDLE_CERTIFICATE, .certificate = c});
}

static enum err
add_pkcs7(struct reading *r, struct slice bytes)
{
	enum err e = pkcs7_read(bytes, add_bundled, r, r->f);

	return e == ERR_OK ? e : locate(r, e);
}

/* --- DER -------------------------------------------------------------------*/

static enum err
add_der(struct reading *r, struct slice der)
{
	switch (der_kind(der)) {
	case DER_KIND_CERTIFICATE:
		return add_certificate(r, der);
	case DER_KIND_KEY:
		return add_bytes(r, BUNDLE_KEY, der);
	case DER_KIND_ENCRYPTED_KEY:
		return add_bytes(r, BUNDLE_ENCRYPTED_KEY, der);
	case DER_KIND_PKCS12:
		return add_bytes(r, BUNDLE_PKCS12, der);
	case DER_KIND_REQUEST:
		return add_bytes(r, BUNDLE_REQUEST, der);
	case DER_KIND_PKCS7:
		return add_pkcs7(r, der);
	case DER_KIND_PUBLIC_KEY:
		return refuse(r, "is a public key; the private key is needed");
	case DER_KIND_UNKNOWN:
		break;
	}
	return refuse(r, "is neither a certificate nor a private key");
}

/* --- PEM -------------------------------------------------------------------*/

static enum use
find_use(struct reading *r, const struct pem_block *block)
{
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		if (!slice_eq(block->label, slice_str(labels[i].label)))
			continue;
		r->unused_text = labels[i].text;
		return labels[i].use;
	}
	r->unused_text = "nothing that is known here";
	return USE_NONE;
}

/* Written anew, so that the keys process need not be as lenient. */
static enum err
add_key_block(struct reading *r, enum bundle_kind kind,
    const struct pem_block *block, struct slice der)
{
	struct buf text;
	enum err e;

	if (memmem(block->headers.p, block->headers.n, "ENCRYPTED", 9) != NULL)
		kind = BUNDLE_ENCRYPTED_KEY;
	buf_init(&text, 2 * BUNDLE_MAX);
	pem_write(&text, block->label, block->headers, der);
	e = add_bytes(r, kind, buf_slice(&text));
	buf_wipe(&text);
	return e;
}

static enum err
add_block(struct reading *r, const struct pem_block *block, struct buf *der)
{
	enum use use = find_use(r, block);

	if (use == USE_NONE) {
		r->unused = block->label;
		return ERR_OK;
	}
	buf_reset(der);
	if (base64_decode(block->body, der) != ERR_OK || der->len == 0) {
		fault_set(r->f, FAULT_C18_NOT_RECOGNISED,
		    "%s, block %zu: the %" SLICE_FMT
		    " is damaged, so it cannot be read",
		    r->name, r->n_blocks, SLICE_ARG(block->label));
		return ERR_SYNTAX;
	}
	/* some authorities put the wrong label on theirs */
	if (use == USE_CERTIFICATE &&
	    der_kind(buf_slice(der)) == DER_KIND_PKCS7)
		use = USE_PKCS7;
	switch (use) {
	case USE_CERTIFICATE:
		return add_certificate(r, buf_slice(der));
	case USE_KEY:
		return add_key_block(r, BUNDLE_KEY, block, buf_slice(der));
	case USE_ENCRYPTED_KEY:
		return add_key_block(
		    r, BUNDLE_ENCRYPTED_KEY, block, buf_slice(der));
	case USE_PKCS7:
		return add_pkcs7(r, buf_slice(der));
	case USE_PKCS12:
		return add_bytes(r, BUNDLE_PKCS12, buf_slice(der));
	case USE_REQUEST:
		return add_bytes(r, BUNDLE_REQUEST, buf_slice(der));
	case USE_NONE:
		break;
	}
	return ERR_OK;
}

static enum err
add_blocks(struct reading *r, struct slice text)
{
	struct pem_block block = {0};
	struct buf der;
	enum err e;

	buf_init(&der, BUNDLE_MAX);
	while ((e = pem_next(&text, &block)) == ERR_OK) {
		r->n_blocks++;
		e = add_block(r, &block, &der);
		if (e != ERR_OK)
			break;
	}
	buf_wipe(&der);
	if (e == ERR_SYNTAX && !fault_is_set(r->f))
		fault_set(r->f, FAULT_C18_NOT_RECOGNISED,
		    "%s is cut off: BEGIN %" SLICE_FMT " has no END", r->name,
		    SLICE_ARG(block.label));
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Text without PEM: perhaps DER in base64, else the sentence for what it is. */
static enum err
add_unarmoured(struct reading *r, struct slice text)
{
	const char *what = plain_text_kind(text);
	struct buf der;
	enum err e;

	if (what != NULL)
		return refuse(r, what);
	buf_init(&der, BUNDLE_MAX);
	if (base64_decode(text, &der) == ERR_OK && der.len > 0)
		e = add_der(r, buf_slice(&der));
	else
		e = refuse(r, "is neither a certificate nor a private key");
	buf_wipe(&der);
	return e;
}

static enum err
add_text(struct reading *r, struct slice file)
{
	struct buf text;
	enum err e;

	buf_init(&text, BUNDLE_MAX);
	plain_text_read(file, &text);
	e = add_blocks(r, buf_slice(&text));
	if (e == ERR_OK && r->n_blocks == 0) {
		e = add_unarmoured(r, buf_slice(&text));
	} else if (e == ERR_OK && r->bundle->n == 0) {
		fault_set(r->f, FAULT_C18_NOT_RECOGNISED,
		    "%s holds only %" SLICE_FMT ": %s", r->name,
		    SLICE_ARG(r->unused), r->unused_text);
		e = ERR_SYNTAX;
	}
	buf_wipe(&text);
	return e;
}

/* --- the whole -------------------------------------------------------------*/

static enum err
read_file(struct reading *r, struct slice file)
{
	if (slice_trim(file).n == 0) {
		fault_set(r->f, FAULT_C19_EMPTY, "%s is empty", r->name);
		return ERR_SYNTAX;
	}
	if (file.n > BUNDLE_MAX) {
		fault_set(r->f, FAULT_C20_TOO_BIG,
		    "%s has %zu bytes, which is larger than any certificate",
		    r->name, file.n);
		return ERR_TOO_BIG;
	}
	if (der_kind(file) != DER_KIND_UNKNOWN)
		return add_der(r, file);
	return add_text(r, file);
}

enum err
bundle_add(
    struct bundle *b, struct slice file, const char *name, struct fault *f)
{
	struct bundle fresh;
	struct fault own = {0};
	struct reading r = {.bundle = &fresh, .name = name, .f = &own};
	enum err e;

	bundle_init(&fresh);
	e = read_file(&r, file);
	if (e == ERR_OK && b->n + fresh.n > BUNDLE_ITEMS_MAX)
		e = refuse_number(&r);
	if (e != ERR_OK) {
		bundle_clear(&fresh);
		if (f != NULL)
			*f = own;
		return e;
	}
	memcpy(b->items + b->n, fresh.items, fresh.n * sizeof(b->items[0]));
	b->n += fresh.n;
	return ERR_OK;
}
