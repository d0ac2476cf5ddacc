#include "acme/dns/route53_settling.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define POLL_S     0.5 /* to the first question, then that more each time... */
#define POLL_MAX_S 5.  /* ...up to this: an account has five a second */
#define POLLS_MAX  100 /* changes take a minute at most */

struct route53_settling {
	struct ev_loop *loop;
	const struct route53_account *account;
	char id[ROUTE53_ID_SIZE];
	int polls;
	struct fetch_call *call;
	ev_timer timer;
	route53_settled *done;
	void *ctx;
};

void
route53_settling_cancel(struct route53_settling *s)
{
	if (s == NULL)
		return;
	ev_timer_stop(s->loop, &s->timer);
	if (s->call != NULL)
		fetch_cancel(s->call);
	free(s);
}

static void
finish(struct route53_settling *s, bool is_in_sync)
{
	route53_settled *done = s->done;
	void *ctx = s->ctx;

	route53_settling_cancel(s);
	done(ctx, is_in_sync);
}

static void
wait(struct route53_settling *s)
{
	double pause = ++s->polls * POLL_S;

	ev_timer_set(&s->timer,
	    route53_jittered(pause < POLL_MAX_S ? pause : POLL_MAX_S), 0.);
	ev_timer_start(s->loop, &s->timer);
}

/* Any other answer is no reason to make the change again: it was taken. */
static void
on_answer(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct route53_settling *s = ctx;
	char id[ROUTE53_ID_SIZE];
	bool is_in_sync = false;

	(void)f;
	s->call = NULL;
	if (e == ERR_OK && r->status == 200 &&
	    route53_read_change(r->body, id, &is_in_sync) == ERR_OK &&
	    is_in_sync)
		finish(s, true);
	else if (s->polls < POLLS_MAX)
		wait(s);
	else
		finish(s, false);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct route53_settling *s =
	    container_of(w, struct route53_settling, timer);
	char path[ROUTE53_ID_SIZE + 16];

	(void)loop;
	(void)revents;
	(void)snprintf(path, sizeof(path), "/change/%s", s->id);
	s->call = route53_request(
	    s->account, path, (struct slice){NULL, 0}, on_answer, s);
}

struct route53_settling *
route53_settle(struct ev_loop *loop, const struct route53_account *account,
    const char change_id[ROUTE53_ID_SIZE], route53_settled *done, void *ctx)
{
	struct route53_settling *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->account = account;
	s->done = done;
	s->ctx = ctx;
	(void)snprintf(s->id, sizeof(s->id), "%s", change_id);
	ev_init(&s->timer, on_timer);
	wait(s);
	return s;
}
