#include "router/edge/upstream.h"

#include "base/mem.h"
#include "router/edge/upstream_h1.h"
#include "router/edge/upstream_h2.h"
#include "router/edge/worker.h"

enum err
upstream_open(struct worker *w, struct backend *b, struct exchange *ex,
    enum upstream_choice which, struct upstream **out)
{
	struct upstream_wish wish = {.which = which, .first = SLICE("")};

	if (b->protocol == BACKEND_H2C)
		return upstream_h2_open(w, b, ex, &wish, out);
	return upstream_h1_open(w, b, ex, &wish, out);
}

void
upstreams_close_idle(struct backend *b)
{
	upstream_h1_close_idle(b);
	upstream_h2_close_idle(b);
}

void
upstream_end(struct worker *w, struct upstream_ended *e,
    void (*free_it)(struct upstream_ended *e))
{
	e->free_it = free_it;
	list_append(&w->closed_upstreams, &e->link);
}

void
upstreams_reap(struct worker *w)
{
	struct list *first;

	while ((first = list_first(&w->closed_upstreams)) != NULL) {
		struct upstream_ended *e =
		    container_of(first, struct upstream_ended, link);

		list_remove(first);
		e->free_it(e);
	}
}
