#include "admin-tui/live.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define ROUND_EVERY_MS 1000
#define PAGE_MS        10000 /* a daemon that takes longer is away */
#define ROUND_SHARE    10    /* a round takes at most a tenth of the time */
#define FOLLOW_AGAIN_S 2.
#define SOON_S         0.05 /* gathers a burst of events into one round */

enum step { /* of a round, in this order */
	STEP_STATUS,
	STEP_TRAFFIC,
	STEP_PROBLEMS,
	STEP_OTHERS
};

struct live {
	struct ev_loop *loop;
	struct client *client;
	struct model *model;
	struct live_hooks hooks;
	struct ev_timer next_round;
	struct ev_timer next_follow;
	struct client_call *call;   /* of the round; NULL: between rounds */
	struct client_call *follow; /* the stream of events */
	enum step step;
	int64_t began_ms;
	int64_t last_event; /* its number; 0: none was seen */
	int failures;
	bool is_wanted; /* another round right after this one */
};

static void ask_page(struct live *l, const char *path);

static void
schedule(struct live *l, double seconds)
{
	ev_timer_stop(l->loop, &l->next_round);
	ev_timer_set(&l->next_round, seconds, 0.);
	ev_timer_start(l->loop, &l->next_round);
}

static void
failed(struct live *l, const struct fault *why)
{
	static const double pauses[] = {0.25, 0.5, 1., 2., 5.};
	size_t at = (size_t)l->failures;
	double pause =
	    pauses[at < COUNT_OF(pauses) ? at : COUNT_OF(pauses) - 1];
	l->failures++;
	l->is_wanted = false;
	model_away(l->model, why, clock_now() + (int64_t)(pause + 0.5));
	schedule(l, pause);
	l->hooks.changed(l->hooks.ctx);
}

static void
finished(struct live *l)
{
	int64_t took = clock_mono_ms() - l->began_ms;
	int64_t pause = took * ROUND_SHARE;
	if (pause < ROUND_EVERY_MS)
		pause = ROUND_EVERY_MS;
	l->failures = 0;
	model_commit(l->model);
	model_live(l->model);
	schedule(l, l->is_wanted ? SOON_S : (double)pause / 1000.);
	l->is_wanted = false;
	if (l->follow == NULL && !ev_is_active(&l->next_follow)) {
		ev_timer_set(&l->next_follow, 0., 0.);
		ev_timer_start(l->loop, &l->next_follow);
	}
	l->hooks.changed(l->hooks.ctx);
}

/* All of them fit in one page: what is a problem is among them. */
static bool
is_small(const struct live *l)
{
	return l->model->n_total <= MODEL_OTHERS_MAX;
}

static void
next_step(struct live *l)
{
	char path[64];
	switch (l->step) {
	case STEP_STATUS:
		l->step = STEP_TRAFFIC;
		ask_page(l, "/v1/stats?summary=1");
		return;
	case STEP_TRAFFIC:
		model_begin(l->model);
		l->step = is_small(l) ? STEP_OTHERS : STEP_PROBLEMS;
		break;
	case STEP_PROBLEMS:
		l->step = STEP_OTHERS;
		break;
	case STEP_OTHERS:
		finished(l);
		return;
	}
	snprintf(path, sizeof(path), "/v1/domains?%slimit=%d",
	    l->step == STEP_PROBLEMS ? "problems=1&" : "", MODEL_OTHERS_MAX);
	ask_page(l, path);
}

static void
on_page(void *ctx, const struct client_answer *answer)
{
	struct live *l = ctx;
	l->call = NULL;
	if (!answer->is_ok &&
	    (l->step != STEP_TRAFFIC || answer->status == 0)) {
		failed(l, &answer->fault);
		return;
	}
	if (l->step == STEP_STATUS)
		model_status(l->model, answer->body);
	else if (l->step == STEP_TRAFFIC)
		model_traffic(l->model, answer->body);
	else
		model_add(l->model, answer->body);
	/* Problems are listed to the last (the model keeps so many). */
	if (l->step == STEP_PROBLEMS && answer->next != NULL &&
	    l->model->n_staged + MODEL_OTHERS_MAX < MODEL_DOMAINS_MAX)
		ask_page(l, answer->next);
	else
		next_step(l);
}

static void
ask_page(struct live *l, const char *path)
{
	const struct client_request request = {
	    .method = "GET", .path = path, .timeout_ms = PAGE_MS};
	l->call = client_send(l->client, &request, on_page, l);
}

static void
begin_round(struct live *l)
{
	l->began_ms = clock_mono_ms();
	l->step = STEP_STATUS;
	ask_page(l, "/v1/status");
}

static void
on_next_round(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct live *l = container_of(w, struct live, next_round);
	(void)loop;
	(void)revents;
	if (l->call == NULL)
		begin_round(l);
}

void
live_refresh(struct live *l)
{
	/* One that comes soon anyway is not put off: events may never end. */
	if (l->call != NULL)
		l->is_wanted = true;
	else if (ev_timer_remaining(l->loop, &l->next_round) > SOON_S)
		schedule(l, SOON_S);
}

/* --- the stream of events ----------------------------------------------- */

static void
on_event(void *ctx, const json_t *item)
{
	struct live *l = ctx;
	int64_t sequence = json_int(item, "sequence");
	if (sequence > l->last_event)
		l->last_event = sequence;
	l->hooks.event(l->hooks.ctx, json_str(item, "host"));
	live_refresh(l);
}

/* It ends when the daemon does; rounds tell whether it is away. */
static void
on_follow_end(void *ctx, const struct client_answer *answer)
{
	struct live *l = ctx;
	(void)answer;
	l->follow = NULL;
	ev_timer_set(&l->next_follow, FOLLOW_AGAIN_S, 0.);
	ev_timer_start(l->loop, &l->next_follow);
}

static void
on_next_follow(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct live *l = container_of(w, struct live, next_follow);
	char path[64] = "/v1/events";
	(void)loop;
	(void)revents;
	if (l->model->link != LINK_LIVE)
		return; /* started again with the first good round */
	if (l->last_event > 0)
		snprintf(path, sizeof(path), "/v1/events?after=%lld",
		    (long long)l->last_event);
	l->follow = client_follow(l->client, path, on_event, on_follow_end, l);
}

struct live *
live_new(struct ev_loop *loop, struct client *client, struct model *model,
    const struct live_hooks *hooks)
{
	struct live *l = xcalloc(1, sizeof(*l));
	l->loop = loop;
	l->client = client;
	l->model = model;
	l->hooks = *hooks;
	ev_timer_init(&l->next_round, on_next_round, 0., 0.);
	ev_timer_init(&l->next_follow, on_next_follow, 0., 0.);
	ev_timer_start(loop, &l->next_round);
	return l;
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	ev_timer_stop(l->loop, &l->next_round);
	ev_timer_stop(l->loop, &l->next_follow);
	if (l->call != NULL)
		client_cancel(l->call);
	if (l->follow != NULL)
		client_cancel(l->follow);
	free(l);
}
