#include <stdlib.h>

#include "base/mem.h"
#include "router/control/api_backends.h"
#include "router/control/backend_address.h"
#include "router/control/names.h"

#define NAMES_AT_ONCE                                                          \
	100 /* of one call; further ones are resolved after it                 \
	     */

/* A call that waits for names.  Owned by: the call.   Freed by: go_on, drop. */
struct waiting {
	struct api_call *call;
	api_handler *handler;
	struct ev_timer patience;
	struct names_wait waits[NAMES_AT_ONCE];
	size_t n;
	size_t n_open; /* waits, and ourselves until all are asked */
};

static void
stop(struct waiting *wa)
{
	ev_timer_stop(wa->call->control->loop, &wa->patience);
	for (size_t i = 0; i < wa->n; i++)
		names_wait_no_more(&wa->waits[i]);
}

/* The daemon ends. */
static void
drop(void *ctx)
{
	struct waiting *wa = ctx;

	/* names has gone already, and has let go of who waited */
	ev_timer_stop(wa->call->control->loop, &wa->patience);
	free(wa);
}

static void
go_on(struct waiting *wa)
{
	struct api_call *call = wa->call;
	api_handler *handler = wa->handler;

	stop(wa);
	free(wa);
	call->drop = NULL;
	api_run_change(call, handler);
}

static void
on_patience_over(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	go_on(container_of(t, struct waiting, patience));
}

static void
on_resolved(struct names_wait *w)
{
	struct waiting *wa = w->ctx;

	if (--wa->n_open == 0)
		go_on(wa);
}

static void
ask(struct waiting *wa, const json_t *backend)
{
	struct names_wait *w = &wa->waits[wa->n];
	struct backend_address b;
	const char *text = json_string_value(backend);

	if (text == NULL || wa->n == NAMES_AT_ONCE ||
	    backend_address_parse(slice_str(text), &b, NULL) != ERR_OK ||
	    b.host[0] == '\0')
		return; /* the handler judges it */
	wa->n++;
	wa->n_open++;
	w->ctx = wa;
	names_ask(wa->call->control, b.host, w, on_resolved);
}

void
api_run_resolved(struct api_call *call, api_handler *handler)
{
	const json_t *list = json_object_get(call->body, "backends"), *item;
	struct waiting *wa = xcalloc(1, sizeof(*wa));
	size_t i;

	wa->call = call;
	wa->handler = handler;
	wa->n_open = 1;
	ev_timer_init(&wa->patience, on_patience_over, NAMES_WAIT_S, 0.);
	call->drop = drop;
	call->drop_ctx = wa;
	json_array_foreach(list, i, item)
	{
		ask(wa, item);
	}
	ask(wa, json_object_get(call->body, "origin"));
	if (--wa->n_open == 0)
		go_on(wa);
	else
		ev_timer_start(call->control->loop, &wa->patience);
}
