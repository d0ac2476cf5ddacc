#include "router/control/ask.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "router/control/workers.h"

/* One worker's part of a question. */
struct part {
	struct asking *of;
	uint32_t seat;
};

/* A question under way. */
struct asking {
	struct list link; /* of the workers */
	struct ask ask;
	size_t n_open;       /* answers that are out, and who is still asking */
	struct part parts[]; /* one for each seat */
};

static void
release(struct asking *a)
{
	struct ask ask = a->ask;

	if (--a->n_open > 0)
		return;
	list_remove(&a->link);
	free(a);
	ask.on_done(ask.ctx);
}

static void
on_answer(void *ctx, enum err e, struct slice body, const struct fault *f)
{
	struct part *p = ctx;
	struct asking *a = p->of;

	if (e == ERR_OK)
		e = a->ask.on_answer(a->ask.ctx, p->seat, body);
	if (e != ERR_OK)
		log_warning("worker in seat %u: %s: %s %s", p->seat,
		    message_name(a->ask.type), err_name(e),
		    f == NULL ? "" : f->text);
	release(a);
}

static void
ask_one(struct control *c, struct asking *a, uint32_t seat)
{
	struct channel *channel = workers_channel(c, seat);
	struct part *p;

	if (channel == NULL)
		return;
	p = &a->parts[seat];
	*p = (struct part){a, seat};
	a->n_open++;
	channel_request(
	    channel, a->ask.type, a->ask.body, ASK_WAIT_MS, on_answer, p);
}

void
ask_workers(struct control *c, const struct ask *question)
{
	uint32_t seats = workers_seats(c);
	struct asking *a = xcalloc(1, sizeof(*a) + seats * sizeof(a->parts[0]));

	a->ask = *question;
	a->n_open = 1;
	list_append(workers_asked(c), &a->link);
	for (uint32_t i = 0; i < seats; i++)
		if (question->seat == ASK_ALL || question->seat == i)
			ask_one(c, a, i);
	release(a);
}

void
asks_free(struct list *asks)
{
	LIST_FOREACH_SAFE(it, asks) {
		list_remove(it);
		free(container_of(it, struct asking, link));
	}
}

void
tell_workers(struct control *c, enum message type, struct slice body)
{
	for (uint32_t i = 0; i < workers_seats(c); i++) {
		struct channel *channel = workers_channel(c, i);

		if (channel != NULL)
			(void)channel_send(channel, type, body, NULL, 0);
	}
}
