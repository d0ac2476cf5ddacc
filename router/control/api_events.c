#include "router/control/api_events.h"

#include <stdio.h>

#include "router/control/event.h"
#include "router/control/follow.h"

/* What the filter's strings point at. */
struct event_query {
	char host[HOST_SIZE], app[64], name[64], after[32];
	struct event_filter filter;
};

static enum err
read_query(struct api_call *call, struct event_query *q, struct fault *f)
{
	char host[HOST_SIZE];
	uint64_t after = 0;
	enum err e;

	*q = (struct event_query){0};
	e = api_query(call, "host", host, sizeof(host), f);
	if (e == ERR_OK && host[0] != '\0')
		e = host_normalise(slice_str(host), q->host, f);
	if (e == ERR_OK)
		e = api_query(call, "app", q->app, sizeof(q->app), f);
	if (e == ERR_OK)
		e = api_query(call, "name", q->name, sizeof(q->name), f);
	if (e == ERR_OK)
		e = api_query(call, "after", q->after, sizeof(q->after), f);
	if (e == ERR_OK && q->after[0] != '\0' &&
	    (slice_to_u64(slice_str(q->after), &after) != ERR_OK ||
		after > INT64_MAX)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The parameter \"after\" is a number");
		e = ERR_SYNTAX;
	}
	q->filter = (struct event_filter){
	    .after = (int64_t)after,
	    .host = q->host[0] == '\0' ? NULL : q->host,
	    .app = q->app[0] == '\0' ? NULL : q->app,
	    .name = q->name[0] == '\0' ? NULL : q->name,
	};
	return e;
}

/* Where a stream begins: where it broke off, after ?after=, or now. */
static enum err
stream(struct api_call *call, struct event_query *q, struct fault *f)
{
	struct slice last = http_field(call->x, SLICE("Last-Event-ID"));
	uint64_t n;
	enum err e;

	if (last.n > 0 && slice_to_u64(last, &n) == ERR_OK && n <= INT64_MAX)
		q->filter.after = (int64_t)n;
	else if (q->after[0] == '\0')
		q->filter.after = event_last(call->control->db);
	e = follow_start(call->control, call->x, &q->filter, f);
	if (e == ERR_OK)
		call->x = NULL;
	return e;
}

struct listing {
	json_t *list;
	int64_t last;
	int limit;
	bool more;
};

static enum err
add_event(void *ctx, int64_t sequence, const char *name, struct slice text)
{
	struct listing *l = ctx;
	json_t *o;

	(void)name;
	if (json_array_size(l->list) == (size_t)l->limit) {
		l->more = true;
		return ERR_OK;
	}
	if (json_parse(text, &o, NULL) == ERR_OK)
		json_array_append_new(l->list, o);
	l->last = sequence;
	return ERR_OK;
}

enum err
api_events(struct api_call *call, struct fault *f)
{
	struct event_query q;
	struct api_page page;
	struct listing l = {0};
	char after[32];
	enum err e = read_query(call, &q, f);

	if (e == ERR_OK && api_wants_stream(call))
		return stream(call, &q, f);
	if (e == ERR_OK)
		e = api_page_read(call, &page, f);
	if (e != ERR_OK)
		return e;
	q.filter.limit = page.limit + 1;
	call->answer = json_array();
	l.list = call->answer;
	l.limit = page.limit;
	e = event_list(call->control->db, &q.filter, add_event, &l);
	if (e == ERR_OK && l.more) {
		(void)snprintf(after, sizeof(after), "%lld", (long long)l.last);
		api_page_next(call, after);
	}
	return e;
}
