#include <stdio.h>

#include "acme/issuance_inside.h"
#include "acme/renewal.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static void
on_caa(void *ctx, const struct fault *f, const struct challenge_choice *choice)
{
	struct issuance *i = ctx;
	struct problem p;

	i->caa = NULL;
	i->order->choice = *choice;
	if (f != NULL) {
		problem_set(&p, f->code, "%s", f->text);
		p.fault = *f;
		if (f->code == FAULT_A15_CAA)
			p.class = PROBLEM_PERSON;
		order_fail(i->order, &p);
	}
	issuance_drive(i);
}

/* --- the profile --------------------------------------------------------- */

void
issuance_tell_profiles(struct issuance *i, struct problem *p)
{
	const struct directory *d = ca_directory(i->env->ca);
	char offered[256], text[FAULT_TEXT_SIZE];

	if (d->n_profiles == 0)
		return;
	snprintf(text, sizeof(text), "%.240s; it offers: %s", p->fault.text,
	    directory_profiles_text(d, offered, sizeof(offered)));
	fault_set(&p->fault, FAULT_A31_PROFILE_REFUSED, "%s", text);
}

/*
 * Only what the directory lists is asked for.  Profiles come and go: a new name
 * waits for a person then, without an order; one that has a certificate is
 * renewed with the CA's own choice, for the alternative is that it expires.
 */
static bool
choose_profile(struct issuance *i)
{
	const struct directory *d = ca_directory(i->env->ca);
	const char *profile = i->env->config->profile;
	struct problem p;

	if (profile[0] == '\0' || d->n_profiles == 0)
		return true;
	if (directory_has_profile(d, profile)) {
		order_set_profile(i->order, profile);
		return true;
	}
	if (i->order->is_renewal) {
		log_warning("acme: renewed without the profile host=%s "
			    "profile=%s",
		    i->host, profile);
		return true;
	}
	problem_set(&p, FAULT_A31_PROFILE_REFUSED,
	    "The certificate authority has no profile \"%.64s\"", profile);
	p.class = PROBLEM_PERSON;
	order_fail(i->order, &p);
	return false;
}

/* --- what is replaced ---------------------------------------------------- */

/* A CA knows only its own certificates. */
static void
choose_replaces(struct issuance *i)
{
	struct renewal r;

	if (i->order->replaces[0] == '\0')
		return;
	if (ca_directory(i->env->ca)->renewal_info[0] == '\0' ||
	    renewal_find(i->env->db, i->order->replaces, &r) != ERR_OK ||
	    strcmp(r.directory, i->env->config->directory) != 0)
		order_ask(i->order, NULL, i->order->preferred_chain);
}

/* --- before a new order -------------------------------------------------- */

/* An order that CAA forbids would be refused, and count against us. */
static void
check_caa(struct issuance *i)
{
	struct caa_question question = {
	    .names = (const char *const *)i->order->names,
	    .n_names = i->order->n_names,
	    .asker = {.account_url = ca_account_url(i->env->ca)},
	    .choice = i->order->choice,
	};

	question.asker.issuers =
	    ca_issuers(i->env->ca, &question.asker.n_issuers);
	if (question.asker.n_issuers == 0 || i->env->dns == NULL)
		issuance_drive(i);
	else
		i->caa = caa_check_start(i->env->dns, &question, on_caa, i);
}

static void
on_known(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct issuance *i = ctx;

	if (p != NULL) {
		issuance_answer(ctx, r, p);
		return;
	}
	i->call = NULL;
	choose_replaces(i);
	if (choose_profile(i) && i->order->url == NULL)
		check_caa(i);
	else
		issuance_drive(i);
}

/* As configured, but first what worked last, and last what did not; and what a
 * CDN in front cannot hand on is left out. */
static struct challenge_choice
choice_for(const struct issuance *i, const struct order_row *row)
{
	struct challenge_choice choice = i->env->config->challenges;
	enum challenge_type last;
	bool worked;

	if (rows_last_challenge(i->env->db, i->host, &last, &worked) == ERR_OK)
		challenge_choice_learn(&choice, last, worked);
	for (size_t n = 0; n < row->n_names; n++)
		if (i->env->is_fronted(i->env->ctx, row->names[n]))
			challenge_choice_remove(&choice, CHALLENGE_TLS_ALPN_01);
	return choice;
}

enum err
issuance_start(struct issuance *i)
{
	struct order_row row;
	enum err e = rows_order(i->env->db, i->id, &row);
	struct challenge_choice choice;
	bool is_elsewhere;

	if (e != ERR_OK)
		return e;
	choice = choice_for(i, &row);
	if (row.by_hand)
		choice = (struct challenge_choice){
		    {CHALLENGE_HTTP_01, CHALLENGE_DNS_01}, 2};
	/* begun with another CA: ordered anew here, the key is kept */
	is_elsewhere = strcmp(row.directory, i->env->config->directory) != 0;
	i->order = order_new((const char *const *)row.names, row.n_names, "",
	    &choice, is_elsewhere ? NULL : row.url, clock_mono_ms());
	order_ask(i->order, row.replaces, i->env->config->preferred_chain);
	i->order->is_renewal = row.needed_at != 0;
	i->order->by_hand = row.by_hand;
	i->is_counted = i->order->url != NULL;
	buf_add(&i->sealed, buf_slice(&row.sealed));
	order_row_clear(&row);
	log_info("acme: order=%lld host=%s %s", (long long)i->id, i->host,
	    i->order->url == NULL ? "begins" : "goes on");
	i->call = ca_know(i->env->ca, on_known, i);
	return ERR_OK;
}
