#include "acme/issuer.h"

#include <assert.h>
#include <stdlib.h>

#include "acme/issuance.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define OPEN_MAX    ((size_t)1 << 24) /* orders that are open at once */
#define LIMIT_MAX_S (INT64_C(7) * 86400)
#define LINE_MS     1000 /* how often it is looked at while it stands */

struct issuer {
	struct issuer_config config; /* own copies of the strings */
	struct issuance_env env;
	struct ca *ca;
	const struct issuer_ops *ops;
	void *owner;
	struct map by_host;
	struct list running, waiting, over; /* over: freed from the loop */
	size_t n_running, n_waiting;
	ev_timer pump;
	struct problem limit; /* of the whole account, until its retry_at */
};

/* --- configuration ------------------------------------------------------- */

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

/* --- the line ------------------------------------------------------------ */

/* The line is looked at after ms, or earlier. */
static void
kick(struct issuer *is, int64_t ms)
{
	if (ev_is_active(&is->pump) && ms > 0)
		return;
	ev_timer_stop(is->env.loop, &is->pump);
	ev_timer_set(&is->pump, (double)ms / 1000., 0.);
	ev_timer_start(is->env.loop, &is->pump);
}

static void
enter_line(struct issuer *is, struct issuance *i)
{
	list_append(&is->waiting, &i->link);
	is->n_waiting++;
}

static void
leave_line(struct issuer *is, struct issuance *i)
{
	list_remove(&i->link);
	list_append(&is->running, &i->link);
	i->is_running = true;
	is->n_waiting--;
	is->n_running++;
}

static void
back_in_line(struct issuer *is, struct issuance *i)
{
	list_remove(&i->link);
	list_push(&is->waiting, &i->link);
	i->is_running = false;
	is->n_waiting++;
	is->n_running--;
}

/* Out of the books; freed from the loop, when nobody stands in it any more. */
static void
bury(struct issuer *is, struct issuance *i)
{
	if (i->is_running)
		is->n_running--;
	else
		is->n_waiting--;
	map_remove(&is->by_host, slice_str(i->host));
	list_remove(&i->link);
	list_append(&is->over, &i->link);
	kick(is, 0);
}

/* Not for longer than a CA may ask (acme/problem.h), whatever the clock did
 * meanwhile. */
static bool
is_limited(const struct issuer *is)
{
	int64_t left = is->limit.retry_at - clock_now();

	return left > 0 && left <= LIMIT_MAX_S;
}

static enum err
start(struct issuer *is, struct issuance *i)
{
	enum err e;

	if (is_limited(is))
		return issuance_refuse(i, &is->limit);
	e = issuance_start(i);
	if (e != ERR_NOT_FOUND && e != ERR_SYNTAX)
		return e;
	log_warning("acme: order=%lld host=%s is not open (any more)",
	    (long long)i->id, i->host);
	bury(is, i);
	return ERR_OK;
}

static void
reap(struct issuer *is)
{
	LIST_FOREACH_SAFE(it, &is->over) {
		issuance_free(container_of(it, struct issuance, link));
	}
}

static void
on_pump(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct issuer *is = container_of(w, struct issuer, pump);

	(void)loop;
	(void)revents;
	reap(is);
	while (is->n_running < is->config.max_orders &&
	       !list_empty(&is->waiting) && !ca_is_away(is->ca, NULL)) {
		struct issuance *i = container_of(
		    list_first(&is->waiting), struct issuance, link);

		leave_line(is, i);
		if (start(is, i) == ERR_OK)
			continue;
		back_in_line(is, i); /* the store is away */
		break;
	}
	if (!list_empty(&is->waiting))
		kick(is, LINE_MS);
}

/* --- what becomes of them ------------------------------------------------ */

static enum err
on_issued(void *ctx, struct issuance *i, const struct chain *chain,
    struct fault *unfit)
{
	struct issuer *is = ctx;
	enum err e = is->ops->on_issued(
	    is->owner, i->id, i->host, chain, buf_slice(&i->sealed), unfit);

	if (e == ERR_OK && !i->is_over) {
		log_info("acme: issued host=%s order=%lld", i->host,
		    (long long)i->id);
		bury(is, i);
	}
	return e;
}

static void
on_failed(void *ctx, struct issuance *i, const struct problem *p)
{
	struct issuer *is = ctx;

	if (p->is_account_wide)
		is->limit = *p; /* the others need not ask to be refused */
	bury(is, i);
	is->ops->on_failed(is->owner, i->id, i->host, &p->fault, p->retry_at,
	    p->class == PROBLEM_PERSON);
}

/* --- life ---------------------------------------------------------------- */

