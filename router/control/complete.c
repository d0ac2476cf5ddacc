#include "router/control/complete.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/x509/pem.h"
#include "router/control/custom.h"

#define ROUNDS_MAX 4 /* intermediates that may be missing */
#define TIMEOUT_MS 5000
#define REDIRECTS  2
#define ANSWER_MAX (64 * 1024) /* bytes of one answer */
#define PEM_MAX    (1024 * 1024)

/* Owned by: its fetch, or itself between two.   Freed by: proceed. */
struct completion {
	struct api_call *call;
	json_t *upload; /* in the call's body */
	void (*then)(struct api_call *call);
	int rounds;
	char url[256]; /* of the last that was missing */
};

/* Where the missing issuer is to be had, in out; false: nothing is missing, or
 * nobody says where. */
static bool
missing_url(const struct completion *k, char *out, size_t size)
{
	struct certificate *heap[BUNDLE_ITEMS_MAX];
	struct bundle *b = xcalloc(1, sizeof(*b));
	struct slice any_key = slice_of(NULL, 0);
	struct chain *chain = NULL;
	struct fault why = {0};
	size_t n = 0;

	out[0] = '\0';
	bundle_init(b);
	/* what cannot be read is for the upload to refuse */
	if (custom_bundle(b, k->upload, &why) == ERR_OK &&
	    bundle_take_certificates(b, heap, &n, &why) == ERR_OK && n > 0 &&
	    chain_build(heap, n, any_key, false, &chain, &why) == ERR_OK &&
	    !chain_is_trusted(
		chain, k->call->control->trust, clock_now(), &why) &&
	    why.code == FAULT_C21_CHAIN_INCOMPLETE)
		(void)snprintf(
		    out, size, "%s", chain->items[chain->n - 1]->issuer_url);
	chain_free(chain);
	bundle_clear(b);
	free(b);
	return out[0] != '\0';
}

/* Adds the certificates of an answer to the body's "chain": DER or "certs-only"
 * PKCS#7, as the standard wants it, or PEM as some serve it.  False: there is
 * none. */
static bool
add_answer(struct completion *k, struct slice body)
{
	const char *present = json_str(k->upload, "chain");
	struct bundle *b = xcalloc(1, sizeof(*b));
	struct fault why = {0};
	bool found = false;
	struct buf text;

	bundle_init(b);
	buf_init(&text, PEM_MAX);
	(void)buf_printf(&text, "%s\n", present);
	if (bundle_add(b, body, "the answer", &why) != ERR_OK)
		bundle_clear(b); /* as nothing at all */
	for (size_t i = 0; i < b->n; i++) {
		const struct certificate *c = b->items[i].certificate;

		if (c == NULL)
			continue;
		found = true;
		pem_write(&text, SLICE("CERTIFICATE"), SLICE(""), c->der);
	}
	if (found)
		json_put_slice(k->upload, "chain", buf_slice(&text));
	buf_clear(&text);
	bundle_clear(b);
	free(b);
	return found;
}

static void step(struct completion *k);

static void
proceed(struct completion *k)
{
	k->call->drop = NULL;
	k->then(k->call);
	free(k);
}

/* Into the answer's warnings. */
static void
tell(struct completion *k, const char *why)
{
	json_t *warnings = json_obj(k->call->answer, "warnings");
	struct fault f = {0};

	fault_set(&f, FAULT_C21_CHAIN_INCOMPLETE,
	    "The missing intermediate could not be fetched from %.200s: %.200s",
	    k->url, why);
	if (warnings != NULL)
		json_array_append_new(warnings, json_fault(&f));
	log_info("upload: %s", f.text);
}

static void
on_fetched(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct completion *k = ctx;

	if (e == ERR_OK && r->status == 200 && add_answer(k, r->body)) {
		step(k);
		return;
	}
	tell(k, e == ERR_OK ? "no certificate is there" : f->text);
	proceed(k);
}

static void
step(struct completion *k)
{
	const struct config_networks *allowed =
	    &k->call->control->config.control.webhook_networks;
	struct fetch_request request = {
	    .method = "GET",
	    .url = k->url,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = TIMEOUT_MS,
	    .body_max = ANSWER_MAX,
	    .redirects_max = REDIRECTS,
	    .guarded = true,
	    .allowed = allowed->items,
	    .n_allowed = allowed->n,
	    .done = on_fetched,
	    .ctx = k,
	};

	if (k->rounds++ < ROUNDS_MAX && missing_url(k, k->url, sizeof(k->url)))
		(void)fetch_start(k->call->control->fetch, &request);
	else
		proceed(k);
}

void
complete_upload(
    struct api_call *call, json_t *upload, void (*then)(struct api_call *call))
{
	struct completion *k = xcalloc(1, sizeof(*k));

	k->call = call;
	k->upload = upload;
	k->then = then;
	call->drop = free; /* when the daemon ends first */
	call->drop_ctx = k;
	step(k);
}
