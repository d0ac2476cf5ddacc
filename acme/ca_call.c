#include "acme/ca_call.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define TIMEOUT_MS 30000
#define CONNECT_MS 10000
/* For badNonce: at 30 % refusals one call in 170,000 needs more. */
#define TRIES_MAX 10
#define AWAY_MS   10000 /* nothing new is started for so long */

/* --- calls --------------------------------------------------------------- */

struct ca_call *
ca_call_new(struct ca *ca, enum call_kind kind, const char *url, ca_done *done,
    void *ctx)
{
	struct ca_call *call = xcalloc(1, sizeof(*call));

	call->ca = ca;
	call->kind = kind;
	call->url = xstrdup(url);
	call->done = done;
	call->ctx = ctx;
	buf_init(&call->payload, JWS_MAX);
	list_init(&call->link);
	return call;
}

void
ca_call_free(struct ca_call *call)
{
	list_remove(&call->link);
	if (call->fetch != NULL)
		fetch_cancel(call->fetch);
	free(call->url);
	buf_clear(&call->payload);
	free(call);
}

void
ca_call_finish(struct ca_call *call, const struct acme_response *r,
    const struct problem *p)
{
	ca_done *done = call->done;
	void *ctx = call->ctx;

	if (call->ca->rollover.done != NULL) /* it waits for the last one */
		ev_timer_start(call->ca->loop, &call->ca->kick);
	ca_call_free(call);
	done(ctx, r, p);
}

/* --- answers of the network ---------------------------------------------- */

static const char *
header_of(const struct fetch_response *r, const char *name)
{
	const char *value = r->status == 0 ? NULL : r->header(r, name);

	return value == NULL ? "" : value;
}

struct acme_response
ca_response_of(struct ca *ca, enum err e, const struct fetch_response *r,
    const struct fault *why, struct fault *f)
{
	struct acme_response out = {
	    .location = "",
	    .retry_after = "",
	    .fault = f,
	    .now = clock_now(),
	    .mono_ms = clock_mono_ms(),
	};

	*f = (struct fault){0};
	if (e != ERR_OK && r->status != 0) { /* it began, and is no good */
		fault_set(f, FAULT_A12_CA_ANSWER_MALFORMED,
		    "The answer of the certificate authority at %.200s does "
		    "not end well: %.200s",
		    ca->config->directory,
		    why->text[0] == '\0' ? err_name(e) : why->text);
		return out;
	}
	if (e != ERR_OK || r->status == 0) {
		fault_set(f, FAULT_A11_CA_UNREACHABLE,
		    "The certificate authority at %.200s cannot be reached: "
		    "%.200s",
		    ca->config->directory,
		    why->text[0] == '\0' ? err_name(e) : why->text);
		return out;
	}
	nonces_put(&ca->nonces, header_of(r, "Replay-Nonce"));
	out.status = r->status;
	out.body = r->body;
	out.location = header_of(r, "Location");
	out.retry_after = header_of(r, "Retry-After");
	while (out.n_links < ACME_LINKS_MAX &&
	       (out.links[out.n_links] =
		       r->header_at(r, "Link", out.n_links)) != NULL)
		out.n_links++;
	return out;
}

struct fetch_call *
ca_request(struct ca *ca, const char *method, const char *url,
    struct slice body, fetch_done *done, void *ctx)
{
	static const char *const headers[] = {
	    "Content-Type: application/jose+json", NULL};
	struct fetch_request q = {
	    .method = method,
	    .url = url,
	    .headers = body.p == NULL ? NULL : headers,
	    .body = body,
	    .ca_file =
		ca->config->ca_file[0] == '\0' ? NULL : ca->config->ca_file,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = CONNECT_MS,
	    .body_max = ACME_BODY_MAX,
	    .done = done,
	    .ctx = ctx,
	};

	return fetch_start(ca->fetch, &q);
}

/* --- one signed request -------------------------------------------------- */

static void
went_well(struct ca *ca)
{
	fault_clear(&ca->fault);
	ca->away_ms = 0;
}

void
ca_set_away(struct ca *ca, const struct fault *f)
{
	ca->fault = *f;
	ca->away_ms = clock_mono_ms() + AWAY_MS;
}

/* It may have moved: the directory is read anew before the next request. */
static void
lost_contact(struct ca *ca, const struct acme_response *r)
{
	ca->is_doubtful = true;
	if (r->fault->code == FAULT_A11_CA_UNREACHABLE)
		ca_set_away(ca, r->fault);
}

static void
wait_in_line(struct ca_call *call)
{
	list_remove(&call->link);
	list_append(&call->ca->waiting, &call->link);
	ca_prepare(call->ca);
}

