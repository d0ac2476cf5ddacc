#include "certs/x509/bundle.h"

#include "base/mem.h"

void
bundle_init(struct bundle *b)
{
	*b = (struct bundle){0};
}

void
bundle_clear(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		certificate_free(b->items[i].certificate);
		secret_free((void *)b->items[i].bytes.p, b->items[i].bytes.n);
	}
	bundle_init(b);
}

enum err
bundle_take_certificates(
    struct bundle *b, struct certificate **out, size_t *n, struct fault *f)
{
	bool has_request = false, has_pkcs12 = false;

	*n = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct bundle_item *item = &b->items[i];

		has_request = has_request || item->kind == BUNDLE_REQUEST;
		has_pkcs12 = has_pkcs12 || item->kind == BUNDLE_PKCS12;
		if (item->certificate == NULL)
			continue;
		out[(*n)++] = item->certificate;
		item->certificate = NULL;
	}
	if (*n > 0 || has_pkcs12)
		return ERR_OK;
	fault_set(f, FAULT_C10_NO_CERTIFICATE,
	    has_request ? "this is a certificate request (CSR), not the "
			  "certificate that was made from it"
			: NULL);
	return ERR_NOT_FOUND;
}

static bool
has_key(const struct bundle_item *item)
{
	return item->kind == BUNDLE_KEY || item->kind == BUNDLE_ENCRYPTED_KEY ||
	       item->kind == BUNDLE_PKCS12;
}

static bool
was_before(const struct bundle *b, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (has_key(&b->items[i]) &&
		    slice_eq(b->items[i].bytes, b->items[at].bytes))
			return true;
	return false;
}

const struct bundle_item *
bundle_next_key(const struct bundle *b, size_t *at)
{
	while (*at < b->n) {
		size_t i = (*at)++;

		if (has_key(&b->items[i]) && !was_before(b, i))
			return &b->items[i];
	}
	return NULL;
}
