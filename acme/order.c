#include "acme/order.h"

#include <assert.h>
#include <stdlib.h>

#include "acme/base64url.h"
#include "base/mem.h"

const char *
order_state_text(enum order_state s)
{
	static const char *const words[] = {
	    [ORDER_NEW] = "new",
	    [ORDER_OPEN] = "open",
	    [ORDER_AUTHORIZING] = "authorizing",
	    [ORDER_PUBLISHING] = "publishing",
	    [ORDER_CHALLENGING] = "challenging",
	    [ORDER_VALIDATING] = "validating",
	    [ORDER_READY] = "ready",
	    [ORDER_FINALIZING] = "finalizing",
	    [ORDER_PROCESSING] = "processing",
	    [ORDER_DOWNLOADING] = "downloading",
	    [ORDER_CHOOSING] = "choosing",
	    [ORDER_ISSUED] = "issued",
	    [ORDER_FAILED] = "failed",
	};
	return words[s];
}

/* --- life ---------------------------------------------------------------- */

struct order *
order_new(const char *const *names, size_t n_names, const char *profile,
    const struct challenge_choice *choice, const char *url, int64_t mono_ms)
{
	struct order *o = xcalloc(1, sizeof(*o));

	assert(n_names > 0 && n_names <= ORDER_NAMES_MAX);
	o->state = url == NULL ? ORDER_NEW : ORDER_OPEN;
	o->names = xcalloc(n_names, sizeof(*o->names));
	for (size_t i = 0; i < n_names; i++)
		o->names[i] = xstrdup(names[i]);
	o->n_names = n_names;
	o->profile = xstrdup(profile);
	o->replaces = xstrdup("");
	o->preferred_chain = xstrdup("");
	o->choice = *choice;
	o->url = xstrdup(url);
	o->give_up_ms = mono_ms + ORDER_TIME_MAX_MS;
	buf_init(&o->payload, ORDER_PAYLOAD_MAX);
	buf_init(&o->csr, ORDER_PAYLOAD_MAX);
	buf_init(&o->certificate, ACME_BODY_MAX);
	return o;
}

/* text may be what stands there. */
static void
replace(char **at, const char *text)
{
	char *old = *at;

	*at = xstrdup(text == NULL ? "" : text);
	free(old);
}

void
order_ask(struct order *o, const char *replaces, const char *preferred_chain)
{
	replace(&o->replaces, replaces);
	replace(&o->preferred_chain, preferred_chain);
}

void
order_set_profile(struct order *o, const char *profile)
{
	replace(&o->profile, profile);
}

void
order_forget_authorizations(struct order *o)
{
	for (size_t i = 0; i < o->n_authorizations; i++)
		free(o->authorizations[i].url);
	free(o->authorizations);
	o->authorizations = NULL;
	o->n_authorizations = 0;
	o->at = 0;
}

void
order_free(struct order *o)
{
	if (o == NULL)
		return;
	order_forget_authorizations(o);
	for (size_t i = 0; i < o->n_names; i++)
		free(o->names[i]);
	free(o->names);
	free(o->profile);
	free(o->replaces);
	free(o->preferred_chain);
	for (size_t i = 0; i < o->n_chains; i++)
		free(o->chains[i]);
	free(o->url);
	free(o->finalize_url);
	free(o->certificate_url);
	buf_clear(&o->payload);
	buf_clear(&o->csr);
	buf_clear(&o->certificate);
	free(o);
}

void
order_enter(struct order *o, enum order_state next)
{
	assert(o->state != ORDER_FAILED && o->state != ORDER_ISSUED);
	o->state = next;
	o->is_changed = true;
	o->n_polls = 0;
	o->n_hiccups = 0;
	o->not_before_ms = 0;
}

void
order_fail(struct order *o, const struct problem *problem)
{
	o->problem = *problem;
	order_enter(o, ORDER_FAILED);
}

/* --- requests ------------------------------------------------------------ */

static void
write_new_order(struct order *o)
{
	json_t *document = json_object(), *list = json_array();

	for (size_t i = 0; i < o->n_names; i++) {
		json_t *identifier = json_object();

		json_put_str(identifier, "type", "dns");
		json_put_str(identifier, "value", o->names[i]);
		json_array_append_new(list, identifier);
	}
	json_put(document, "identifiers", list);
	if (o->profile[0] != '\0')
		json_put_str(document, "profile", o->profile);
	if (o->replaces[0] != '\0')
		json_put_str(document, "replaces", o->replaces);
	json_add(&o->payload, document);
	json_decref(document);
}

static void
write_finalize(struct order *o)
{
	buf_add_str(&o->payload, "{\"csr\":\"");
	base64url_add(&o->payload, buf_slice(&o->csr));
	buf_add_str(&o->payload, "\"}");
}

void
order_published(struct order *o)
{
	assert(o->state == ORDER_PUBLISHING);
	order_enter(o, ORDER_CHALLENGING);
}

void
order_take_csr(struct order *o, struct slice der)
{
	assert(o->state == ORDER_READY);
	buf_reset(&o->csr);
	buf_add(&o->csr, der);
	order_enter(o, ORDER_FINALIZING);
}

static void
request(struct order *o, struct order_action *out, const char *url)
{
	out->step = ORDER_REQUEST;
	out->url = url;
	out->payload = buf_slice(&o->payload);
}

static bool
is_over(const struct order *o)
{
	return o->state == ORDER_ISSUED || o->state == ORDER_FAILED;
}

static void
keep_time(struct order *o, int64_t mono_ms)
{
	struct problem p;

	if (o->by_hand && o->state == ORDER_PUBLISHING)
		o->give_up_ms = mono_ms + ORDER_TIME_MAX_MS;
	if (is_over(o) || mono_ms < o->give_up_ms)
		return;
	problem_set(&p, FAULT_A22_ORDER_INVALID,
	    "The certificate authority did not finish the order for %s within "
	    "%d minutes (%s)",
	    o->names[0], ORDER_TIME_MAX_MS / 60000, order_state_text(o->state));
	order_fail(o, &p);
}

void
order_next(struct order *o, int64_t mono_ms, struct order_action *out)
{
	memset(out, 0, sizeof(*out));
	keep_time(o, mono_ms);
	if (!is_over(o) && mono_ms < o->not_before_ms) {
		out->step = ORDER_WAIT;
		out->wait_ms = (int)(o->not_before_ms - mono_ms);
		return;
	}
	buf_reset(&o->payload);
	switch (o->state) {
	case ORDER_NEW:
		write_new_order(o);
		request(o, out, NULL);
		break;
	case ORDER_OPEN:
	case ORDER_PROCESSING:
		request(o, out, o->url);
		break;
	case ORDER_AUTHORIZING:
	case ORDER_VALIDATING:
		request(o, out, o->authorizations[o->at].url);
		break;
	case ORDER_PUBLISHING:
		out->step = ORDER_PUBLISH;
		break;
	case ORDER_CHALLENGING:
		buf_add_str(&o->payload, "{}");
		request(o, out, o->challenge.url);
		break;
	case ORDER_READY:
		out->step = ORDER_MAKE_CSR;
		break;
	case ORDER_FINALIZING:
		write_finalize(o);
		request(o, out, o->finalize_url);
		break;
	case ORDER_DOWNLOADING:
		request(o, out, o->certificate_url);
		break;
	case ORDER_CHOOSING:
		request(o, out, o->chains[o->chain_at]);
		break;
	case ORDER_ISSUED:
		out->step = ORDER_TAKE;
		break;
	case ORDER_FAILED:
		out->step = ORDER_GIVE_UP;
		break;
	}
}
