#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/decimal.h"
#include "router/edge/error_page.h"
#include "router/edge/exchange.h"

#define DATE_SIZE 40

/* RFC 9110, 5.6.7: "Sat, 21 Nov 2026 14:02:28 GMT". */
static struct slice
http_date(char out[DATE_SIZE])
{
	time_t now = (time_t)clock_now();
	struct tm tm;
	size_t n;

	gmtime_r(&now, &tm);
	n = strftime(out, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return slice_of(out, n);
}

/* A whole answer of our own; the body may be empty. */
static void
reply(
    struct exchange *ex, int status, struct headers *headers, struct slice body)
{
	struct response r = {.status = status,
	    .headers = *headers,
	    .content_length = (int64_t)body.n,
	    .has_body = body.n > 0};
	char date[DATE_SIZE];

	headers_add(&r.headers, SLICE("Date"), http_date(date));
	headers_add(&r.headers, SLICE("Via"), SLICE(VIA_TEXT));
	headers_add(&r.headers, SLICE("X-Request-Id"), ex->request_id);
	if (ex->app != NULL && ex->forwarded.is_https)
		headers_add_hsts(&ex->arena, &r.headers, ex->app->set.hsts_s);
	ex->status = status;
	if (slice_eq(ex->request.method, SLICE("HEAD")))
		r.has_body = false;
	exchange_enter(ex, EXCHANGE_RESPONDING);
	ex->ops->on_head(ex->front, &r);
	if (r.has_body) {
		ex->bytes = body.n;
		ex->ops->on_body(ex->front, body);
	}
	exchange_finish(ex);
	ex->ops->on_end(ex->front, NULL);
}

/* Room for our headers, also when a large request has filled the arena. */
static struct headers
fresh_headers(struct exchange *ex)
{
	struct headers h = headers_new(&ex->arena, REPLY_HEADERS_MAX);

	if (h.items == NULL)
		h = (struct headers){ex->reserve, 0, REPLY_HEADERS_MAX};
	return h;
}

void
exchange_page(struct exchange *ex, enum code code, int status)
{
	struct slice accept =
	    headers_find(&ex->request.headers, SLICE("accept"));
	struct error_page page =
	    error_page(&ex->arena, code, status, accept, ex->request_id);
	struct headers h = fresh_headers(ex);
	char seconds[DECIMAL_SIZE];

	if (page.body.p == NULL)
		page.body = SLICE("");
	headers_add(&h, SLICE("Content-Type"), page.content_type);
	headers_add(&h, SLICE("Cache-Control"), SLICE("no-store"));
	headers_add(
	    &h, SLICE("X-Towpath-Error"), slice_str(code_row(code)->name));
	if (ex->retry_after_s > 0)
		headers_add(&h, SLICE("Retry-After"),
		    decimal((uint64_t)ex->retry_after_s, seconds));
	reply(ex, status, &h, page.body);
}

void
exchange_redirect(struct exchange *ex, int status, struct slice location)
{
	struct headers h = fresh_headers(ex);

	headers_add(&h, SLICE("Location"), location);
	reply(ex, status, &h, SLICE(""));
}

void
exchange_text(struct exchange *ex, int status, struct slice text)
{
	struct headers h = fresh_headers(ex);

	headers_add(&h, SLICE("Content-Type"), SLICE("text/plain"));
	headers_add(&h, SLICE("Cache-Control"), SLICE("no-store"));
	reply(ex, status, &h, text);
}
