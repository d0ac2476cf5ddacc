#include "router/control/caa_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/ca.h"
#include "acme/ca_choice.h"
#include "acme/caa_check.h"
#include "base/host.h"
#include "base/mem.h"
#include "router/control/control.h"
#include "router/control/dns_provider.h"

#define KNOW_S 3. /* a CA that is away holds up nobody */

enum allowed {
	ALLOWED_UNKNOWN,
	ALLOWED_NO,
	ALLOWED_YES
};

/* One CA. */
struct word {
	struct caa_look *look;
	const struct config_acme *config;
	struct ca *ca;
	struct ca_call *know;
	struct caa_check *check;
	enum allowed allowed;
	struct fault fault;
};

struct caa_look {
	struct control *control;
	char host[HOST_SIZE];
	const char *name; /* that the checks have a loan of */
	struct word words[CA_SEATS];
	size_t n, n_open;
	ev_timer timer;
	caa_look_done *done;
	void *ctx;
};

static json_t *
word_json(const struct word *w)
{
	size_t n = 0;
	const char *const *issuers =
	    w->ca == NULL ? NULL : ca_issuers(w->ca, &n);
	json_t *o = json_object();

	json_put_str(o, "ca", n > 0 ? issuers[0] : NULL);
	json_put_str(o, "directory", w->config->directory);
	json_put(o, "allowed",
	    w->allowed == ALLOWED_UNKNOWN
		? json_null()
		: json_boolean(w->allowed == ALLOWED_YES));
	json_put(o, "fault", json_fault(&w->fault));
	return o;
}

static void
free_look(struct caa_look *l)
{
	ev_timer_stop(l->control->loop, &l->timer);
	for (size_t i = 0; i < l->n; i++) {
		ca_cancel(l->words[i].know);
		caa_check_cancel(l->words[i].check);
	}
	free(l);
}

static void
finish(struct caa_look *l)
{
	json_t *answer = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(answer, word_json(&l->words[i]));
	l->done(l->ctx, answer);
	free_look(l);
}

static void
word_ended(struct word *w)
{
	if (--w->look->n_open == 0)
		finish(w->look);
}

static void
on_checked(
    void *ctx, const struct fault *f, const struct challenge_choice *choice)
{
	struct word *w = ctx;

	(void)choice;
	w->check = NULL;
	if (f == NULL)
		w->allowed = ALLOWED_YES;
	else
		w->fault = *f;
	if (f != NULL && f->code == FAULT_A15_CAA)
		w->allowed = ALLOWED_NO;
	word_ended(w);
}

static void
on_known(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct word *w = ctx;
	struct control *c = w->look->control;
	struct caa_question question = {
	    .names = &w->look->name,
	    .n_names = 1,
	    .asker = {.account_url = ca_account_url(w->ca)},
	    .choice = dns_provider_choice(c, w->config),
	};

	(void)r;
	w->know = NULL;
	question.asker.issuers = ca_issuers(w->ca, &question.asker.n_issuers);
	if (p == NULL && question.asker.n_issuers > 0)
		w->check = caa_check_start(c->dns, &question, on_checked, w);
	else
		word_ended(w);
}

/* CAs that have not answered by now do not. */
static void
on_timer(struct ev_loop *loop, ev_timer *t, int events)
{
	struct caa_look *l = container_of(t, struct caa_look, timer);

	(void)loop;
	(void)events;
	for (size_t i = 0; i < l->n; i++) {
		if (l->words[i].know == NULL)
			continue;
		ca_cancel(l->words[i].know);
		l->words[i].know = NULL;
		l->n_open--;
	}
	if (l->n_open == 0)
		finish(l);
}

static void
add(struct caa_look *l, const struct config_acme *config)
{
	struct word *w = &l->words[l->n];

	if (config->directory[0] == '\0')
		return;
	l->n++;
	w->look = l;
	w->config = config;
	w->ca = issuer_ca(l->control->issuer, config->directory);
	if (w->ca == NULL || !config->agree_terms || ca_is_away(w->ca, NULL))
		return;
	l->n_open++;
	w->know = ca_know(w->ca, on_known, w);
}

struct caa_look *
caa_look_start(
    struct control *c, const char *host, caa_look_done *done, void *ctx)
{
	struct caa_look *l = xcalloc(1, sizeof(*l));

	l->control = c;
	l->done = done;
	l->ctx = ctx;
	l->name = l->host;
	(void)snprintf(l->host, sizeof(l->host), "%s", host);
	add(l, &c->config.acme);
	add(l, &c->config.acme_fallback);
	ev_timer_init(&l->timer, on_timer, l->n_open == 0 ? 0. : KNOW_S, 0.);
	ev_timer_start(c->loop, &l->timer);
	return l;
}

void
caa_look_cancel(struct caa_look *l)
{
	if (l != NULL)
		free_look(l);
}
