/* The part of acme/issuance_inside.h for challenges that somebody else
 * serves: all that the CA offers are rows, for people to read and for workers
 * to answer when the name comes to lead here meanwhile. */
#include <stdlib.h>

#include "acme/issuance_inside.h"
#include "acme/rows.h"
#include "base/log.h"
#include "base/mem.h"

/* What a person can do with nothing but a web server or a zone. */
static bool
can_be_served(const struct challenge_offer *o)
{
	return o->type == CHALLENGE_HTTP_01 || o->type == CHALLENGE_DNS_01;
}

static enum err
write_row(struct issuance *i, const struct challenge_offer *o)
{
	const struct authorization *a = &i->order->challenge;
	char *text = ca_key_authorization(i->env->ca, o->token);
	struct challenge_row row = {
	    .type = o->type,
	    .host = a->host,
	    .token = o->token,
	    .key_authorization = text,
	    .url = o->url,
	    .expires_at = a->expires_at,
	};
	enum err e = rows_add_challenge(i->env->db, i->id, &row);

	free(text);
	if (e == ERR_OK)
		issuance_bump_token(i, o->token);
	return e;
}

static void
expire(struct issuance *i)
{
	struct problem p;

	problem_set(&p, FAULT_A22_ORDER_INVALID,
	    "The challenge for %s was served nowhere before it expired",
	    i->host);
	order_fail(i->order, &p);
}

/* The offers that can be served, by their number among these. */
static const struct challenge_offer *
offer_at(const struct issuance *i, size_t which)
{
	const struct authorization *a = &i->order->challenge;

	for (size_t at = 0; at < a->n_offers; at++)
		if (can_be_served(&a->offers[at]) && which-- == 0)
			return &a->offers[at];
	return NULL;
}

static void
on_seen(void *ctx, size_t which)
{
	struct issuance *i = ctx;
	struct authorization *a = &i->order->challenge;
	const struct challenge_offer *o = offer_at(i, which);

	i->by_hand = NULL;
	i->env->on_waits(i->env->ctx, i, false);
	if (o == NULL) {
		expire(i);
	} else {
		log_info("acme: %s is served host=%s order=%lld",
		    challenge_type_text(o->type), i->host, (long long)i->id);
		a->type = o->type;
		memcpy(a->token, o->token, sizeof(a->token));
		memcpy(a->url, o->url, sizeof(a->url));
		if (write_row(i, o) != ERR_OK) /* the last one is remembered */
			log_warning("acme: its type is not noted order=%lld",
			    (long long)i->id);
		order_published(i->order);
	}
	issuance_drive(i);
}

static void
watch(struct issuance *i)
{
	const struct authorization *a = &i->order->challenge;
	struct by_hand_goal goals[CHALLENGE_TYPES];
	char *texts[CHALLENGE_TYPES];
	const struct challenge_offer *o;
	size_t n = 0;

	for (; (o = offer_at(i, n)) != NULL; n++) {
		texts[n] = ca_key_authorization(i->env->ca, o->token);
		goals[n] =
		    (struct by_hand_goal){a->host, o->token, texts[n], o->type};
	}
	i->by_hand =
	    by_hand_start(&i->env->hands, goals, n, a->expires_at, on_seen, i);
	while (n > 0)
		free(texts[--n]);
	if (i->is_told)
		by_hand_tell(i->by_hand, i->told);
	i->env->on_waits(i->env->ctx, i, true);
}

enum err
issuance_wait_for_hands(struct issuance *i)
{
	const struct challenge_offer *o;
	enum err e = ERR_OK;
	struct problem p;

	for (size_t n = 0; e == ERR_OK && (o = offer_at(i, n)) != NULL; n++)
		e = write_row(i, o);
	if (e != ERR_OK)
		return e;
	if (offer_at(i, 0) != NULL) {
		watch(i);
		return ERR_OK;
	}
	problem_set(&p, FAULT_A27_NO_USABLE_CHALLENGE,
	    "The certificate authority offers no challenge for %s that could "
	    "be served elsewhere",
	    i->host);
	order_fail(i->order, &p);
	return ERR_OK;
}
