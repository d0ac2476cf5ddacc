#include "acme/seat.h"

#include <stdlib.h>

#include "acme/rows.h"
#include "base/clock.h"
#include "base/mem.h"

/* Not for longer than a CA may ask (acme/problem.h), whatever the clock did
 * meanwhile. */
#define AHEAD_MAX_S (INT64_C(7) * 86400)

static const char *
copy(const char *s)
{
	return xstrdup(s == NULL ? "" : s);
}

static struct issuer_config
copy_config(const struct issuer_config *c)
{
	return (struct issuer_config){
	    .directory = copy(c->directory),
	    .email = copy(c->email),
	    .agree_terms = c->agree_terms,
	    .ca_file = copy(c->ca_file),
	    .profile = copy(c->profile),
	    .preferred_chain = copy(c->preferred_chain),
	    .key_type = copy(c->key_type),
	    .eab_kid = copy(c->eab_kid),
	    .eab_hmac_key = copy(c->eab_hmac_key),
	    .challenges = c->challenges,
	    .max_orders = c->max_orders == 0 ? 1 : c->max_orders,
	};
}

static void
clear_config(struct issuer_config *c)
{
	free((char *)c->directory);
	free((char *)c->email);
	free((char *)c->ca_file);
	free((char *)c->profile);
	free((char *)c->preferred_chain);
	free((char *)c->key_type);
	free((char *)c->eab_kid);
	secret_free((char *)c->eab_hmac_key, strlen(c->eab_hmac_key));
}

void
seat_open(struct seat *s, const struct issuer_config *config,
    const struct issuance_env *env, struct fetch *fetch)
{
	s->is_there = true;
	s->config = copy_config(config);
	s->ca = ca_new(env->loop, env->db, env->keyring, fetch, &s->config);
	s->env = *env;
	s->env.ca = s->ca;
	s->env.config = &s->config;
}

void
seat_clear(struct seat *s)
{
	if (!s->is_there)
		return;
	ca_free(s->ca);
	clear_config(&s->config);
	*s = (struct seat){0};
}

enum err
seat_check(const struct seat *s, const char *const *names, size_t n_names,
    struct fault *f)
{
	if (!s->config.agree_terms) {
		fault_set(f, FAULT_A10_TERMS_NOT_AGREED, NULL);
		return ERR_DENIED;
	}
	for (size_t i = 0; i < n_names; i++) {
		if (challenge_choice_fits(&s->config.challenges, names[i]))
			continue;
		fault_set(f, FAULT_A27_NO_USABLE_CHALLENGE,
		    "No allowed challenge can be used for %s", names[i]);
		return ERR_DENIED;
	}
	return ERR_OK;
}

static int64_t
believed(int64_t at, int64_t now)
{
	return at > now + AHEAD_MAX_S ? 0 : at;
}

struct ca_view
seat_view(const struct seat *s, const char *const *names, size_t n_names)
{
	int64_t now = clock_now(), name_at = 0;
	struct ca_view v = {0};

	if (!s->is_there || seat_check(s, names, n_names, NULL) != ERR_OK)
		return v;
	v.is_able = true;
	v.all_ready_at = believed(s->refuses_until, now);
	if (rows_shun_until(
		s->env.db, names[0], s->config.directory, &name_at) == ERR_OK)
		v.name_ready_at = believed(name_at, now);
	return v;
}

struct ca_shun
seat_note(struct seat *s, const struct problem *p)
{
	struct ca_shun shun = ca_shun_of(
	    p->fault.code, p->is_account_wide, p->retry_at, clock_now());

	if (p->is_account_wide)
		s->limit = *p;
	if (shun.until != 0 && shun.is_of_all) {
		s->refusal = p->fault;
		s->refuses_until = shun.until;
	}
	return shun;
}

bool
seat_is_limited(const struct seat *s)
{
	int64_t left = s->limit.retry_at - clock_now();

	return left > 0 && left <= AHEAD_MAX_S;
}
