#include <assert.h>
#include <stdlib.h>

#include "acme/delivery.h"
#include "acme/directory.h"
#include "acme/link.h"
#include "acme/order.h"
#include "base/mem.h"

#define AUTHORIZATIONS_MAX 200
#define HICCUPS_MAX        3      /* answers that did not come, in a row... */
#define GARBLED_MAX        1      /* ...and that did not end */
#define HICCUP_MS          1000   /* the first pause, then fourfold */
#define TOLD_MAX_MS        600000 /* longest Retry-After that is sat out here */
#define REWINDS_MAX        5

static void
fail_malformed(struct order *o, const char *what)
{
	struct problem p;

	problem_set(&p, FAULT_A12_CA_ANSWER_MALFORMED,
	    "The certificate authority's answer makes no sense: %s", what);
	order_fail(o, &p);
}

/* --- pauses -------------------------------------------------------------- */

/* The CA's own word counts for more than our patience, up to a point. */
static void
wait_as_told(struct order *o, const struct acme_response *r, int64_t pause)
{
	o->not_before_ms = r->mono_ms + pause;
	if (o->told_ms + pause > ORDER_TOLD_MAX_MS)
		return;
	o->told_ms += pause;
	o->give_up_ms += pause;
}

/* The pause before the same question is asked again. */
static void
pause_poll(struct order *o, const struct acme_response *r)
{
	int64_t told = problem_retry_at(r->retry_after, r->now);
	int64_t pause = ORDER_POLL_MAX_MS;

	if (o->n_polls < 7) /* beyond, doubling has passed the limit */
		pause = (int64_t)ORDER_POLL_MIN_MS << o->n_polls++;
	if (pause > ORDER_POLL_MAX_MS)
		pause = ORDER_POLL_MAX_MS;
	o->not_before_ms = r->mono_ms + pause;
	if (told == 0)
		return;
	pause = (told - r->now) * 1000;
	wait_as_told(o, r, pause < TOLD_MAX_MS ? pause : TOLD_MAX_MS);
}

/*
 * No answer, or one that says "not now".  An order that the CA knows is worth a
 * few more tries; one that never arrived is not: its owner tries again soon.
 */
static bool
sit_out(struct order *o, const struct acme_response *r,
    const struct problem *problem)
{
	bool is_garbled = problem->fault.code == FAULT_A12_CA_ANSWER_MALFORMED;
	int most = is_garbled ? GARBLED_MAX : HICCUPS_MAX;
	int64_t pause = HICCUP_MS;

	if (o->state == ORDER_NEW || o->n_hiccups >= most)
		return false;
	for (int i = 0; i < o->n_hiccups; i++)
		pause *= 4;
	if (problem->retry_at > 0)
		pause = (problem->retry_at - r->now) * 1000;
	if (pause > TOLD_MAX_MS)
		return false;
	o->n_hiccups++;
	wait_as_told(o, r, pause);
	return true;
}

/* --- the order object ---------------------------------------------------- */

static bool
replace_url(char **at, const char *url)
{
	char *copy;

	if (!acme_url_is_sane(url))
		return false;
	copy = xstrdup(url); /* url may be *at */
	free(*at);
	*at = copy;
	return true;
}

static bool
take_authorizations(struct order *o, const json_t *list)
{
	size_t n = json_array_size(list);

	if (n == 0 || n > AUTHORIZATIONS_MAX)
		return false;
	order_forget_authorizations(o);
	o->authorizations = xcalloc(n, sizeof(*o->authorizations));
	for (size_t i = 0; i < n; i++) {
		const char *url = json_string_value(json_array_get(list, i));

		o->n_authorizations++;
		if (url == NULL || !replace_url(&o->authorizations[i].url, url))
			return false;
	}
	return true;
}

static void
take_invalid(struct order *o, const json_t *document)
{
	const json_t *error = json_obj(document, "error");
	struct problem p;

	if (error != NULL)
		problem_of_error(error, o->names[0], &p);
	else
		problem_set(&p, FAULT_A22_ORDER_INVALID,
		    "The certificate authority calls the order for %s invalid "
		    "and gives no reason",
		    o->names[0]);
	order_fail(o, &p);
}

static void
take_pending(
    struct order *o, const json_t *document, const struct acme_response *r)
{
	if (o->state == ORDER_PROCESSING || o->state == ORDER_FINALIZING)
		pause_poll(o, r); /* the CA is behind its own answer */
	else if (take_authorizations(o, json_obj(document, "authorizations")))
		order_enter(o, ORDER_AUTHORIZING);
	else
		fail_malformed(o, "an order without authorizations");
}

