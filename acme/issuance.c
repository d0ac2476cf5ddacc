#include "acme/issuance.h"

#include <stdio.h>
#include <stdlib.h>

#include "acme/delivery.h"
#include "acme/issuance_inside.h"
#include "acme/rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define RETRY_MS        1000 /* store or keys are away for the moment */
#define REFUSED_MAX_S   60   /* between two offers to the owner */
#define NETWORK_RETRY_S 60   /* not the domain's fault: soon again */
#define STORE_RETRY_S   10
/* Ids of keys that belong to no certificate yet; see certs/keyring.h for the
 * other ranges. */
#define ORDER_KEY_BIT (UINT64_C(1) << 61)

/* --- life ---------------------------------------------------------------- */

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	issuance_drive(container_of(w, struct issuance, timer));
}

struct issuance *
issuance_new(const struct issuance_env *env, int64_t id, const char *host)
{
	struct issuance *i = xcalloc(1, sizeof(*i));

	list_init(&i->link);
	i->env = env;
	i->id = id;
	snprintf(i->host, sizeof(i->host), "%s", host);
	buf_init(&i->sealed, SEALED_MAX);
	ev_init(&i->timer, on_timer);
	return i;
}

static void
stop(struct issuance *i)
{
	i->is_over = true;
	ca_cancel(i->call);
	i->call = NULL;
	caa_check_cancel(i->caa);
	i->caa = NULL;
	txt_publication_cancel(i->publication);
	i->publication = NULL;
	by_hand_cancel(i->by_hand);
	i->by_hand = NULL;
	ev_timer_stop(i->env->loop, &i->timer);
}

void
issuance_free(struct issuance *i)
{
	if (i == NULL)
		return;
	stop(i);
	list_remove(&i->link);
	order_free(i->order);
	chain_free(i->chain);
	buf_clear(&i->sealed);
	free(i);
}

static void
again_in(struct issuance *i, int64_t ms)
{
	ev_now_update(i->env->loop);
	ev_timer_set(&i->timer, (double)ms / 1000., 0.);
	ev_timer_start(i->env->loop, &i->timer);
}

/* --- the end ------------------------------------------------------------- */

/* Tokens that workers may remember: told of after their rows are gone. */
struct tokens {
	char text[ORDER_NAMES_MAX][CHALLENGE_TOKEN_SIZE];
	size_t n;
};

static void
add_token(void *ctx, struct slice token)
{
	struct tokens *t = ctx;

	if (t->n < ORDER_NAMES_MAX &&
	    slice_to_str(token, t->text[t->n], CHALLENGE_TOKEN_SIZE) == ERR_OK)
		t->n++;
}

static struct tokens *
tokens_of(const struct issuance *i)
{
	struct tokens *t = xcalloc(1, sizeof(*t));

	if (rows_tokens(i->env->db, i->id, add_token, t) != ERR_OK)
		log_warning(
		    "acme: tokens not read order=%lld", (long long)i->id);
	return t;
}

void
issuance_bump_token(const struct issuance *i, const char *token)
{
	char *key = xasprintf("token:%s", token);

	shared_bump(i->env->shared, slice_str(key));
	free(key);
}

static void
bump_tokens(const struct issuance *i, struct tokens *t)
{
	for (size_t at = 0; at < t->n; at++)
		issuance_bump_token(i, t->text[at]);
	free(t);
}

/* Records at the DNS provider have done their work. */
static void
sweep(const struct issuance *i)
{
	if (i->env->txt != NULL)
		txt_records_sweep(i->env->txt);
}

/* f NULL: cancelled. */
static enum err
close_row(struct issuance *i, const struct fault *f, const char *failed_host)
{
	struct tokens *tokens = tokens_of(i);
	enum err e = rows_end_order(i->env->db, i->id, f, failed_host);

	bump_tokens(i, tokens);
	sweep(i);
	return e;
}

/* When to try again, where the protocol does not say but the kind of failure
 * does: it was not the name's. */
static void
add_retry(struct problem *p)
{
	if (p->retry_at != 0 || p->class == PROBLEM_PERSON)
		return;
	if (p->fault.code == FAULT_A11_CA_UNREACHABLE)
		p->retry_at = clock_now() + NETWORK_RETRY_S;
	else if (p->fault.code == FAULT_S19_STORE_AWAY)
		p->retry_at = clock_now() + STORE_RETRY_S;
}

/* Where the CA's reason can be read again. */
static const char *
said_url(const struct issuance *i, const struct problem *p)
{
	const struct order *o = i->order;

	if (o == NULL)
		return NULL;
	if (p->is_validation && o->at < o->n_authorizations)
		return o->authorizations[o->at].url;
	return o->url;
}

