#include "acme/delivery.h"

#include "base/clock.h"
#include "certs/x509/bundle.h"

/* The certificates leave the bundle; what else is in it stays. */
static size_t
take_certificates(struct bundle *b, struct certificate **out)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->items[i].kind != BUNDLE_CERTIFICATE)
			continue;
		out[n++] = b->items[i].certificate;
		b->items[i].certificate = NULL;
	}
	return n;
}

static enum err
read_chain(
    struct slice pem, struct slice spki, struct chain **out, struct fault *f)
{
	struct certificate *certificates[BUNDLE_ITEMS_MAX];
	struct bundle b;
	enum err e;

	bundle_init(&b);
	e = bundle_add(&b, pem, "the download", f);
	if (e == ERR_OK)
		e = chain_build(certificates,
		    take_certificates(&b, certificates), spki, false, out, f);
	bundle_clear(&b);
	return e;
}

static enum err
check_leaf(const struct certificate *leaf, const char *const *names,
    size_t n_names, struct fault *f)
{
	if (leaf->not_after < clock_now()) {
		fault_set(f, FAULT_A24_CERTIFICATE_UNFIT,
		    "The certificate that came has expired already");
		return ERR_PEER;
	}
	for (size_t i = 0; i < n_names; i++) {
		if (certificate_covers(leaf, slice_str(names[i])))
			continue;
		fault_set(f, FAULT_A24_CERTIFICATE_UNFIT,
		    "The certificate that came is not for %s", names[i]);
		return ERR_PEER;
	}
	return ERR_OK;
}

enum err
delivery_read(struct slice pem, struct slice spki, const char *const *names,
    size_t n_names, struct chain **out, struct fault *f)
{
	struct fault why = {0};
	enum err e;

	*out = NULL;
	e = read_chain(pem, spki, out, &why);
	if (e != ERR_OK) {
		fault_set(f, FAULT_A24_CERTIFICATE_UNFIT,
		    "The certificate that came cannot be used: %s", why.text);
		return e;
	}
	e = check_leaf((*out)->items[0], names, n_names, f);
	if (e != ERR_OK) {
		chain_free(*out);
		*out = NULL;
	}
	return e;
}

bool
delivery_ends_at(struct slice pem, const char *common_name)
{
	const struct certificate *top = NULL;
	struct fault f = {0};
	struct bundle b;
	bool ends;

	bundle_init(&b);
	if (bundle_add(&b, pem, "the download", &f) == ERR_OK)
		for (size_t i = 0; i < b.n; i++)
			if (b.items[i].kind == BUNDLE_CERTIFICATE)
				top = b.items[i].certificate;
	ends = top != NULL && strcmp(top->issuer_name, common_name) == 0;
	bundle_clear(&b);
	return ends;
}