static void
take_ready(struct order *o, const struct acme_response *r)
{
	if (o->state == ORDER_PROCESSING || o->state == ORDER_FINALIZING)
		pause_poll(o, r);
	else
		order_enter(o, ORDER_READY);
}

static void
take_processing(struct order *o, const struct acme_response *r)
{
	if (o->state != ORDER_PROCESSING)
		order_enter(o, ORDER_PROCESSING);
	pause_poll(o, r);
}

static void
take_valid(struct order *o, const json_t *document)
{
	if (replace_url(&o->certificate_url, json_str(document, "certificate")))
		order_enter(o, ORDER_DOWNLOADING);
	else
		fail_malformed(o, "a valid order without a certificate");
}

/* An order object, whatever was asked: its status says where we stand. */
static void
take_document(
    struct order *o, const json_t *document, const struct acme_response *r)
{
	const char *status = json_str(document, "status");

	if (!replace_url(&o->finalize_url, json_str(document, "finalize")) &&
	    o->finalize_url == NULL)
		fail_malformed(o, "an order without a finalize URL");
	else if (strcmp(status, "pending") == 0)
		take_pending(o, document, r);
	else if (strcmp(status, "ready") == 0)
		take_ready(o, r);
	else if (strcmp(status, "processing") == 0)
		take_processing(o, r);
	else if (strcmp(status, "valid") == 0)
		take_valid(o, document);
	else if (strcmp(status, "invalid") == 0)
		take_invalid(o, document);
	else
		fail_malformed(o, "an order of no known status");
}

static void
take_order(struct order *o, const struct acme_response *r)
{
	json_t *document = NULL;

	if (json_parse(r->body, &document, NULL) == ERR_OK)
		take_document(o, document, r);
	else
		fail_malformed(o, "no order");
	json_decref(document);
}

static void
take_new_order(struct order *o, const struct acme_response *r)
{
	if (replace_url(&o->url, r->location))
		take_order(o, r);
	else
		fail_malformed(o, "an order without a place");
}

/* --- authorizations ------------------------------------------------------ */

/* To the next one that has something to be done; when there is none, on. */
static void
next_authorization(struct order *o)
{
	bool is_polling = o->state == ORDER_VALIDATING;

	o->at++;
	if (!is_polling && o->at < o->n_authorizations) {
		order_enter(o, ORDER_AUTHORIZING);
		return;
	}
	if (!is_polling)
		o->at = 0; /* all were seen once: now each is waited for */
	while (o->at < o->n_authorizations && o->authorizations[o->at].is_valid)
		o->at++;
	order_enter(
	    o, o->at < o->n_authorizations ? ORDER_VALIDATING : ORDER_READY);
}

static bool
is_ordered(const struct order *o, const struct authorization *a)
{
	for (size_t i = 0; i < o->n_names; i++) {
		const char *name = o->names[i];
		bool is_wildcard = strncmp(name, "*.", 2) == 0;

		if (is_wildcard == a->is_wildcard &&
		    strcmp(name + (is_wildcard ? 2 : 0), a->host) == 0)
			return true;
	}
	return false;
}

static void
take_authorization(struct order *o, const struct acme_response *r)
{
	struct order_authorization *a = &o->authorizations[o->at];
	struct authorization *c = &o->challenge;

	if (authorization_read(r->body, a->is_posted, &o->choice, c) !=
		ERR_OK ||
	    c->state == AUTHORIZATION_FAILED) {
		order_fail(o, &c->problem);
	} else if (!is_ordered(o, c)) {
		fail_malformed(o, "an authorization for another name");
	} else if (c->state == AUTHORIZATION_VALID) {
		a->is_valid = true;
		next_authorization(o);
	} else if (o->state == ORDER_VALIDATING) {
		pause_poll(o, r);
	} else if (c->is_started) {
		a->is_posted = true;
		next_authorization(o);
	} else {
		order_enter(o, ORDER_PUBLISHING);
	}
}

/* Accepted, or refused because the CA had it already (we were killed after the
 * first time): the authorization tells which. */
static void
take_challenge(struct order *o, const struct acme_response *r)
{
	o->authorizations[o->at].is_posted = true;
	next_authorization(o);
	if (o->state == ORDER_VALIDATING)
		pause_poll(o, r);
}

/* --- answers ------------------------------------------------------------- */

/* An order that was written down and that this CA does not have (any more), or
 * not for this account: it is ordered again, once. */
static void
order_again(struct order *o)
{
	free(o->url);
	free(o->finalize_url);
	free(o->certificate_url);
	o->url = o->finalize_url = o->certificate_url = NULL;
	o->was_forgotten = true;
	order_forget_authorizations(o);
	order_enter(o, ORDER_NEW);
}

