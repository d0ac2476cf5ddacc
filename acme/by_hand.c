#include "acme/by_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/dns/zone_check.h"
#include "base/clock.h"
#include "base/mem.h"

#define FIRST_S    1.
#define LONGEST_S  300.
#define TIMEOUT_MS 6000
#define CONNECT_MS 3000
#define REDIRECTS  3
#define BODY_MAX   4096
#define TXT_NAME   "_acme-challenge."
#define TOKEN_PATH "/.well-known/acme-challenge/"

struct goal {
	struct by_hand *owner;
	enum challenge_type type;
	char *where;  /* URL or name */
	char *wanted; /* what stands there */
	bool is_seen;
	struct dns_lookup *lookup;
	struct fetch_call *call;
};

struct by_hand {
	const struct by_hand_env *env;
	char host[HOST_SIZE];
	struct goal goals[CHALLENGE_TYPES];
	size_t n, n_open;
	struct dns_query *query; /* where the host is */
	struct addr at;
	int64_t expires_at;
	bool is_told;
	enum challenge_type told;
	ev_timer timer;
	double pause_s;
	by_hand_done *done;
	void *ctx;
};

static void look(struct by_hand *b);

void
by_hand_cancel(struct by_hand *b)
{
	if (b == NULL)
		return;
	ev_timer_stop(b->env->loop, &b->timer);
	if (b->query != NULL)
		dns_cancel(b->query);
	for (size_t i = 0; i < b->n; i++) {
		dns_lookup_cancel(b->goals[i].lookup);
		if (b->goals[i].call != NULL)
			fetch_cancel(b->goals[i].call);
		free(b->goals[i].where);
		free(b->goals[i].wanted);
	}
	free(b);
}

static void
look_in(struct by_hand *b, double seconds)
{
	ev_timer_stop(b->env->loop, &b->timer);
	ev_timer_set(&b->timer, seconds, 0.);
	ev_timer_start(b->env->loop, &b->timer);
}

/* From the timer: nothing of ours is under way. */
static void
finish(struct by_hand *b, size_t which)
{
	by_hand_done *done = b->done;
	void *ctx = b->ctx;

	by_hand_cancel(b);
	done(ctx, which);
}

/* The goal that is there; n: none. */
static size_t
find_seen(const struct by_hand *b)
{
	size_t at = 0;

	while (at < b->n && !b->goals[at].is_seen)
		at++;
	return at;
}

static size_t
find_type(const struct by_hand *b, enum challenge_type type)
{
	size_t at = 0;

	while (at < b->n && b->goals[at].type != type)
		at++;
	return at < b->n ? at : 0;
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct by_hand *b = container_of(w, struct by_hand, timer);
	size_t seen = find_seen(b);

	(void)loop;
	(void)revents;
	if (seen < b->n || (b->expires_at != 0 && clock_now() >= b->expires_at))
		finish(b, seen);
	else
		look(b);
}

/* All have answered. */
static void
end_round(struct by_hand *b)
{
	bool is_over = find_seen(b) < b->n;

	if (!is_over && b->is_told) {
		b->goals[find_type(b, b->told)].is_seen = true;
		is_over = true;
	}
	if (is_over) {
		look_in(b, 0.);
		return;
	}
	look_in(b, b->pause_s);
	b->pause_s =
	    b->pause_s * 1.5 < LONGEST_S ? b->pause_s * 1.5 : LONGEST_S;
}

static void
end_look(struct by_hand *b)
{
	if (--b->n_open == 0)
		end_round(b);
}

/* --- http-01 -------------------------------------------------------------- */

static void
on_response(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct goal *g = ctx;

	(void)f;
	g->call = NULL;
	g->is_seen = e == ERR_OK && r->status == 200 &&
		     slice_eq(slice_trim(r->body), slice_str(g->wanted));
	end_look(g->owner);
}

static void
fetch_answer(struct by_hand *b, struct goal *g)
{
	struct fetch_request q = {
	    .method = "GET",
	    .url = g->where,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = CONNECT_MS,
	    .body_max = BODY_MAX,
	    .redirects_max = REDIRECTS,
	    .guarded = true,
	    .allowed = b->env->allowed,
	    .n_allowed = b->env->n_allowed,
	    .via = &b->at,
	    .done = on_response,
	    .ctx = g,
	};

	b->n_open++;
	g->call = fetch_start(b->env->fetch, &q);
}

static void
on_addresses(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct by_hand *b = ctx;

	b->query = NULL;
	for (size_t i = 0; i < n; i++) {
		if (answers[i].n_addresses == 0)
			continue;
		b->at = answers[i].addresses[0];
		addr_set_port(&b->at, b->env->http_port);
		for (size_t k = 0; k < b->n; k++)
			if (b->goals[k].type == CHALLENGE_HTTP_01)
				fetch_answer(b, &b->goals[k]);
		break;
	}
	end_look(b);
}

/* --- dns-01 --------------------------------------------------------------- */

static void
on_records(void *ctx, const struct dns_records *r)
{
	struct goal *g = ctx;

	g->lookup = NULL;
	for (size_t i = 0; r->result == DNS_OK && i < r->n; i++)
		g->is_seen |= zone_check_is_text(r->rdata[i], g->wanted);
	end_look(g->owner);
}

/* --- both ----------------------------------------------------------------- */

static void
look(struct by_hand *b)
{
	bool has_http = false;

	b->n_open = 1; /* until all are asked */
	for (size_t i = 0; i < b->n; i++) {
		struct goal *g = &b->goals[i];

		has_http |= g->type == CHALLENGE_HTTP_01;
		if (g->type != CHALLENGE_DNS_01)
			continue;
		b->n_open++;
		g->lookup = dns_lookup(
		    b->env->dns, g->where, DNS_TYPE_TXT, on_records, g);
	}
	if (has_http) {
		b->n_open++;
		b->query = dns_ask_first(b->env->dns, b->host, on_addresses, b);
	}
	end_look(b);
}

void
by_hand_tell(struct by_hand *b, enum challenge_type type)
{
	b->is_told = true;
	b->told = type;
	b->pause_s = FIRST_S;
	if (b->n_open == 0)
		look_in(b, 0.);
}

static void
set_goal(struct by_hand *b, const struct by_hand_goal *from)
{
	struct goal *g = &b->goals[b->n++];
	char value[CHALLENGE_DIGEST_MAX + 1] = "";

	g->owner = b;
	g->type = from->type;
	if (from->type == CHALLENGE_DNS_01) {
		if (challenge_dns_value(from->key_authorization, value) !=
		    ERR_OK)
			die("SHA-256 fails");
		g->where = xasprintf(TXT_NAME "%s", from->host);
		g->wanted = xstrdup(value);
	} else {
		g->where = xasprintf(
		    "http://%s" TOKEN_PATH "%s", from->host, from->token);
		g->wanted = xstrdup(from->key_authorization);
	}
}

struct by_hand *
by_hand_start(const struct by_hand_env *env, const struct by_hand_goal *goals,
    size_t n_goals, int64_t expires_at, by_hand_done *done, void *ctx)
{
	struct by_hand *b = xcalloc(1, sizeof(*b));

	b->env = env;
	b->expires_at = expires_at;
	b->pause_s = FIRST_S;
	b->done = done;
	b->ctx = ctx;
	ev_init(&b->timer, on_timer);
	snprintf(b->host, sizeof(b->host), "%s", goals[0].host);
	for (size_t i = 0; i < n_goals && i < CHALLENGE_TYPES; i++)
		set_goal(b, &goals[i]);
	look_in(b, 0.);
	return b;
}
