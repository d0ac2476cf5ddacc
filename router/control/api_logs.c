#include "router/control/api_logs.h"

#include <stdlib.h>

#include "base/log_filter.h"
#include "base/mem.h"
#include "router/control/ask.h"
#include "router/control/log_follow.h"
#include "router/control/log_lines.h"

/* --- what is asked for -----------------------------------------------------
 */

static enum err
read_host(const struct api_call *call, struct log_filter *out, struct fault *f)
{
	char host[HOST_SIZE];
	enum err e = api_query(call, "host", host, sizeof(host), f);

	if (e != ERR_OK || host[0] == '\0')
		return e;
	return host_normalise(slice_str(host), out->host, f);
}

static enum err
read_filter(
    const struct api_call *call, struct log_filter *out, struct fault *f)
{
	char status[16];
	enum err e;

	*out = (struct log_filter){0};
	e = api_query(call, "app", out->app, sizeof(out->app), f);
	if (e == ERR_OK)
		e = api_query(call, "code", out->code, sizeof(out->code), f);
	if (e == ERR_OK)
		e = read_host(call, out, f);
	if (e == ERR_OK)
		e = api_query(call, "status", status, sizeof(status), f);
	if (e == ERR_OK && status[0] != '\0')
		e = log_filter_status(out, slice_str(status), f);
	return e;
}

/* How many of those in memory: 100, unless told.  A follower may want none. */
static enum err
read_limit(const struct api_call *call, uint32_t *out, struct fault *f)
{
	char text[32];
	uint64_t n = API_LIMIT;
	enum err e = api_query(call, "limit", text, sizeof(text), f);

	if (e != ERR_OK)
		return e;
	if (text[0] != '\0' && (slice_to_u64(slice_str(text), &n) != ERR_OK ||
				   n > LOG_LINES_MAX)) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The parameter \"limit\" is a number up to %d",
		    LOG_LINES_MAX);
		return ERR_SYNTAX;
	}
	*out = (uint32_t)n;
	return ERR_OK;
}

/* --- the last ones ---------------------------------------------------------
 */

struct listing {
	struct api_call *call;
	struct log_lines lines;
	size_t limit;
};

static void
drop_listing(void *ctx)
{
	struct listing *l = ctx;

	log_lines_clear(&l->lines);
	free(l);
}

static enum err
on_answer(void *ctx, uint32_t seat, struct slice body)
{
	struct listing *l = ctx;

	(void)seat;
	return log_lines_read(&l->lines, body);
}

static void
on_listed(void *ctx)
{
	struct listing *l = ctx;
	struct api_call *call = l->call;
	size_t n = l->lines.n;

	log_lines_sort(&l->lines);
	call->answer = json_array();
	for (size_t i = n > l->limit ? n - l->limit : 0; i < n; i++)
		json_array_append_new(
		    call->answer, log_line_json(log_lines_at(&l->lines, i)));
	drop_listing(l);
	call->drop = NULL;
	api_finish(call);
}

static void
list(struct api_call *call, const struct log_filter *filter, uint32_t limit)
{
	struct listing *l = xcalloc(1, sizeof(*l));
	struct ask ask = {.type = MSG_LOGS,
	    .seat = ASK_ALL,
	    .on_answer = on_answer,
	    .on_done = on_listed,
	    .ctx = l};
	struct buf body;

	l->call = call;
	l->limit = limit;
	log_lines_init(&l->lines);
	call->drop = drop_listing;
	call->drop_ctx = l;
	buf_init(&body, 1024);
	wire_put_u32(&body, 0);
	log_filter_put(&body, filter);
	wire_put_u32(&body, limit);
	ask.body = buf_slice(&body);
	ask_workers(call->control, &ask);
	buf_clear(&body);
}

enum err
api_logs(struct api_call *call, struct fault *f)
{
	struct log_filter filter;
	uint32_t limit;
	enum err e = read_filter(call, &filter, f);

	if (e == ERR_OK)
		e = read_limit(call, &limit, f);
	if (e != ERR_OK)
		return e;
	if (!api_wants_stream(call)) {
		list(call, &filter, limit);
		return ERR_OK;
	}
	e = log_follow(call->control, call->x, &filter, limit, f);
	if (e == ERR_OK) {
		call->x = NULL;
		api_finish(call);
	}
	return e;
}
