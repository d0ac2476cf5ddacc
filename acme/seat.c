#include "acme/seat.h"

#include <stdlib.h>

#include "acme/renewal.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Not for longer than a CA may ask (acme/problem.h), whatever the clock did
 * meanwhile. */
#define ROLLOVER_WAIT_S 45. /* less than a client waits for its answer */
#define AHEAD_MAX_S     (INT64_C(7) * 86400)

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
	    .limits = copy(c->limits),
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
	free((char *)c->limits);
	secret_free((char *)c->eab_hmac_key, strlen(c->eab_hmac_key));
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int revents);

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
	s->ledger.directory = s->config.directory;
	s->ledger.limits = ledger_limits(s->config.limits, s->config.directory);
	ev_timer_init(&s->rollover.deadline, on_deadline, ROLLOVER_WAIT_S, 0.);
}

void
seat_clear(struct seat *s)
{
	if (!s->is_there)
		return;
	ev_timer_stop(s->env.loop, &s->rollover.deadline);
	ca_free(s->ca);
	clear_config(&s->config);
	*s = (struct seat){0};
}

enum err
seat_check(const struct seat *s, const struct seat_order *o, struct fault *f)
{
	const struct ledger_order *l = &o->order;

	if (!s->config.agree_terms) {
		fault_set(f, FAULT_A10_TERMS_NOT_AGREED, NULL);
		return ERR_DENIED;
	}
	for (size_t i = 0; i < l->n_names && !o->by_hand; i++) {
		struct challenge_choice choice = s->config.challenges;
		bool is_fronted = s->env.is_fronted(s->env.ctx, l->names[i]);

		if (is_fronted)
			challenge_choice_remove(&choice, CHALLENGE_TLS_ALPN_01);
		if (challenge_choice_fits(&choice, l->names[i]))
			continue;
		fault_set(f, FAULT_A27_NO_USABLE_CHALLENGE,
		    "No allowed challenge can be used for %s%s", l->names[i],
		    is_fronted ? ", which is reached through a CDN" : "");
		return ERR_DENIED;
	}
	return ERR_OK;
}

static int64_t
believed(int64_t at, int64_t now)
{
	return at > now + AHEAD_MAX_S ? 0 : at;
}

/* --- the ledger ----------------------------------------------------------- */

struct seat_order
seat_order_of_wish(
    struct db *db, const struct order_wish *wish, bool keeps_reserve)
{
	return (struct seat_order){
	    .order = {wish->names, wish->n_names, wish->is_renewal,
		renewal_is_in_window(db, wish->replaces, clock_now())},
	    .keeps_reserve = keeps_reserve,
	    .by_hand = wish->by_hand,
	};
}

struct seat_order
seat_order_of_row(
    struct db *db, const struct order_row *row, bool keeps_reserve)
{
	return (struct seat_order){
	    .order = {(const char *const *)row->names, row->n_names,
		row->is_renewal,
		renewal_is_in_window(db, row->replaces, clock_now())},
	    .keeps_reserve = keeps_reserve,
	    .charged_to = row->charged_to,
	    .by_hand = row->by_hand,
	};
}

static bool
is_charged(const struct seat *s, const struct seat_order *o)
{
	return o->charged_to != NULL &&
	       strcmp(o->charged_to, s->config.directory) == 0;
}

/* What has its share here already only asks what the CA said since. */
static enum err
ask_ledger(const struct seat *s, const struct seat_order *o,
    struct ledger_verdict *out)
{
	struct ledger_order order = o->order;

	if (is_charged(s, o))
		order.is_ari = true;
	return ledger_ask(s->env.db, &s->ledger, &order, o->keeps_reserve, out);
}

struct ca_view
seat_view(const struct seat *s, const struct seat_order *o)
{
	int64_t now = clock_now(), name_at = 0;
	struct ledger_verdict verdict;
	struct ca_view v = {0};

	if (!s->is_there || seat_check(s, o, NULL) != ERR_OK)
		return v;
	v.is_able = true;
	v.all_ready_at = believed(s->refuses_until, now);
	if (rows_shun_until(s->env.db, o->order.names[0], s->config.directory,
		&name_at) == ERR_OK)
		v.name_ready_at = believed(name_at, now);
	if (ask_ledger(s, o, &verdict) == ERR_OK && !verdict.passes &&
	    verdict.passes_at > v.name_ready_at)
		v.name_ready_at = verdict.passes_at;
	return v;
}

enum err
seat_ask(const struct seat *s, const struct seat_order *o, int64_t *at,
    struct fault *f)
{
	struct ledger_verdict v;
	enum err e = ask_ledger(s, o, &v);

