/*
 * What is kept of a request: its router line, the counters, and what was
 * decided for it.  All of it at its end, out of the exchange, in fixed memory.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/exchange.h"
#include "router/edge/recent.h"
#include "router/edge/stats.h"
#include "router/edge/taps.h"

_Static_assert((int)CODES <= TRAFFIC_CODES, "each code has a counter");
_Static_assert(EXCHANGE_TRIES_MAX <= RECENT_TRIES_MAX, "each try is kept");

void
exchange_tried(struct exchange *ex, enum code code)
{
	struct exchange_try *t;
	struct backend *b;

	if (ex->n_tried == 0)
		return;
	t = &ex->tries[ex->n_tried - 1];
	b = ex->tried[ex->n_tried - 1];
	t->code = code;
	t->ms = (uint32_t)(clock_mono_ms() - ex->tried_mono_ms);
	b->counts.failures++;
	b->counts.connect_failures += code == CODE_H19 || code == CODE_H21;
}

static void
describe(const struct exchange *ex, struct access_line *line)
{
	*line = (struct access_line){
	    .at_ms = clock_now_ms(),
	    .code = ex->code,
	    .sock = ex->sock,
	    .cause = ex->cause,
	    .method = ex->request.method,
	    .path = ex->request.target,
	    .host = slice_str(ex->host),
	    .request_id = ex->request_id,
	    .fwd = ex->forwarded.chain,
	    .connect_ms = ex->connect_ms,
	    .queue_ms = ex->app == NULL ? -1 : ex->queue_ms,
	    .service_ms = ex->service_ms,
	    .status = ex->status,
	    .bytes = ex->bytes,
	    .is_https = ex->forwarded.is_https,
	    .tls = ex->client->tls,
	    .http = ex->request.version,
	};
	if (ex->app != NULL)
		line->app = slice_str(ex->app->name);
	if (ex->n_tried > 0)
		line->backend = slice_str(ex->tried[ex->n_tried - 1]->address);
}

/* Slices are loans of the exchange, and of the backends it holds. */
static void
explain(const struct exchange *ex, int64_t now_us, struct recent_why *why)
{
	*why = (struct recent_why){
	    .certificate_id = ex->client->certificate_id,
	    .rule = ex->rule,
	    .n_tries = ex->n_tried,
	};
	if (ex->client->site != NULL)
		why->sni = slice_str(ex->client->site->host);
	for (size_t i = 0; i < ex->n_tried; i++)
		why->tries[i] = (struct recent_try){
		    .backend = slice_str(ex->tried[i]->address),
		    .code = ex->tries[i].code,
		    .ms = ex->tries[i].ms,
		};
	if (ex->n_tried > 0 && ex->tries[ex->n_tried - 1].code == CODE_NONE) {
		struct recent_try *last = &why->tries[ex->n_tried - 1];

		last->code = ex->code;
		last->ms = (uint32_t)(now_us / 1000 - ex->tried_mono_ms);
	}
}

/* The backend that had it last, unless that try was counted as failed. */
static void
count_backend(struct exchange *ex, bool is_error)
{
	struct backend *b;

	if (ex->n_tried == 0 || ex->tries[ex->n_tried - 1].code != CODE_NONE)
		return;
	b = ex->tried[ex->n_tried - 1];
	b->counts.requests++;
	b->counts.failures += is_error || ex->status >= 500;
	if (ex->service_ms > 0)
		b->counts.service_ms += (uint64_t)ex->service_ms;
}

static void
count(struct exchange *ex, int64_t now_us)
{
	struct worker *w = ex->w;
	struct traffic_sample s = {
	    .now_ms = now_us / 1000,
	    .status = ex->status,
	    .code = (unsigned)ex->code,
	    .is_error = code_row(ex->code)->level == CODE_ERROR,
	    .is_tunnel = ex->status == 101,
	    .us = (uint64_t)(now_us - ex->began_us),
	    .bytes_in = (uint64_t)ex->body_received,
	    .bytes_out = ex->bytes,
	};

	traffic_add(&w->traffic, &s);
	if (ex->app != NULL) {
		ex->app->tally->traffic.active--;
		traffic_add(&ex->app->tally->traffic, &s);
	}
	count_backend(ex, s.is_error);
	if (s.is_error)
		stats_add(&w->stats->errors, 1);
	stats_sub(&w->stats->requests_active, 1);
	stats_add(&w->stats->responses[ex->status >= 100 && ex->status < 600
					   ? ex->status / 100
					   : 0],
	    1);
	stats_add(&w->stats->bytes_out, s.bytes_out);
	stats_add(&w->stats->bytes_in, s.bytes_in);
}

void
exchange_record(struct exchange *ex, int64_t now_us)
{
	struct worker *w = ex->w;
	struct recent_request kept;
	struct access_line line;
	struct access_text text;
	struct recent_why why;

	describe(ex, &line);
	explain(ex, now_us, &why);
	access_line_make(&text, &line);
	access_log_add(w->log, slice_of(text.bytes, text.n));
	recent_add(w->recent, &line, &text, &why, &kept);
	taps_pour(&w->taps, &kept, now_us / 1000);
	count(ex, now_us);
}
