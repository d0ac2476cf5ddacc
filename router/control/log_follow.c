#include "router/control/log_follow.h"

#include <ev.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/ask.h"
#include "router/control/control.h"
#include "router/control/log_lines.h"

#define FETCH_S   0.1
#define ROOM_MIN  ((size_t)64 * 1024) /* an event is a few kilobytes */
#define QUIET_MS  15000 /* then a comment, so that proxies keep it */
#define FRAME_MAX ((size_t)64 * 1024)

struct log_followers {
	struct control *control;
	struct list list;
	struct list gone; /* whose answer is out */
	size_t n;
	uint32_t next_id;
	struct ev_timer fetch;
};

struct log_follower {
	struct list link;
	struct log_followers *all;
	struct http_exchange *x; /* NULL: gone */
	uint32_t id;             /* of its taps in the workers */
	struct log_filter filter;
	uint32_t last; /* lines to begin with */
	bool has_begun;
	struct log_lines lines; /* of the fetch under way */
	bool is_fetching;
	uint64_t missed; /* to be told */
	int64_t sent_ms;
};

/* --- life ------------------------------------------------------------------
 */

static void
free_follower(struct log_follower *f)
{
	log_lines_clear(&f->lines);
	free(f);
}

static void
end_taps(const struct log_follower *f)
{
	struct buf body;

	buf_init(&body, sizeof(uint32_t));
	wire_put_u32(&body, f->id);
	tell_workers(f->all->control, MSG_LOGS_END, buf_slice(&body));
	buf_clear(&body);
}

static void
on_gone(void *ctx)
{
	struct log_follower *f = ctx;
	struct log_followers *all = f->all;

	list_remove(&f->link);
	if (--all->n == 0)
		ev_timer_stop(all->control->loop, &all->fetch);
	end_taps(f);
	f->x = NULL;
	if (f->is_fetching)
		list_append(&all->gone, &f->link);
	else
		free_follower(f);
}

static void
free_all(struct list *list)
{
	LIST_FOREACH_SAFE(it, list) {
		list_remove(it);
		free_follower(container_of(it, struct log_follower, link));
	}
}

void
log_followers_free(struct log_followers *all)
{
	if (all == NULL)
		return;
	free_all(&all->list);
	free_all(&all->gone);
	ev_timer_stop(all->control->loop, &all->fetch);
	free(all);
}

/* --- sending ---------------------------------------------------------------
 */

static void
send_event(struct log_follower *f, const char *head, json_t *data)
{
	struct buf frame;

	buf_init(&frame, FRAME_MAX);
	(void)buf_add_str(&frame, head);
	(void)buf_add_str(&frame, "data: ");
	(void)json_add(&frame, data);
	(void)buf_add_str(&frame, "\n\n");
	if (!buf_failed(&frame))
		http_stream_send(f->x, buf_slice(&frame));
	buf_clear(&frame);
	json_decref(data);
	f->sent_ms = clock_mono_ms();
}

static void
tell_missed(struct log_follower *f)
{
	json_t *o = json_object();

	json_put_int(o, "missed", (int64_t)f->missed);
	send_event(f, "event: missed\n", o);
	f->missed = 0;
}

static void
send_lines(struct log_follower *f)
{
	size_t i = 0;

	f->missed += f->lines.missed;
	log_lines_sort(&f->lines);
	if (!f->has_begun && f->lines.n > f->last)
		i = f->lines.n - f->last; /* each worker gave so many */
	f->has_begun = true;
	for (; i < f->lines.n; i++) {
		if (http_stream_room(f->x) < ROOM_MIN) {
			f->missed++;
			continue;
		}
		if (f->missed > 0)
			tell_missed(f);
		send_event(f, "", log_line_json(log_lines_at(&f->lines, i)));
	}
	if (http_stream_room(f->x) < ROOM_MIN)
		return;
	if (f->missed > 0)
		tell_missed(f);
	if (clock_mono_ms() - f->sent_ms >= QUIET_MS) {
		http_stream_send(f->x, SLICE(":\n\n"));
		f->sent_ms = clock_mono_ms();
	}
}

/* --- fetching --------------------------------------------------------------
 */

static enum err
on_answer(void *ctx, uint32_t seat, struct slice body)
{
	struct log_follower *f = ctx;

	(void)seat;
	return log_lines_read(&f->lines, body);
}

static void
on_fetched(void *ctx)
{
	struct log_follower *f = ctx;

	f->is_fetching = false;
	if (f->x == NULL) {
		list_remove(&f->link);
		free_follower(f);
		return;
	}
	send_lines(f);
	log_lines_clear(&f->lines);
}

static void
fetch(struct log_follower *f)
{
	struct ask ask = {.type = MSG_LOGS,
	    .seat = ASK_ALL,
	    .on_answer = on_answer,
	    .on_done = on_fetched,
	    .ctx = f};
	struct buf body;

	buf_init(&body, 1024);
	wire_put_u32(&body, f->id);
	log_filter_put(&body, &f->filter);
	/* of a worker that comes later there is nothing older */
	wire_put_u32(&body, f->has_begun ? 0 : f->last);
	f->is_fetching = true;
	ask.body = buf_slice(&body);
	ask_workers(f->all->control, &ask);
	buf_clear(&body);
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct log_followers *all =
	    container_of(w, struct log_followers, fetch);

	(void)loop;
	(void)events;
	LIST_FOREACH_SAFE(it, &all->list) {
		struct log_follower *f =
		    container_of(it, struct log_follower, link);

		if (!f->is_fetching)
			fetch(f);
	}
}

struct log_followers *
log_followers_new(struct control *c)
{
	struct log_followers *all = xcalloc(1, sizeof(*all));

	all->control = c;
	list_init(&all->list);
	list_init(&all->gone);
	ev_timer_init(&all->fetch, on_tick, FETCH_S, FETCH_S);
	return all;
}

enum err
log_follow(struct control *c, struct http_exchange *x,
    const struct log_filter *filter, uint32_t last, struct fault *fault)
{
	struct log_followers *all = c->log_followers;
	struct log_follower *f;

	if (all->n >= LOG_FOLLOWERS_MAX) {
		fault_set(fault, FAULT_S20_LIMIT_REACHED,
		    "%d clients follow router lines already",
		    LOG_FOLLOWERS_MAX);
		return ERR_TOO_BIG;
	}
	f = xcalloc(1, sizeof(*f));
	f->all = all;
	f->x = x;
	f->id = ++all->next_id;
	f->filter = *filter;
	f->last = last;
	f->sent_ms = clock_mono_ms();
	log_lines_init(&f->lines);
	list_append(&all->list, &f->link);
	if (all->n++ == 0)
		ev_timer_again(c->loop, &all->fetch);
	if (!http_stream_begin(x, "text/event-stream", on_gone, f)) {
		on_gone(f);
		return ERR_OK;
	}
	fetch(f);
	return ERR_OK;
}
