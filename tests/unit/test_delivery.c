#include <stdlib.h>

#include "acme/delivery.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

#define HOST "www.shop.test"

/* A CA, its intermediate and what it issued. */
struct issue {
	struct pki *root, *middle, *leaf;
	struct certificate *certificate; /* the leaf, for its public key */
	char *pem;                       /* leaf and intermediate */
};

static void
issue(struct issue *i, const struct pki_spec *spec)
{
	i->root = pki_root("Test Root");
	i->middle = pki_ca("Test Middle", i->root);
	i->leaf = pki_make(spec, i->middle);
	i->certificate = pki_certificate(i->leaf);
	i->pem = xasprintf("%s%s", i->leaf->pem, i->middle->pem);
}

static void
issue_clear(struct issue *i)
{
	free(i->pem);
	certificate_free(i->certificate);
	pki_free(i->leaf);
	pki_free(i->middle);
	pki_free(i->root);
}

static enum err
deliver(const char *pem, struct slice spki, struct chain **out, struct fault *f)
{
	static const char *const names[] = {HOST};

	*f = (struct fault){0};
	return delivery_read(slice_str(pem), spki, names, 1, out, f);
}

static void
a_chain_that_fits_is_taken(void **state)
{
	const struct pki_spec spec = {.name = HOST};
	struct chain *chain;
	struct issue i;
	struct fault f;

	(void)state;
	issue(&i, &spec);
	assert_int_equal(
	    deliver(i.pem, i.certificate->spki, &chain, &f), ERR_OK);
	assert_int_equal(chain->n, 2);
	assert_true(certificate_covers(chain->items[0], SLICE(HOST)));
	chain_free(chain);
	issue_clear(&i);
}

static void
assert_unfit(const char *pem, struct slice spki, const char *words)
{
	struct chain *chain;
	struct fault f;

	assert_int_not_equal(deliver(pem, spki, &chain, &f), ERR_OK);
	assert_null(chain);
	assert_int_equal(f.code, FAULT_A24_CERTIFICATE_UNFIT);
	if (strstr(f.text, words) == NULL)
		fail_msg("%s", f.text);
}

static void
one_of_another_key_or_none_is_refused(void **state)
{
	const struct pki_spec spec = {.name = HOST};
	struct issue i, other;

	(void)state;
	issue(&i, &spec);
	issue(&other, &spec);
	assert_unfit(i.pem, other.certificate->spki, "cannot be used");
	assert_unfit("", i.certificate->spki, "cannot be used");
	assert_unfit("no PEM", i.certificate->spki, "cannot be used");
	issue_clear(&i);
	issue_clear(&other);
}

static void
one_for_another_name_is_refused(void **state)
{
	const struct pki_spec spec = {.name = "other.test"};
	struct issue i;

	(void)state;
	issue(&i, &spec);
	assert_unfit(i.pem, i.certificate->spki, HOST);
	issue_clear(&i);
}

static void
one_that_is_over_is_refused(void **state)
{
	const struct pki_spec spec = {.name = HOST,
	    .not_before = clock_now() - 2 * PKI_DAY,
	    .not_after = clock_now() - PKI_DAY};
	struct issue i;

	(void)state;
	issue(&i, &spec);
	assert_unfit(i.pem, i.certificate->spki, "expired");
	issue_clear(&i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_chain_that_fits_is_taken),
	    cmocka_unit_test(one_of_another_key_or_none_is_refused),
	    cmocka_unit_test(one_for_another_name_is_refused),
	    cmocka_unit_test(one_that_is_over_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
