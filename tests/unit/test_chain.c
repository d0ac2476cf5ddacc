#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/x509/chain.h"
#include "tests/unit/pki.h"
#include "tests/unit/test.h"

/* Root, two intermediates below each other, a leaf, and a stranger. */
struct world {
	struct pki *root, *outer, *inner, *leaf, *stranger;
	struct certificate *heap[8];
	size_t n;
	struct chain *chain;
	struct fault f;
};

static int
set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->root = pki_root("Root");
	w->outer = pki_ca("Outer", w->root);
	w->inner = pki_ca("Inner", w->outer);
	w->leaf = pki_leaf("www.example.com", w->inner);
	w->stranger = pki_root("Stranger");
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	chain_free(w->chain);
	pki_free(w->leaf);
	pki_free(w->inner);
	pki_free(w->outer);
	pki_free(w->root);
	pki_free(w->stranger);
	free(w);
	return 0;
}

static void
put(struct world *w, const struct pki *p)
{
	w->heap[w->n++] = pki_certificate(p);
}

static enum err
build(struct world *w, const struct pki *key, bool keep_all)
{
	struct certificate *c = key == NULL ? NULL : pki_certificate(key);
	enum err e;

	chain_free(w->chain);
	fault_clear(&w->f);
	e = chain_build(w->heap, w->n, c == NULL ? SLICE("") : c->spki,
	    keep_all, &w->chain, &w->f);
	w->n = 0;
	certificate_free(c);
	return e;
}

/* The chain's common names, blank-separated. */
static void
assert_chain(const struct world *w, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < w->chain->n; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "%s%s",
		    i == 0 ? "" : " ", w->chain->items[i]->common_name);
	}
	assert_string_equal(text, expected);
}

static void
any_order_becomes_the_right_one(void **state)
{
	struct world *w = *state;

	put(w, w->outer);
	put(w, w->leaf);
	put(w, w->inner);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com Inner Outer");
	assert_int_equal(w->chain->n_dropped, 0);
	assert_false(w->chain->has_root);
}

static void
root_and_strangers_are_dropped_and_said_so(void **state)
{
	struct world *w = *state;

	put(w, w->root);
	put(w, w->stranger);
	put(w, w->outer);
	put(w, w->inner);
	put(w, w->leaf);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com Inner Outer");
	assert_true(w->chain->has_root);
	assert_int_equal(w->chain->n_dropped, 2);
	assert_string_equal(w->chain->dropped[0], "CN=Root");
	assert_string_equal(w->chain->dropped[1], "CN=Stranger");
}

static void
duplicates_are_silently_one(void **state)
{
	struct world *w = *state;

	put(w, w->leaf);
	put(w, w->inner);
	put(w, w->leaf);
	put(w, w->inner);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com Inner");
	assert_int_equal(w->chain->n_dropped, 0);
}

static void
a_gap_ends_the_chain(void **state)
{
	struct world *w = *state;

	put(w, w->leaf);
	put(w, w->outer);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com");
	assert_int_equal(w->chain->n_dropped, 1);
}

static void
the_leaf_is_who_has_the_key(void **state)
{
	struct world *w = *state;
	struct pki *other = pki_leaf("other.example", w->inner);

	put(w, other);
	put(w, w->leaf);
	put(w, w->inner);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com Inner");

	put(w, other);
	put(w, w->inner);
	assert_int_equal(build(w, w->leaf, false), ERR_DENIED);
	assert_int_equal(w->f.code, FAULT_C12_KEY_MISMATCH);
	assert_null(w->chain);
	pki_free(other);
}

static void
without_a_key_the_leaf_is_who_issued_nobody(void **state)
{
	struct world *w = *state;

	put(w, w->inner);
	put(w, w->leaf);
	put(w, w->root);
	put(w, w->outer);
	assert_int_equal(build(w, NULL, false), ERR_OK);
	assert_chain(w, "www.example.com Inner Outer");
}

static void
of_two_with_one_key_the_later_is_the_leaf(void **state)
{
	struct world *w = *state;
	struct pki *renewed =
	    pki_make(&(struct pki_spec){.name = "renewed.example",
			 .key_of = w->leaf,
			 .not_after = clock_now() + 200 * PKI_DAY},
		w->inner);

	put(w, w->leaf);
	put(w, renewed);
	put(w, w->inner);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "renewed.example Inner");
	pki_free(renewed);
}

static void
nothing_gives_c10(void **state)
{
	struct world *w = *state;

	assert_int_equal(build(w, NULL, false), ERR_NOT_FOUND);
	assert_int_equal(w->f.code, FAULT_C10_NO_CERTIFICATE);
}

static void
bypass_keeps_what_was_given(void **state)
{
	struct world *w = *state;

	put(w, w->root);
	put(w, w->stranger);
	put(w, w->leaf);
	put(w, w->inner);
	assert_int_equal(build(w, w->leaf, true), ERR_OK);
	assert_chain(w, "www.example.com Root Stranger Inner");
	assert_int_equal(w->chain->n_dropped, 0);
}

static void
a_self_signed_leaf_is_served_alone(void **state)
{
	struct world *w = *state;
	struct pki *own = pki_leaf("self.example", NULL);

	put(w, own);
	put(w, w->root);
	assert_int_equal(build(w, own, false), ERR_OK);
	assert_chain(w, "self.example");
	assert_true(w->chain->has_root);
	pki_free(own);
}

