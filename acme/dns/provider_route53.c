#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acme/dns/provider.h"
#include "acme/dns/route53_account.h"
#include "acme/dns/route53_settling.h"
#include "base/log.h"
#include "base/mem.h"

#define TRIES_MAX    8     /* of a request that is refused for now */
#define TRY_AGAIN_S  0.25  /* then twice that, ... */
#define ZONE_SECONDS 3600. /* an id is remembered for so long */

/* What is asked next. */
enum route53_state {
	FIND_ZONE, /* who has the name, or its parent, and so on */
	READ_SET,  /* what stands there */
	SEND,      /* what shall stand there */
};

struct route53 {
	struct provider provider;
	struct route53_account account;
	enum route53_state state;
	char name[256];                /* of the last change... */
	char zone[256];                /* ...and its zone's */
	char zone_id[ROUTE53_ID_SIZE]; /* "": not known */
	ev_tstamp zone_until;
	struct route53_set was, set;
	int tries;
	struct fetch_call *call;
	ev_timer timer;
};

static void ask(struct route53 *r);

/* --- the end -------------------------------------------------------------- */

static void
clear(struct route53 *r)
{
	ev_timer_stop(r->provider.loop, &r->timer);
	route53_set_clear(&r->was);
	route53_set_clear(&r->set);
}

static void
finish(struct route53 *r, const struct fault *f)
{
	clear(r);
	if (f != NULL)
		r->zone_id[0] = '\0'; /* it may be another now */
	provider_finish(&r->provider, f);
}

static void
fail_unreadable(struct route53 *r)
{
	struct fault f = {0};

	fault_set(&f, FAULT_D31_PROVIDER_UNREACHABLE,
	    "What answers at %s is not Route 53", r->account.endpoint);
	finish(r, &f);
}

static void
ask_in(struct route53 *r, double seconds)
{
	ev_timer_set(&r->timer, seconds, 0.);
	ev_timer_start(r->provider.loop, &r->timer);
}

/* --- the set -------------------------------------------------------------- */

static const struct provider_change *
change_of(const struct route53 *r)
{
	return &r->provider.current->change;
}

/* TXT values stand in quotes; ours have no bytes that would need more. */
static void
put_value(const struct provider_change *c, char out[PROVIDER_VALUE_SIZE])
{
	bool is_quoted = strcmp(c->type, "TXT") == 0;

	snprintf(
	    out, PROVIDER_VALUE_SIZE, is_quoted ? "\"%s\"" : "%s", c->value);
}

static void
add_value(struct route53_set *s, const char *value)
{
	s->values[s->n_values++] = xstrdup(value);
}

/* Of names, case and the last dot say nothing. */
static bool
is_same(const char *type, const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	if (strcmp(type, "CNAME") != 0)
		return strcmp(a, b) == 0;
	n -= n > 0 && a[n - 1] == '.';
	m -= m > 0 && b[m - 1] == '.';
	return n == m && strncasecmp(a, b, n) == 0;
}

/* What shall stand there.  False: it stands there already. */
static bool
plan(struct route53 *r)
{
	const struct provider_change *c = change_of(r);
	char value[PROVIDER_VALUE_SIZE];
	struct route53_set *set = &r->set;
	bool was_there = false;

	put_value(c, value);
	*set = (struct route53_set){
	    .ttl_s = r->was.n_values > 0 ? r->was.ttl_s : c->ttl_s};
	snprintf(set->name, sizeof(set->name), "%s", c->name);
	snprintf(set->type, sizeof(set->type), "%s", c->type);
	for (size_t i = 0; i < r->was.n_values; i++) {
		bool is_it = is_same(c->type, r->was.values[i], value);

		was_there |= is_it;
		if (c->act != PROVIDER_REPLACE && !is_it)
			add_value(set, r->was.values[i]);
	}
	if (c->act == PROVIDER_REMOVE)
		return was_there;
	if (c->act == PROVIDER_ADD && was_there)
		return false;
	if (c->act == PROVIDER_REPLACE && was_there && r->was.n_values == 1)
		return false;
	if (set->n_values < ROUTE53_VALUES_MAX)
		add_value(set, value);
	return true;
}