struct issuer *
issuer_new(struct ev_loop *loop, struct db *db, struct shared *shared,
    struct keyring *keyring, struct fetch *fetch,
    const struct issuer_config *config)
{
	struct issuer *is = xcalloc(1, sizeof(*is));

	is->config = copy_config(config);
	is->ca = ca_new(loop, db, keyring, fetch, &is->config);
	is->env = (struct issuance_env){
	    .loop = loop,
	    .db = db,
	    .shared = shared,
	    .keyring = keyring,
	    .ca = is->ca,
	    .config = &is->config,
	    .on_issued = on_issued,
	    .on_failed = on_failed,
	    .ctx = is,
	};
	map_init(&is->by_host, OPEN_MAX);
	list_init(&is->running);
	list_init(&is->waiting);
	list_init(&is->over);
	ev_init(&is->pump, on_pump);
	return is;
}

void
issuer_set_dns(struct issuer *is, struct dns *dns, struct txt_records *txt)
{
	is->env.dns = dns;
	is->env.txt = txt;
}

void
issuer_set_owner(struct issuer *is, const struct issuer_ops *ops, void *ctx)
{
	is->ops = ops;
	is->owner = ctx;
}

void
issuer_free(struct issuer *is)
{
	struct list *const lists[] = {&is->running, &is->waiting, &is->over};

	for (size_t at = 0; at < COUNT_OF(lists); at++) {
		LIST_FOREACH_SAFE(it, lists[at]) {
			issuance_free(container_of(it, struct issuance, link));
		}
	}
	ca_free(is->ca);
	ev_timer_stop(is->env.loop, &is->pump);
	map_clear(&is->by_host);
	clear_config(&is->config);
	free(is);
}

/* --- orders -------------------------------------------------------------- */

static void
add(void *ctx, int64_t id, const char *host)
{
	struct issuer *is = ctx;
	struct issuance *i = issuance_new(&is->env, id, host);

	if (map_put(&is->by_host, slice_str(host), i) != ERR_OK) {
		log_error("acme: too many open orders host=%s", host);
		issuance_free(i); /* its row stays for the next start */
		return;
	}
	enter_line(is, i);
	kick(is, 0);
}

void
issuer_resume(struct issuer *is)
{
	if (rows_open_orders(is->env.db, add, is) != ERR_OK)
		log_error("acme: open orders cannot be read");
	if (is->env.txt != NULL)
		txt_records_sweep(is->env.txt);
}

static enum err
check_order(
    const struct issuer *is, const struct order_wish *wish, struct fault *f)
{
	if (!is->config.agree_terms) {
		fault_set(f, FAULT_A10_TERMS_NOT_AGREED, NULL);
		return ERR_DENIED;
	}
	if (wish->n_names > ORDER_NAMES_MAX) {
		fault_set(f, FAULT_C24_TOO_MANY_NAMES,
		    "%zu names are more than one certificate may have (%d)",
		    wish->n_names, ORDER_NAMES_MAX);
		return ERR_TOO_BIG;
	}
	for (size_t i = 0; i < wish->n_names; i++) {
		if (challenge_choice_fits(
			&is->config.challenges, wish->names[i]))
			continue;
		fault_set(f, FAULT_A27_NO_USABLE_CHALLENGE,
		    "No allowed challenge can be used for %s", wish->names[i]);
		return ERR_DENIED;
	}
	return ERR_OK;
}

enum err
issuer_order(struct issuer *is, const struct order_wish *wish, struct fault *f)
{
	enum err e = check_order(is, wish, f);
	int64_t id;

	assert(wish->n_names > 0 && is->ops != NULL);
	if (e != ERR_OK)
		return e;
	if (issuer_has_order(is, wish->names[0]))
		return ERR_OK;
	e = rows_add_order(is->env.db, wish, is->config.directory, &id);
	if (e == ERR_EXISTS)
		return ERR_OK;
	if (e != ERR_OK) {
		fault_set(f, FAULT_S19_STORE_AWAY, NULL);
		return e;
	}
	add(is, id, wish->names[0]);
	return ERR_OK;
}

bool
issuer_has_order(const struct issuer *is, const char *host)
{
	return map_get(&is->by_host, slice_str(host)) != NULL;
}

void
issuer_cancel(struct issuer *is, const char *host)
{
	struct issuance *i = map_get(&is->by_host, slice_str(host));

	if (i == NULL)
		return;
	issuance_cancel(i);
	bury(is, i);
}

void
issuer_status(const struct issuer *is, struct issuer_status *out)
{
	*out = (struct issuer_status){
	    .in_flight = is->n_running,
	    .waiting = is->n_waiting,
	    .directory = is->config.directory,
	    .account_url = ca_account_url(is->ca),
	};
	(void)ca_is_away(is->ca, &out->fault);
}