/* The same CA under its own root and under another's. */
static void
of_cross_signed_issuers_the_valid_intermediate_is_taken(void **state)
{
	struct world *w = *state;
	struct pki *crossed = pki_make(
	    &(struct pki_spec){
		.name = "Root", .is_ca = true, .key_of = w->root},
	    w->stranger);
	struct pki *expired =
	    pki_make(&(struct pki_spec){.name = "Root",
			 .is_ca = true,
			 .key_of = w->root,
			 .not_before = clock_now() - 90 * PKI_DAY,
			 .not_after = clock_now() - PKI_DAY},
		w->stranger);

	put(w, w->root);
	put(w, crossed);
	put(w, w->inner);
	put(w, w->outer);
	put(w, w->leaf);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com Inner Outer Root");
	assert_string_equal(w->chain->items[3]->issuer, "CN=Stranger");

	put(w, expired);
	put(w, w->root);
	put(w, w->inner);
	put(w, w->outer);
	put(w, w->leaf);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com Inner Outer");
	assert_true(w->chain->has_root);
	pki_free(crossed);
	pki_free(expired);
}

static void
an_issuer_of_the_right_name_and_the_wrong_key_is_a_stranger(void **state)
{
	struct world *w = *state;
	struct pki *impostor = pki_ca("Inner", w->stranger);

	put(w, w->leaf);
	put(w, impostor);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_chain(w, "www.example.com");
	assert_int_equal(w->chain->n_dropped, 1);
	pki_free(impostor);
}

/* --- trust -----------------------------------------------------------------*/

static struct trust *
trust_root(const struct pki *root)
{
	char path[] = "/tmp/towpath-test-XXXXXX";
	int fd = mkstemp(path);
	struct trust *t = trust_new(path);
	struct certificate *c = pki_certificate(root);
	struct chain chain = {.items = {c}, .n = 1};
	struct fault f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, root->pem, strlen(root->pem)),
	    (ssize_t)strlen(root->pem));
	close(fd);
	/* Read at the first question, so the file may go. */
	assert_true(chain_is_trusted(&chain, t, clock_now(), &f));
	certificate_free(c);
	unlink(path);
	return t;
}

static void
a_chain_to_a_known_root_is_trusted(void **state)
{
	struct world *w = *state;
	struct trust *t = trust_root(w->root);
	int64_t now = clock_now();

	put(w, w->leaf);
	put(w, w->inner);
	put(w, w->outer);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_true(chain_is_trusted(w->chain, t, now, &w->f));
	assert_false(chain_is_trusted(w->chain, t, now + 91 * PKI_DAY, &w->f));
	assert_int_equal(w->f.code, FAULT_C22_NOT_TRUSTED);
	assert_non_null(strstr(w->f.text, "expired"));
	assert_false(chain_is_trusted(w->chain, t, now - 2 * PKI_DAY, &w->f));
	trust_free(t);
}

static void
a_missing_intermediate_is_named(void **state)
{
	struct world *w = *state;
	struct trust *t = trust_root(w->root);

	put(w, w->leaf);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_false(chain_is_trusted(w->chain, t, clock_now(), &w->f));
	assert_int_equal(w->f.code, FAULT_C21_CHAIN_INCOMPLETE);
	assert_non_null(strstr(w->f.text, "Inner"));
	trust_free(t);
}

static void
a_private_root_is_not_trusted(void **state)
{
	struct world *w = *state;
	struct trust *t = trust_root(w->stranger);

	put(w, w->leaf);
	put(w, w->inner);
	put(w, w->outer);
	put(w, w->root);
	assert_int_equal(build(w, w->leaf, false), ERR_OK);
	assert_false(chain_is_trusted(w->chain, t, clock_now(), &w->f));
	assert_int_equal(w->f.code, FAULT_C22_NOT_TRUSTED);
	assert_non_null(strstr(w->f.text, "Root"));
	trust_free(t);
}

static void
a_self_signed_certificate_is_not_trusted(void **state)
{
	struct world *w = *state;
	struct trust *t = trust_root(w->root);
	struct pki *own = pki_leaf("self.example", NULL);

	put(w, own);
	assert_int_equal(build(w, own, false), ERR_OK);
	assert_false(chain_is_trusted(w->chain, t, clock_now(), &w->f));
	assert_int_equal(w->f.code, FAULT_C22_NOT_TRUSTED);
	assert_non_null(strstr(w->f.text, "self-signed"));
	pki_free(own);
	trust_free(t);
}

static void
a_client_certificate_is_not_trusted_for_servers(void **state)
{
	struct world *w = *state;
	struct trust *t = trust_root(w->root);
	struct pki *client = pki_make(
	    &(struct pki_spec){.name = "a.example", .for_clients = true},
	    w->root);

	put(w, client);
	assert_int_equal(build(w, client, false), ERR_OK);
	assert_false(chain_is_trusted(w->chain, t, clock_now(), &w->f));
	assert_int_equal(w->f.code, FAULT_C22_NOT_TRUSTED);
	pki_free(client);
	trust_free(t);
}

#define with_world(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_world(any_order_becomes_the_right_one),
	    with_world(root_and_strangers_are_dropped_and_said_so),
	    with_world(duplicates_are_silently_one),
	    with_world(a_gap_ends_the_chain),
	    with_world(the_leaf_is_who_has_the_key),
	    with_world(without_a_key_the_leaf_is_who_issued_nobody),
	    with_world(of_two_with_one_key_the_later_is_the_leaf),
	    with_world(nothing_gives_c10),
	    with_world(bypass_keeps_what_was_given),
	    with_world(a_self_signed_leaf_is_served_alone),
	    with_world(of_cross_signed_issuers_the_valid_intermediate_is_taken),
	    with_world(
		an_issuer_of_the_right_name_and_the_wrong_key_is_a_stranger),
	    with_world(a_chain_to_a_known_root_is_trusted),
	    with_world(a_missing_intermediate_is_named),
	    with_world(a_private_root_is_not_trusted),
	    with_world(a_self_signed_certificate_is_not_trusted),
	    with_world(a_client_certificate_is_not_trusted_for_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