static void
refuse_special(struct route53 *r)
{
	struct fault f = {0};

	fault_set(&f, FAULT_D30_PROVIDER_REFUSED,
	    "%s %s at Route 53 is an alias or has a routing policy, and is "
	    "left alone",
	    change_of(r)->type, change_of(r)->name);
	finish(r, &f);
}

static void
take_set(struct route53 *r, struct slice body)
{
	if (route53_read_set(body, change_of(r)->name, change_of(r)->type,
		&r->was) != ERR_OK) {
		fail_unreadable(r);
	} else if (r->was.is_special) {
		refuse_special(r);
	} else if (!plan(r)) {
		finish(r, NULL);
	} else {
		r->state = SEND;
		ask(r);
	}
}

/* --- the zone ------------------------------------------------------------- */

static void
fail_no_zone(struct route53 *r)
{
	struct fault f = {0};

	fault_set(&f, FAULT_D32_PROVIDER_NO_ZONE,
	    "The account at Route 53 has no public zone for %s",
	    change_of(r)->name);
	finish(r, &f);
}

static void
take_zone(struct route53 *r, struct slice body)
{
	enum err e = route53_read_zone(body, r->zone, r->zone_id);

	if (e == ERR_OK) {
		r->zone_until = ev_now(r->provider.loop) + ZONE_SECONDS;
		r->state = READ_SET;
		ask(r);
		return;
	}
	r->zone_id[0] = '\0';
	if (e != ERR_NOT_FOUND) {
		fail_unreadable(r);
		return;
	}
	memmove(r->zone, provider_parent(r->zone),
	    strlen(provider_parent(r->zone)) + 1);
	if (strchr(r->zone, '.') == NULL)
		fail_no_zone(r);
	else
		ask(r);
}

/* --- the change ----------------------------------------------------------- */

static void
on_settled(void *ctx, bool is_in_sync)
{
	struct provider_call *call = ctx;
	struct fault f = {0};

	if (!is_in_sync)
		fault_set(&f, FAULT_D31_PROVIDER_UNREACHABLE,
		    "Route 53 has not passed the change of %s on to its "
		    "servers",
		    call->change.name);
	provider_settled(call, is_in_sync ? NULL : &f);
}

static void
take_change(struct route53 *r, struct slice body)
{
	char id[ROUTE53_ID_SIZE];
	struct provider_call *call;
	bool is_in_sync;

	if (route53_read_change(body, id, &is_in_sync) != ERR_OK) {
		fail_unreadable(r);
	} else if (is_in_sync || change_of(r)->act == PROVIDER_REMOVE) {
		finish(r, NULL); /* nobody waits for a value to go */
	} else {
		clear(r);
		call = provider_settle(&r->provider);
		call->settling = route53_settle(
		    r->provider.loop, &r->account, id, on_settled, call);
	}
}

/* --- requests ------------------------------------------------------------- */

static void
take(struct route53 *r, struct slice body)
{
	r->tries = 0;
	switch (r->state) {
	case FIND_ZONE:
		take_zone(r, body);
		break;
	case READ_SET:
		take_set(r, body);
		break;
	case SEND:
		take_change(r, body);
		break;
	}
}

/* Five requests a second are allowed to all users of an account together. */
static bool
is_for_now(int status, const char *code)
{
	return status == 0 || status >= 500 || status == 429 ||
	       strcmp(code, "Throttling") == 0 ||
	       strcmp(code, "PriorRequestNotComplete") == 0;
}

static void
take_refusal(struct route53 *r, const struct fetch_response *rsp,
    const struct fault *why)
{
	char code[64] = "", message[256] = "";
	struct fault f = {0};

	if (rsp->status != 0 &&
	    route53_read_error(rsp->body, code, sizeof(code), message,
		sizeof(message)) != ERR_OK)
		snprintf(message, sizeof(message), "HTTP %d", rsp->status);
	if (is_for_now(rsp->status, code) && r->tries < TRIES_MAX) {
		double pause =
		    route53_jittered(TRY_AGAIN_S * (double)(1 << r->tries++));

		log_debug("route53: again in %.2f s: %s", pause, code);
		ask_in(r, pause);
		return;
	}
	if (rsp->status == 0)
		fault_set(&f, FAULT_D31_PROVIDER_UNREACHABLE,
		    "Route 53 cannot be reached: %s", why->text);
	else
		fault_set(&f, FAULT_D30_PROVIDER_REFUSED,
		    "Route 53 refused the change of %s: %s %s",
		    change_of(r)->name, code, message);
	finish(r, &f);
}