/* For people only: an order ends all the same when they cannot be kept. */
static void
keep_words(const struct issuance *i, const struct problem *p)
{
	if (p->said[0] != '\0' && rows_keep_words(i->env->db, i->id, p->said,
				      said_url(i, p)) != ERR_OK)
		log_warning("acme: the CA's words are lost order=%lld",
		    (long long)i->id);
}

static void
give_up(struct issuance *i, const struct problem *problem)
{
	struct problem p = *problem;
	const char *failed = NULL;

	if (p.fault.code == FAULT_A31_PROFILE_REFUSED)
		issuance_tell_profiles(i, &p);
	if (p.is_validation && i->order != NULL)
		failed = i->order->challenge.host;
	keep_words(i, &p);
	if (close_row(i, &p.fault, failed) != ERR_OK) {
		again_in(i, RETRY_MS);
		return;
	}
	add_retry(&p);
	stop(i);
	log_warning("acme: failed host=%s order=%lld code=%s text=%s", i->host,
	    (long long)i->id, fault_code_name(p.fault.code), p.fault.text);
	i->env->on_failed(i->env->ctx, i, &p);
}

void
issuance_cancel(struct issuance *i)
{
	stop(i);
	if (close_row(i, NULL, NULL) != ERR_OK)
		log_error("acme: not cancelled order=%lld", (long long)i->id);
}

enum err
issuance_refuse(struct issuance *i, const struct problem *p)
{
	enum err e = close_row(i, &p->fault, NULL);

	if (e != ERR_OK)
		return e;
	stop(i);
	i->env->on_failed(i->env->ctx, i, p);
	return ERR_OK;
}

/* --- steps --------------------------------------------------------------- */

static struct key_ref
key_of(const struct issuance *i)
{
	return (struct key_ref){
	    (uint64_t)i->id | ORDER_KEY_BIT, KEY_TLS, buf_slice(&i->sealed)};
}

static void
on_published(void *ctx, const struct fault *f)
{
	struct issuance *i = ctx;
	struct problem p;

	i->publication = NULL;
	if (f == NULL) {
		/* what DNS took is not the CA's to make up for */
		i->order->give_up_ms = clock_mono_ms() + ORDER_TIME_MAX_MS;
		order_published(i->order);
	} else {
		problem_set(&p, f->code, "%s", f->text);
		order_fail(i->order, &p);
	}
	issuance_drive(i);
}

/* A TXT record: on_published goes on when the zone's servers have it. */
static enum err
publish_txt(struct issuance *i, const char *key_authorization)
{
	char value[CHALLENGE_DIGEST_MAX + 1];
	enum err e = challenge_dns_value(key_authorization, value);

	if (e == ERR_OK)
		i->publication = txt_records_publish(i->env->txt, i->id,
		    i->order->challenge.host, value, on_published, i);
	return e;
}

/* The challenge is a row, and workers know, before the CA is told to look. */
static enum err
publish(struct issuance *i)
{
	const struct authorization *c = &i->order->challenge;
	char *text = ca_key_authorization(i->env->ca, c->token);
	struct challenge_row row = {
	    .type = c->type,
	    .host = c->host,
	    .token = c->token,
	    .key_authorization = text,
	    .url = c->url,
	};
	enum err e = rows_add_challenge(i->env->db, i->id, &row);

	if (e == ERR_OK && c->type == CHALLENGE_DNS_01)
		e = publish_txt(i, text);
	free(text);
	if (e != ERR_OK || i->publication != NULL)
		return e;
	issuance_bump_token(i, c->token);
	order_published(i->order);
	return ERR_OK;
}

static enum err
make_key(struct issuance *i, struct fault *f)
{
	struct key_new made = {0};
	enum err e = keyring_make(
	    i->env->keyring, KEY_TLS, i->env->config->key_type, &made, f);

	if (e == ERR_OK)
		e = rows_save_key(i->env->db, i->id, buf_slice(&made.sealed));
	if (e == ERR_OK)
		buf_add(&i->sealed, buf_slice(&made.sealed));
	key_new_clear(&made);
	return e;
}

/* Keys or store are away: nothing that ends an order. */
static bool
is_passing(const struct fault *f)
{
	return f->code == FAULT_C37_KEYS_AWAY || f->code == FAULT_NONE;
}

/* The key is written down before the CA sees what it signed: whatever is
 * issued from now on can be used after a crash.  Any value but ERR_OK: not
 * now. */
static enum err
make_csr(struct issuance *i)
{
	struct order *o = i->order;
	struct fault f = {0};
	struct problem p;
	struct key_ref key;
	struct buf csr;
	enum err e = ERR_OK;

	buf_init(&csr, ORDER_PAYLOAD_MAX);
	if (i->sealed.len == 0)
		e = make_key(i, &f);
	key = key_of(i);
	if (e == ERR_OK)
		e = keyring_csr(i->env->keyring, &key, "",
		    (const char *const *)o->names, o->n_names, &csr, &f);
	if (e == ERR_OK) {
		order_take_csr(o, buf_slice(&csr));
	} else if (!is_passing(&f)) {
		problem_set(&p, f.code, "%s", f.text);
		order_fail(o, &p);
		e = ERR_OK;
	}
	buf_clear(&csr);
	return e;
}