/* The CA lost our account: the same key registers again, and the call waits. */
static void
register_again(struct ca_call *call)
{
	call->was_renewed = true;
	free(call->ca->account_url);
	call->ca->account_url = NULL;
	wait_in_line(call);
}

/* Whether the refusal was overcome and the call goes on. */
static bool
overcome(struct ca_call *call, const struct acme_response *r)
{
	struct problem p;

	if (r->status < 400 || r->status > 499)
		return false;
	problem_read(r, &p);
	if (p.class == PROBLEM_NONCE && call->tries < TRIES_MAX) {
		ca_call_send(call);
		return true;
	}
	if (p.class == PROBLEM_ACCOUNT && call->kind == CALL_ORDER &&
	    !call->was_renewed) {
		register_again(call);
		return true;
	}
	return false;
}

static void
on_posted(void *ctx, enum err e, const struct fetch_response *response,
    const struct fault *why)
{
	struct ca_call *call = ctx;
	struct ca *ca = call->ca;
	struct fault f;
	struct acme_response r = ca_response_of(ca, e, response, why, &f);

	call->fetch = NULL;
	if (r.status == 0)
		lost_contact(ca, &r);
	else
		went_well(ca);
	if (!overcome(call, &r))
		ca_call_finish(call, &r, NULL);
}

/* With the account's name, or, to find or make it, with the key itself. */
static enum err
sign(const struct ca_call *call, const char *nonce, struct buf *body)
{
	const struct ca *ca = call->ca;
	const struct ca_key *key =
	    call->kind == CALL_FIND ? &ca->next : &ca->key;
	const struct key_ref ref = ca_key_ref(key);
	const struct jws_head head = {.url = call->url,
	    .nonce = nonce,
	    .kid = call->kind == CALL_ORDER ? ca->account_url : NULL,
	    .jwk = &key->jwk};

	return jws_sign(
	    ca->keyring, &ref, &head, buf_slice(&call->payload), body);
}

static void
post(struct ca_call *call, const char *nonce)
{
	struct ca *ca = call->ca;
	struct problem p;
	struct buf body;
	enum err e;

	if (call->kind == CALL_ORDER && ca->account_url == NULL) {
		nonces_put(&ca->nonces, nonce); /* lost meanwhile */
		wait_in_line(call);
		return;
	}
	buf_init(&body, JWS_MAX);
	e = sign(call, nonce, &body);
	if (e == ERR_OK)
		call->fetch = ca_request(
		    ca, "POST", call->url, buf_slice(&body), on_posted, call);
	buf_clear(&body);
	if (e == ERR_OK)
		return;
	problem_set(&p, FAULT_C37_KEYS_AWAY,
	    "A request to the certificate authority cannot be signed: %s",
	    err_name(e));
	ca_call_finish(call, NULL, &p);
}

static void
on_nonce(void *ctx, enum err e, const struct fetch_response *response,
    const struct fault *why)
{
	struct ca_call *call = ctx;
	struct ca *ca = call->ca;
	char nonce[NONCE_SIZE];
	struct problem p;
	struct fault f;
	struct acme_response r = ca_response_of(ca, e, response, why, &f);

	call->fetch = NULL;
	if (r.status != 0 && nonces_take(&ca->nonces, nonce)) {
		post(call, nonce);
		return;
	}
	if (r.status < 200 || r.status > 299) {
		lost_contact(ca, &r);
		ca_call_finish(call, &r, NULL);
		return;
	}
	problem_set(&p, FAULT_A12_CA_ANSWER_MALFORMED,
	    "The certificate authority gives no nonce");
	ca_set_away(ca, &p.fault);
	ca_call_finish(call, NULL, &p);
}

static const char *
place_url(const struct ca *ca, enum ca_place place)
{
	switch (place) {
	case CA_NEW_ORDER:
		return ca->directory.new_order;
	case CA_KEY_CHANGE:
		return ca->directory.key_change;
	case CA_REVOKE:
		return ca->directory.revoke;
	}
	return "";
}

void
ca_call_send(struct ca_call *call)
{
	struct ca *ca = call->ca;
	char nonce[NONCE_SIZE];
	struct problem p;

	call->tries++;
	if (call->url == NULL)
		call->url = xstrdup(place_url(ca, call->place));
	if (call->url[0] == '\0') {
		problem_set(&p, FAULT_A33_NOT_OFFERED, NULL);
		ca_call_finish(call, NULL, &p);
		return;
	}
	if (nonces_take(&ca->nonces, nonce))
		post(call, nonce);
	else
		call->fetch = ca_request(ca, "HEAD", ca->directory.new_nonce,
		    (struct slice){NULL, 0}, on_nonce, call);
}
