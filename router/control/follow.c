#include "router/control/follow.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "router/control/control.h"

#define BATCH     200
#define ROOM_MIN  (256 * 1024) /* of a batch; an event is a few kilobytes */
#define QUIET_MS  15000        /* then a comment, so that proxies keep it */
#define FRAME_MAX (1024 * 1024)

struct followers {
	struct list list;
	size_t n;
};

struct follower {
	struct list link;
	struct followers *all;
	struct http_exchange *x;
	struct event_filter filter;
	char *host, *app, *name;
	int64_t sent_ms;
	int64_t seen; /* of the batch being sent */
};

struct followers *
followers_new(void)
{
	struct followers *f = xcalloc(1, sizeof(*f));

	list_init(&f->list);
	return f;
}

static void
forget(struct follower *f)
{
	list_remove(&f->link);
	f->all->n--;
	free(f->host);
	free(f->app);
	free(f->name);
	free(f);
}

void
followers_free(struct followers *f)
{
	if (f == NULL)
		return;
	LIST_FOREACH_SAFE(it, &f->list) {
		forget(container_of(it, struct follower, link));
	}
	free(f);
}

static void
on_gone(void *ctx)
{
	forget(ctx);
}

static enum err
send_event(void *ctx, int64_t sequence, const char *name, struct slice text)
{
	struct follower *f = ctx;
	struct buf frame;

	buf_init(&frame, FRAME_MAX);
	(void)buf_printf(
	    &frame, "id: %lld\nevent: %s\ndata: ", (long long)sequence, name);
	(void)buf_add(&frame, text);
	(void)buf_add_str(&frame, "\n\n");
	if (!buf_failed(&frame))
		http_stream_send(f->x, buf_slice(&frame));
	buf_clear(&frame);
	f->seen = sequence;
	return http_stream_room(f->x) > ROOM_MIN ? ERR_OK : ERR_AGAIN;
}

/* Sends what is new until there is no more, or no room. */
static void
pump(struct control *c, struct follower *f, int64_t last)
{
	enum err e = ERR_OK;

	while (f->filter.after < last && e == ERR_OK &&
	       http_stream_room(f->x) > ROOM_MIN) {
		f->seen = 0;
		e = event_list(c->db, &f->filter, send_event, f);
		if (f->seen != 0)
			f->sent_ms = clock_mono_ms();
		/* nothing more: skip what the filter leaves out */
		f->filter.after = f->seen != 0  ? f->seen
				  : e == ERR_OK ? last
						: f->filter.after;
	}
}

void
follow_publish(struct control *c)
{
	struct followers *all = c->followers;

	if (all->n == 0)
		return;
	int64_t last = event_last(c->db);
	LIST_FOREACH_SAFE(it, &all->list) {
		pump(c, container_of(it, struct follower, link), last);
	}
}

void
follow_tick(struct control *c)
{
	int64_t now = clock_mono_ms();

	follow_publish(c);
	LIST_FOREACH_SAFE(it, &c->followers->list) {
		struct follower *f = container_of(it, struct follower, link);

		if (now - f->sent_ms < QUIET_MS)
			continue;
		f->sent_ms = now;
		if (http_stream_room(f->x) > ROOM_MIN)
			http_stream_send(f->x, SLICE(":\n\n"));
	}
}

enum err
follow_start(struct control *c, struct http_exchange *x,
    const struct event_filter *filter, struct fault *fault)
{
	struct follower *f;

	if (c->followers->n >= FOLLOWERS_MAX) {
		fault_set(fault, FAULT_S20_LIMIT_REACHED,
		    "%d clients follow events already", FOLLOWERS_MAX);
		return ERR_TOO_BIG;
	}
	f = xcalloc(1, sizeof(*f));
	f->all = c->followers;
	f->x = x;
	f->host = xstrdup(filter->host);
	f->app = xstrdup(filter->app);
	f->name = xstrdup(filter->name);
	f->filter = (struct event_filter){
	    filter->after, f->host, f->app, f->name, BATCH};
	f->sent_ms = clock_mono_ms();
	list_append(&c->followers->list, &f->link);
	c->followers->n++;
	if (!http_stream_begin(x, "text/event-stream", on_gone, f)) {
		forget(f);
		return ERR_OK;
	}
	pump(c, f, event_last(c->db));
	return ERR_OK;
}