	if (e != ERR_OK || v.passes)
		return e;
	*at = v.passes_at;
	ledger_say(&v, f);
	return ERR_AGAIN;
}

/* One order of the account comes back at a time, so those who wait for it get
 * one turn each. */
enum err
seat_turn(
    struct seat *s, const struct seat_order *o, int64_t *at, struct fault *f)
{
	struct ledger_verdict v;
	enum err e = ask_ledger(s, o, &v);

	if (e != ERR_OK || v.passes)
		return e;
	if (v.rule == LEDGER_ORDERS)
		v.passes_at = line_turn(&s->turns, v.passes_at * 1000,
				  v.period_s * 1000 / v.burst, clock_now_ms()) /
			      1000;
	*at = v.passes_at;
	ledger_say(&v, f);
	return ERR_AGAIN;
}

enum err
seat_share(struct seat *s, const struct order_row *row, bool keeps_reserve,
    struct problem *p)
{
	struct seat_order o = seat_order_of_row(s->env.db, row, keeps_reserve);
	enum err e;

	if (row->url != NULL)
		return ERR_OK; /* the CA has it: too late to ask */
	problem_set(p, FAULT_A30_NO_BUDGET, "no share");
	e = seat_turn(s, &o, &p->retry_at, &p->fault);
	if (e != ERR_OK || is_charged(s, &o))
		return e;
	return ledger_charge(s->env.db, row->id, &s->ledger, &o.order);
}

static void
tell_ledger(const struct seat *s, const char *host, const struct problem *p)
{
	if (p->fault.code == FAULT_A13_RATE_LIMITED && p->retry_at != 0 &&
	    ledger_heard(s->env.db, &s->ledger, p->fault.text, host,
		p->retry_at) != ERR_OK)
		log_error("acme: the limit is not written down host=%s", host);
}

struct ca_shun
seat_note(struct seat *s, const char *host, const struct problem *p)
{
	struct ca_shun shun = ca_shun_of(
	    p->fault.code, p->is_account_wide, p->retry_at, clock_now());

	tell_ledger(s, host, p);
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

/* --- another key --------------------------------------------------------- */

static void
end_rollover(struct seat *s, const struct fault *f)
{
	issuer_told *done = s->rollover.done;

	ev_timer_stop(s->env.loop, &s->rollover.deadline);
	s->rollover.done = NULL;
	s->rollover.is_begun = false;
	if (done != NULL)
		done(s->rollover.ctx, f);
}

static void
on_deadline(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct seat *s = container_of(w, struct seat, rollover.deadline);
	struct fault f;

	(void)loop;
	(void)revents;
	fault_set(&f, FAULT_A34_ACCOUNT_BUSY,
	    "The account's key was not changed: orders are under way (%zu)",
	    s->n_running);
	end_rollover(s, &f);
}

static void
on_rolled(void *ctx, const struct acme_response *r, const struct problem *p)
{
	(void)r;
	end_rollover(ctx, p == NULL ? NULL : &p->fault);
}

static void
on_known(void *ctx, const struct acme_response *r, const struct problem *p)
{
	on_rolled(ctx, r, p);
}

/* Its orders and authorizations are the old account's: only those that have
 * not begun go on. */
static void
change_account(struct seat *s)
{
	struct fault f = {0};

	if (ca_renounce(s->ca, &f) != ERR_OK) {
		end_rollover(s, &f);
		return;
	}
	s->refuses_until = 0;
	(void)ca_know(s->ca, on_known, s);
}

enum err
seat_roll_over(struct seat *s, bool new_account, issuer_told *done, void *ctx,
    struct fault *f)
{
	if (s->rollover.done != NULL) {
		fault_set(f, FAULT_A34_ACCOUNT_BUSY,
		    "The account's key is being changed already");
		return ERR_EXISTS;
	}
	s->rollover.is_of_account = new_account;
	s->rollover.done = done;
	s->rollover.ctx = ctx;
	ev_timer_set(&s->rollover.deadline, ROLLOVER_WAIT_S, 0.);
	ev_timer_start(s->env.loop, &s->rollover.deadline);
	return ERR_OK;
}

bool
seat_is_resting(struct seat *s)
{
	if (s->rollover.done == NULL)
		return false;
	if (s->n_running == 0 && !s->rollover.is_begun) {
		s->rollover.is_begun = true;
		ev_timer_stop(s->env.loop, &s->rollover.deadline);
		if (s->rollover.is_of_account)
			change_account(s);
		else
			ca_roll_over(s->ca, on_rolled, s);
	}
	return true;
}
