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
	void (*then)(struct api_call *call);
	int rounds;
};

/* Where the missing issuer is to be had, in out; false: nothing is missing, or
 * nobody says where. */
static bool
missing_url(struct api_call *call, char *out, size_t size)
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
	if (custom_bundle(b, call->body, &why) == ERR_OK &&
	    bundle_take_certificates(b, heap, &n, &why) == ERR_OK && n > 0 &&
	    chain_build(heap, n, any_key, false, &chain, &why) == ERR_OK &&
	    !chain_is_trusted(chain, call->control->trust, clock_now(), &why) &&
	    why.code == FAULT_C21_CHAIN_INCOMPLETE)
		(void)snprintf(
		    out, size, "%s", chain->items[chain->n - 1]->issuer_url);
	chain_free(chain);
	bundle_clear(b);
	free(b);
	return out[0] != '\0';
}

/* Adds a certificate to the body's "chain"; false: it is none. */
static bool
add_to_chain(struct api_call *call, struct slice der)
{
	const char *present = json_str(call->body, "chain");
	struct certificate *certificate;
	struct fault f = {0};
	struct buf text;

	if (certificate_read(der, &certificate, &f) != ERR_OK)
		return false;
	buf_init(&text, PEM_MAX);
	(void)buf_printf(&text, "%s\n", present);
	pem_write(&text, SLICE("CERTIFICATE"), SLICE(""), certificate->der);
	certificate_free(certificate);
	json_put_slice(call->body, "chain", buf_slice(&text));
	buf_clear(&text);
	return true;
}

/* DER as the standard wants it, or PEM as some serve it. */
static bool
add_answer(struct api_call *call, struct slice body)
{
	struct pem_block block;
	struct buf der;
	bool good;

	if (add_to_chain(call, body))
		return true;
	if (pem_next(&body, &block) != ERR_OK)
		return false;
	buf_init(&der, ANSWER_MAX);
	good = base64_decode(block.body, &der) == ERR_OK &&
	       add_to_chain(call, buf_slice(&der));
	buf_clear(&der);
	return good;
}

static void step(struct completion *k);

static void
proceed(struct completion *k)
{
	k->then(k->call);
	free(k);
}

static void
on_fetched(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct completion *k = ctx;

	if (e == ERR_OK && r->status == 200 && add_answer(k->call, r->body)) {
		step(k);
		return;
	}
	log_info("upload: the missing intermediate was not had: %s",
	    e == ERR_OK ? "no certificate is there" : f->text);
	proceed(k);
}

static void
step(struct completion *k)
{
	char url[256];
	struct fetch_request request = {
	    .method = "GET",
	    .url = url,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = TIMEOUT_MS,
	    .body_max = ANSWER_MAX,
	    .redirects_max = REDIRECTS,
	    .guarded = true,
	    .done = on_fetched,
	    .ctx = k,
	};

	if (k->rounds++ < ROUNDS_MAX && missing_url(k->call, url, sizeof(url)))
		(void)fetch_start(k->call->control->fetch, &request);
	else
		proceed(k);
}

void
complete_upload(struct api_call *call, void (*then)(struct api_call *call))
{
	struct completion *k = xcalloc(1, sizeof(*k));

	k->call = call;
	k->then = then;
	step(k);
}