/* From the downloaded bytes to a chain that fits; false: it failed, or is tried
 * again. */
static bool
read_chain(struct issuance *i)
{
	struct order *o = i->order;
	struct key_ref key = key_of(i);
	struct fault f = {0};
	struct problem p;
	struct buf spki;
	enum err e;

	buf_init(&spki, 4096);
	e = keyring_public(i->env->keyring, &key, &spki, &f);
	if (e == ERR_OK)
		e = delivery_read(buf_slice(&o->certificate), buf_slice(&spki),
		    (const char *const *)o->names, o->n_names, &i->chain, &f);
	buf_clear(&spki);
	if (e == ERR_OK)
		return true;
	problem_set(&p, f.code, "%s", f.text);
	if (is_passing(&f))
		again_in(i, RETRY_MS);
	else
		give_up(i, &p);
	return false;
}

/* Offered until it is taken, for the store may be away for a while, or until
 * the owner says that it never will be. */
static void
hand_over(struct issuance *i)
{
	struct fault unfit = {0};
	struct tokens *tokens;
	struct problem p;
	enum err e;

	if (i->chain == NULL && !read_chain(i))
		return;
	tokens = tokens_of(i);
	e = i->env->on_issued(i->env->ctx, i, i->chain, &unfit);
	bump_tokens(i, tokens);
	sweep(i);
	if (i->is_over)
		return; /* cancelled from within */
	if (e == ERR_OK) {
		stop(i);
		return;
	}
	if (fault_is_set(&unfit)) {
		problem_set(&p, unfit.code, "%s", unfit.text);
		give_up(i, &p);
		return;
	}
	i->n_refused++;
	log_warning("acme: certificate not taken host=%s order=%lld error=%s",
	    i->host, (long long)i->id, err_name(e));
	again_in(i,
	    (int64_t)1000 *
		(i->n_refused < REFUSED_MAX_S ? i->n_refused : REFUSED_MAX_S));
}

/* The row first, then the step.  An order that the CA took just now counts as
 * an attempt. */
static bool
save(struct issuance *i)
{
	struct order *o = i->order;
	bool is_new = o->url != NULL && !i->is_counted;
	struct order_progress progress = {
	    .directory = i->env->config->directory,
	    .state = order_state_text(o->state),
	    .url = o->url,
	    .finalize_url = o->finalize_url,
	    .certificate_url = o->certificate_url,
	    .ordered = is_new ? i->host : NULL,
	};

	if (!o->is_changed || o->state == ORDER_FAILED)
		return true;
	if (rows_save_order(i->env->db, i->id, &progress) != ERR_OK)
		return false;
	o->is_changed = false;
	i->is_counted = o->url != NULL;
	log_debug("acme: order=%lld host=%s state=%s", (long long)i->id,
	    i->host, progress.state);
	return true;
}

void
issuance_answer(
    void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct issuance *i = ctx;

	i->call = NULL;
	if (p == NULL)
		order_answer(i->order, r);
	else if (p->fault.code != FAULT_C37_KEYS_AWAY)
		order_fail(i->order, p);
	if (p != NULL && p->fault.code == FAULT_C37_KEYS_AWAY)
		again_in(i, RETRY_MS); /* the same request */
	else
		issuance_drive(i);
}

void
issuance_drive(struct issuance *i)
{
	struct order_action a;

	while (!i->is_over) {
		order_next(i->order, clock_mono_ms(), &a);
		if (!save(i)) {
			again_in(i, RETRY_MS);
			return;
		}
		switch (a.step) {
		case ORDER_REQUEST:
			i->call = ca_post(
			    i->env->ca, a.url, a.payload, issuance_answer, i);
			return;
		case ORDER_WAIT:
			again_in(i, a.wait_ms);
			return;
		case ORDER_PUBLISH:
			if ((i->order->by_hand ? issuance_wait_for_hands(i)
					       : publish(i)) != ERR_OK)
				again_in(i, RETRY_MS);
			else if (i->publication == NULL && i->by_hand == NULL)
				break;
			return;
		case ORDER_MAKE_CSR:
			if (make_csr(i) == ERR_OK)
				break;
			again_in(i, RETRY_MS);
			return;
		case ORDER_TAKE:
			hand_over(i);
			return;
		case ORDER_GIVE_UP:
			give_up(i, &i->order->problem);
			return;
		}
	}
}