/*
 * One of the checks of "replaces" failed (RFC 9773, 5), which costs the whole
 * order: it is sent once more without.  Only "alreadyReplaced" says so for
 * certain; the others are what CAs answer for an unknown or a stranger's.
 */
static bool
order_without_replaces(struct order *o, const struct acme_response *r)
{
	if (o->state != ORDER_NEW || o->replaces[0] == '\0')
		return false;
	if (r->status != 404 && r->status != 409 &&
	    !problem_is(r, "alreadyReplaced") && !problem_is(r, "malformed") &&
	    !problem_is(r, "unauthorized"))
		return false;
	order_ask(o, NULL, o->preferred_chain);
	order_enter(o, ORDER_NEW);
	return true;
}

/* A site that has a certificate keeps one, if of another kind. */
static bool
order_without_profile(struct order *o, const struct acme_response *r)
{
	if (o->state != ORDER_NEW || o->profile[0] == '\0' || !o->is_renewal ||
	    !problem_is(r, "invalidProfile"))
		return false;
	order_set_profile(o, NULL);
	order_enter(o, ORDER_NEW);
	return true;
}

static void
take_refusal(struct order *o, const struct acme_response *r)
{
	bool may_pass = r->status == 0 || r->status >= 500;
	struct problem p;

	if (order_without_replaces(o, r) || order_without_profile(o, r))
		return;
	problem_read(r, &p);
	may_pass |= p.class == PROBLEM_WAIT;
	if (may_pass && sit_out(o, r, &p))
		return;
	if (p.class == PROBLEM_STATE && o->url != NULL &&
	    o->n_rewinds++ < REWINDS_MAX) {
		order_enter(o, ORDER_OPEN);
		pause_poll(o, r);
		return;
	}
	if (o->state == ORDER_OPEN && !may_pass && !o->was_forgotten) {
		order_again(o);
		return;
	}
	if (o->state == ORDER_CHALLENGING &&
	    p.fault.code == FAULT_A22_ORDER_INVALID) {
		take_challenge(o, r);
		return;
	}
	if (o->state == ORDER_FINALIZING &&
	    p.fault.code == FAULT_A22_ORDER_INVALID)
		p.fault.code = FAULT_A23_FINALISE_REFUSED;
	order_fail(o, &p);
}

/* --- the certificate ----------------------------------------------------- */

static void
add_chain(void *ctx, struct slice url)
{
	struct order *o = ctx;
	char *text = xstrdup_slice(url);

	if (o->n_chains < ORDER_CHAINS_MAX && acme_url_is_sane(text))
		o->chains[o->n_chains++] = text;
	else
		free(text);
}

static void
take_certificate(struct order *o, const struct acme_response *r)
{
	buf_reset(&o->certificate);
	if (r->body.n == 0 || buf_add(&o->certificate, r->body) != ERR_OK) {
		fail_malformed(o, "an empty certificate");
		return;
	}
	if (o->preferred_chain[0] != '\0' && o->n_chains == 0 &&
	    !delivery_ends_at(r->body, o->preferred_chain))
		links_each(r, "alternate", add_chain, o);
	order_enter(o, o->n_chains > 0 ? ORDER_CHOOSING : ORDER_ISSUED);
}

/* One of the other chains: the first that ends where it is wanted.  When none
 * does, or none comes, the default is as good as any. */
static void
take_chain(struct order *o, const struct acme_response *r)
{
	if (r->status == 200 && delivery_ends_at(r->body, o->preferred_chain)) {
		buf_reset(&o->certificate);
		buf_add(&o->certificate, r->body);
		order_enter(o, ORDER_ISSUED);
	} else if (++o->chain_at == o->n_chains) {
		order_enter(o, ORDER_ISSUED);
	}
}

void
order_answer(struct order *o, const struct acme_response *r)
{
	if (o->state == ORDER_CHOOSING) {
		take_chain(o, r);
		return;
	}
	if (r->status < 200 || r->status > 299) {
		take_refusal(o, r);
		return;
	}
	o->n_hiccups = 0;
	switch (o->state) {
	case ORDER_NEW:
		take_new_order(o, r);
		break;
	case ORDER_OPEN:
	case ORDER_FINALIZING:
	case ORDER_PROCESSING:
		take_order(o, r);
		break;
	case ORDER_AUTHORIZING:
	case ORDER_VALIDATING:
		take_authorization(o, r);
		break;
	case ORDER_CHALLENGING:
		take_challenge(o, r);
		break;
	case ORDER_DOWNLOADING:
		take_certificate(o, r);
		break;
	case ORDER_CHOOSING: /* is dealt with above */
	case ORDER_PUBLISHING:
	case ORDER_READY:
	case ORDER_ISSUED:
	case ORDER_FAILED:
		assert(!"an answer to nothing");
		break;
	}
}
