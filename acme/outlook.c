#include "acme/outlook.h"

#include <stdio.h>
#include <stdlib.h>

#include "acme/seat.h"
#include "base/clock.h"
#include "base/mem.h"

struct outlook {
	struct issuer *issuer;
	enum wish_ca ca;
	char name[HOST_SIZE];
	const char *names[1]; /* name, as others want it */
	enum ca_seat at;
	struct ca_call *call;
	struct caa_check *caa;
	ev_timer soon; /* the answer is not given from within the question */
	struct ev_loop *loop;
	bool has_answer;
	struct outlook_answer answer; /* of the first that would not */
	outlook_done *done;
	void *ctx;
};

static void next_seat(struct outlook *o);

static void
free_outlook(struct outlook *o)
{
	ev_timer_stop(o->loop, &o->soon);
	free(o);
}

void
outlook_cancel(struct outlook *o)
{
	if (o == NULL)
		return;
	ca_cancel(o->call);
	caa_check_cancel(o->caa);
	free_outlook(o);
}

static void
on_soon(struct ev_loop *loop, ev_timer *w, int events)
{
	struct outlook *o = container_of(w, struct outlook, soon);

	(void)loop;
	(void)events;
	o->done(o->ctx, &o->answer);
	free_outlook(o);
}

static void
conclude(struct outlook *o)
{
	ev_timer_set(&o->soon, 0., 0.);
	ev_timer_start(o->loop, &o->soon);
}

static void
would(struct outlook *o)
{
	o->answer = (struct outlook_answer){.until = 0};
	conclude(o);
}

/* This CA would not; perhaps the other one. */
static void
would_not(struct outlook *o, const struct fault *f, int64_t until, bool passes)
{
	if (!o->has_answer)
		o->answer = (struct outlook_answer){*f, until, passes};
	o->has_answer = true;
	o->at++;
	next_seat(o);
}

static bool
is_passing(enum fault_code code)
{
	return code == FAULT_A11_CA_UNREACHABLE ||
	       code == FAULT_A12_CA_ANSWER_MALFORMED ||
	       code == FAULT_A19_CHALLENGE_DNS ||
	       code == FAULT_A25_CA_INTERNAL || code == FAULT_C37_KEYS_AWAY ||
	       code == FAULT_S19_STORE_AWAY;
}

static void
ask_ledger(struct outlook *o, const struct seat *seat)
{
	struct seat_order order = {.order = {.names = o->names, .n_names = 1}};
	struct fault f = {0};
	int64_t at = 0;

	if (seat_ask(seat, &order, &at, &f) == ERR_AGAIN)
		would_not(o, &f, at, true);
	else
		would(o);
}

static void
on_caa(void *ctx, const struct fault *f, const struct challenge_choice *choice)
{
	struct outlook *o = ctx;

	(void)choice;
	o->caa = NULL;
	if (f != NULL)
		would_not(o, f, 0, is_passing(f->code));
	else
		ask_ledger(o, issuer_seat(o->issuer, o->at));
}

static void
on_known(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct outlook *o = ctx;
	const struct seat *seat = issuer_seat(o->issuer, o->at);
	struct caa_question question = {.names = o->names,
	    .n_names = 1,
	    .asker = {.account_url = ca_account_url(seat->ca)},
	    .choice = seat->config.challenges};

	(void)r;
	o->call = NULL;
	if (p != NULL) {
		would_not(o, &p->fault, p->retry_at,
		    p->retry_at != 0 || is_passing(p->fault.code));
		return;
	}
	question.asker.issuers =
	    ca_issuers(seat->ca, &question.asker.n_issuers);
	if (question.asker.n_issuers == 0 || seat->env.dns == NULL)
		ask_ledger(o, seat);
	else
		o->caa = caa_check_start(seat->env.dns, &question, on_caa, o);
}

static bool
is_wanted(const struct outlook *o)
{
	return o->ca == WISH_CA_AUTO ||
	       (o->ca == WISH_CA_FIRST) == (o->at == CA_FIRST);
}

static void
next_seat(struct outlook *o)
{
	struct seat_order order = {.order = {.names = o->names, .n_names = 1}};
	const struct seat *seat = NULL;
	struct fault f = {0};

	for (; o->at < CA_SEATS; o->at++) {
		seat = is_wanted(o) ? issuer_seat(o->issuer, o->at) : NULL;
		if (seat != NULL)
			break;
	}
	if (seat == NULL)
		conclude(o);
	else if (seat_check(seat, &order, &f) != ERR_OK)
		would_not(o, &f, 0, false);
	else if (seat->refuses_until > clock_now())
		would_not(o, &seat->refusal, seat->refuses_until, true);
	else
		o->call = ca_know(seat->ca, on_known, o);
}

struct outlook *
outlook_start(struct issuer *is, enum wish_ca ca, const char *name,
    outlook_done *done, void *ctx)
{
	struct outlook *o = xcalloc(1, sizeof(*o));

	*o = (struct outlook){.issuer = is,
	    .ca = ca,
	    .loop = issuer_seat(is, CA_FIRST)->env.loop,
	    .done = done,
	    .ctx = ctx};
	(void)snprintf(o->name, sizeof(o->name), "%s", name);
	o->names[0] = o->name;
	ev_init(&o->soon, on_soon);
	next_seat(o);
	return o;
}