static void
on_answer(void *ctx, enum err e, const struct fetch_response *rsp,
    const struct fault *f)
{
	struct route53 *r = ctx;

	r->call = NULL;
	if (e == ERR_OK && rsp->status == 200)
		take(r, rsp->body);
	else
		take_refusal(r, rsp, f);
}

static void
request(struct route53 *r, const char *path, struct slice body)
{
	r->call = route53_request(&r->account, path, body, on_answer, r);
}

static void
get(struct route53 *r, const char *path)
{
	request(r, path, (struct slice){NULL, 0});
}

/* A name as part of a query: "*" is the only byte of ours to be encoded. */
static void
encode_name(const char *name, char out[PROVIDER_NAME_SIZE + 4])
{
	bool is_wildcard = name[0] == '*';

	snprintf(out, PROVIDER_NAME_SIZE + 4, "%s%s.", is_wildcard ? "%2A" : "",
	    name + (is_wildcard ? 1 : 0));
}

static void
ask_for_set(struct route53 *r)
{
	char name[PROVIDER_NAME_SIZE + 4];
	char path[512];

	encode_name(change_of(r)->name, name);
	snprintf(path, sizeof(path),
	    "/hostedzone/%s/rrset?maxitems=1&name=%s&type=%s", r->zone_id, name,
	    change_of(r)->type);
	get(r, path);
}

static void
send_set(struct route53 *r)
{
	char path[128];
	struct buf b;

	buf_init(&b, ROUTE53_XML_MAX);
	snprintf(path, sizeof(path), "/hostedzone/%s/rrset/", r->zone_id);
	if (route53_write_change(&b, &r->was, &r->set) == ERR_OK)
		request(r, path, buf_slice(&b));
	else
		fail_unreadable(r);
	buf_clear(&b);
}

static void
ask(struct route53 *r)
{
	char path[512];

	switch (r->state) {
	case FIND_ZONE:
		snprintf(path, sizeof(path),
		    "/hostedzonesbyname?dnsname=%s.&maxitems=100", r->zone);
		get(r, path);
		break;
	case READ_SET:
		ask_for_set(r);
		break;
	case SEND:
		send_set(r);
		break;
	}
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	ask(container_of(w, struct route53, timer));
}

/* --- as a provider -------------------------------------------------------- */

static void
start(struct provider *p)
{
	struct route53 *r = container_of(p, struct route53, provider);
	const char *name = p->current->change.name;

	r->tries = 0;
	/* of another name in the zone a zone below it could be nearer */
	if (r->zone_id[0] != '\0' && strcmp(name, r->name) == 0 &&
	    ev_now(p->loop) < r->zone_until) {
		r->state = READ_SET;
	} else {
		r->state = FIND_ZONE;
		r->zone_id[0] = '\0';
		snprintf(r->name, sizeof(r->name), "%s", name);
		/* a wildcard is no zone */
		if (strncmp(name, "*.", 2) == 0)
			name += 2;
		snprintf(r->zone, sizeof(r->zone), "%s", name);
	}
	ask(r);
}

static void
stop(struct provider *p)
{
	struct route53 *r = container_of(p, struct route53, provider);

	if (r->call != NULL)
		fetch_cancel(r->call);
	r->call = NULL;
	clear(r);
}

static void
drop(struct provider *p, struct provider_call *call)
{
	(void)p;
	route53_settling_cancel(call->settling);
}

static void
free_route53(struct provider *p)
{
	struct route53 *r = container_of(p, struct route53, provider);

	route53_account_clear(&r->account);
	free(r);
}

struct provider *
provider_route53(struct ev_loop *loop, struct fetch *fetch,
    const struct route53_config *config)
{
	static const struct provider_ops ops = {
	    start, stop, drop, free_route53};
	struct route53 *r = xcalloc(1, sizeof(*r));

	provider_init(&r->provider, loop, &ops);
	route53_account_init(&r->account, fetch, config);
	ev_init(&r->timer, on_timer);
	return &r->provider;
}
