#include "acme/ca.h"

#include <stdlib.h>

#include "acme/ca_call.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define DIRECTORY_KEEP_MS 3600000

struct ca_call *
ca_post(struct ca *ca, const char *url, struct slice payload, ca_done *done,
    void *ctx)
{
	struct ca_call *call = ca_call_new(ca, CALL_ORDER, url, done, ctx);

	buf_add(&call->payload, payload);
	list_append(&ca->waiting, &call->link);
	ev_timer_start(ca->loop, &ca->kick);
	return call;
}

struct ca_call *
ca_post_to(struct ca *ca, enum ca_place place, struct slice payload,
    ca_done *done, void *ctx)
{
	struct ca_call *call = ca_post(ca, NULL, payload, done, ctx);

	call->place = place;
	return call;
}

struct ca_call *
ca_know(struct ca *ca, ca_done *done, void *ctx)
{
	struct ca_call *call = ca_call_new(ca, CALL_KNOW, NULL, done, ctx);

	list_append(&ca->waiting, &call->link);
	ev_timer_start(ca->loop, &ca->kick);
	return call;
}

const struct directory *
ca_directory(const struct ca *ca)
{
	return &ca->directory;
}

const char *const *
ca_issuers(const struct ca *ca, size_t *n)
{
	*n = ca->directory.n_issuers;
	return (const char *const *)ca->directory.issuers;
}

void
ca_cancel(struct ca_call *call)
{
	if (call != NULL)
		ca_call_free(call);
}

/* --- directory and account ----------------------------------------------- */

void
ca_fail_waiting(struct ca *ca, const struct problem *p)
{
	struct list told;
	struct list *first;

	ca_set_away(ca, &p->fault);
	ca_rollover_end(ca, p);
	list_init(&told);
	while ((first = list_first(&ca->waiting)) != NULL) {
		list_remove(first);
		list_append(&told, first);
	}
	while ((first = list_first(&told)) != NULL)
		ca_call_finish(
		    container_of(first, struct ca_call, link), NULL, p);
}

static void
on_directory(void *ctx, enum err e, const struct fetch_response *response,
    const struct fault *why)
{
	struct ca *ca = ctx;
	struct problem p;
	struct fault f;
	struct acme_response r = ca_response_of(ca, e, response, why, &f);

	ca->preparing = NULL;
	if (directory_read(&r, &ca->directory, &p) != ERR_OK) {
		ca_fail_waiting(ca, &p);
		return;
	}
	ca->directory_ms = r.mono_ms;
	ca->is_doubtful = false;
	ca_prepare(ca);
}

static void
start_waiting(struct ca *ca)
{
	struct list *first;

	while (ca->account_url != NULL &&
	       (first = list_first(&ca->waiting)) != NULL) {
		struct ca_call *call =
		    container_of(first, struct ca_call, link);

		list_remove(first);
		list_append(&ca->running, first);
		if (call->kind == CALL_KNOW)
			ca_call_finish(call, NULL, NULL);
		else
			ca_call_send(call);
	}
}

static bool
is_wanted(const struct ca *ca)
{
	return !list_empty(&ca->waiting) || ca->rollover.done != NULL;
}

static bool
has_account(struct ca *ca)
{
	struct fault f = {0};
	struct problem p;

	if (ca->key.is_there || ca_load_account(ca, &f) == ERR_OK)
		return true;
	if (f.code == FAULT_NONE)
		fault_set(&f, FAULT_S19_STORE_AWAY,
		    "The account's key cannot be read");
	problem_set(&p, f.code, "%s", f.text);
	ca_fail_waiting(ca, &p);
	return false;
}

void
ca_prepare(struct ca *ca)
{
	bool is_old = ca->is_doubtful ||
		      clock_mono_ms() - ca->directory_ms > DIRECTORY_KEEP_MS;

	if (ca->preparing != NULL || ca->asking != NULL || !is_wanted(ca))
		return;
	if (!ca->directory.is_known || is_old) {
		ca->preparing = ca_request(ca, "GET", ca->config->directory,
		    (struct slice){NULL, 0}, on_directory, ca);
		return;
	}
	if (!has_account(ca))
		return;
	if (ca->account_url == NULL)
		ca_register(ca);
	else if (ca->next.is_there)
		ca_find_key(ca);
	else if (ca->rollover.done != NULL)
		ca_rollover_step(ca);
	else if (!ca->is_contact_told)
		ca_tell_contact(ca);
	else
		start_waiting(ca);
}

static void
on_kick(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	ca_prepare(container_of(w, struct ca, kick));
}

/* --- life ---------------------------------------------------------------- */

struct ca *
ca_new(struct ev_loop *loop, struct db *db, struct keyring *keyring,
    struct fetch *fetch, const struct issuer_config *config)
{
	struct ca *ca = xcalloc(1, sizeof(*ca));

	ca->loop = loop;
	ca->db = db;
	ca->keyring = keyring;
	ca->fetch = fetch;
	ca->config = config;
	list_init(&ca->waiting);
	list_init(&ca->running);
	ev_timer_init(&ca->kick, on_kick, 0., 0.);
	return ca;
}

static void
drop_calls(struct list *head)
{
	LIST_FOREACH_SAFE(it, head) {
		ca_call_free(container_of(it, struct ca_call, link));
	}
}

void
ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	drop_calls(&ca->waiting);
	drop_calls(&ca->running);
	if (ca->preparing != NULL)
		fetch_cancel(ca->preparing);
	ev_timer_stop(ca->loop, &ca->kick);
	directory_clear(&ca->directory);
	ca_forget_keys(ca);
	free(ca);
}

char *
ca_key_authorization(const struct ca *ca, const char *token)
{
	return ca->key.is_there ? jws_key_authorization(&ca->key.jwk, token)
				: NULL;
}

const char *
ca_account_url(const struct ca *ca)
{
	return ca->account_url == NULL ? "" : ca->account_url;
}

bool
ca_is_away(const struct ca *ca, struct fault *f)
{
	if (f != NULL)
		*f = ca->fault;
	return clock_mono_ms() < ca->away_ms;
}
