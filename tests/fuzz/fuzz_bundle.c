/*
 * Uploads of any bytes.  What is refused leaves nothing behind and says why;
 * what is taken makes a chain, whose texts can go to a terminal and to JSON.
 */
#include <assert.h>

#include "certs/x509/bundle.h"
#include "certs/x509/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void
check_certificate(const struct certificate *c)
{
	check_text(c->common_name);
	check_text(c->subject);
	check_text(c->issuer);
	check_text(c->issuer_name);
	check_text(c->issuer_url);
	check_text(c->serial);
	check_text(c->key_type);
	assert(c->der.n > 0 && c->spki.n > 0);
	assert(c->n_names <= CERTIFICATE_NAMES_MAX);
	for (size_t i = 0; i < c->n_names; i++)
		assert(certificate_covers(c, slice_str(c->names[i])));
}

static void
check_chain(struct bundle *b)
{
	struct certificate *all[BUNDLE_ITEMS_MAX];
	struct chain *chain;
	struct fault f = {0};
	size_t n, given;

	if (bundle_take_certificates(b, all, &n, &f) != ERR_OK || n == 0)
		return;
	given = n;
	if (chain_build(all, n, slice_of("", 0), false, &chain, &f) != ERR_OK) {
		assert(fault_is_set(&f));
		return;
	}
	assert(chain->n > 0 && chain->n + chain->n_dropped <= given);
	for (size_t i = 0; i + 1 < chain->n; i++)
		assert(certificate_is_issued_by(
		    chain->items[i], chain->items[i + 1]));
	chain_free(chain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bundle b;
	struct fault f = {0};

	bundle_init(&b);
	if (bundle_add(&b, slice_of(data, n), "file", &f) != ERR_OK) {
		assert(b.n == 0 && fault_is_set(&f));
		check_text(f.text);
		return 0;
	}
	assert(b.n > 0 && !fault_is_set(&f));
	for (size_t i = 0; i < b.n; i++) {
		if (b.items[i].kind == BUNDLE_CERTIFICATE)
			check_certificate(b.items[i].certificate);
		else
			assert(b.items[i].bytes.n > 0);
	}
	check_chain(&b);
	bundle_clear(&b);
	return 0;
}
