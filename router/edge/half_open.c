#include "router/edge/half_open.h"

#include "router/edge/conn.h"
#include "router/edge/stats.h"

/* Of those that have sent something which this worker had no time to read: it
 * is not they who keep us waiting, and they go to the end of the line. */
#define PASSED_OVER_MAX 8

static void
make_room(struct worker *w)
{
	for (int i = 0; i < PASSED_OVER_MAX; i++) {
		struct list *first = list_first(&w->half_open);
		struct conn *c = container_of(first, struct conn, half_open);

		if (stream_is_quiet(&c->stream)) {
			stats_add(&w->stats->handshakes_failed, 1);
			conn_abort(c, false);
			return;
		}
		list_remove(first);
		list_append(&w->half_open, first);
	}
}

void
half_open_add(struct conn *c)
{
	struct worker *w = c->w;

	if (w->n_half_open >= HALF_OPEN_MAX)
		make_room(w);
	list_append(&w->half_open, &c->half_open);
	w->n_half_open++;
}

void
half_open_remove(struct conn *c)
{
	if (list_empty(&c->half_open))
		return;
	list_remove(&c->half_open);
	c->w->n_half_open--;
}
