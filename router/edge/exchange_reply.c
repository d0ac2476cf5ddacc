#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/decimal.h"
#include "router/edge/error_page.h"
#include "router/edge/exchange.h"
#include "router/edge/page.h"

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

/* A whole answer of our own, its body in pieces; it may be empty. */
static void
reply_pieces(struct exchange *ex, int status, struct headers *headers,
    struct page_pieces body)
{
	struct response r = {.status = status, .headers = *headers};
	char date[DATE_SIZE];

	for (size_t i = 0; i < body.n; i++)
		r.content_length += (int64_t)body.items[i].n;
	headers_add(&r.headers, SLICE("Date"), http_date(date));
	headers_add(&r.headers, SLICE("Via"), SLICE(VIA_TEXT));
	headers_add(&r.headers, SLICE("X-Request-Id"), ex->request_id);
	if (ex->app != NULL && ex->forwarded.is_https)
		headers_add_hsts(&ex->arena, &r.headers, ex->app->set.hsts_s);
	ex->status = status;
	r.has_body = r.content_length > 0 &&
		     !slice_eq(ex->request.method, SLICE("HEAD"));
	exchange_enter(ex, EXCHANGE_RESPONDING);
	ex->ops->on_head(ex->front, &r);
	for (size_t i = 0; i < body.n && r.has_body; i++) {
		if (body.items[i].n == 0)
			continue;
		ex->bytes += body.items[i].n;
		ex->ops->on_body(ex->front, body.items[i]);
	}
	exchange_finish(ex);
	ex->ops->on_end(ex->front, NULL);
}

static void
reply(
    struct exchange *ex, int status, struct headers *headers, struct slice body)
{
	reply_pieces(ex, status, headers, (struct page_pieces){&body, 1});
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

/* The app's own page in the place of ours: its maintenance page, or its error
 * page where the fault is on our side of the client (5xx). */
static const struct page *
own_page(struct exchange *ex, enum code code, int status)
{
	if (ex->app == NULL)
		return NULL;
	if (code == CODE_H80)
		return page_get(&ex->w->pages, ex->app->maintenance_page);
	return status < 500 ? NULL
			    : page_get(&ex->w->pages, ex->app->error_page);
}

/* False: it has none that this client could read. */
static bool
reply_own_page(struct exchange *ex, enum code code, int status,
    struct slice accept, struct headers *headers)
{
	const struct page *page = NULL;
	struct page_pieces body;

	if (!accept_prefers_json(accept))
		page = own_page(ex, code, status);
	if (page == NULL)
		return false;
	body = page_fill(
	    page, &ex->arena, slice_str(code_row(code)->name), ex->request_id);
	if (body.items == NULL)
		return false;
	headers_add(
	    headers, SLICE("Content-Type"), SLICE("text/html; charset=utf-8"));
	reply_pieces(ex, status, headers, body);
	return true;
}

void
exchange_page(struct exchange *ex, enum code code, int status)
{
	struct slice accept =
	    headers_find(&ex->request.headers, SLICE("accept"));
	struct headers h = fresh_headers(ex);
	char seconds[DECIMAL_SIZE];
	struct error_page page;

	headers_add(&h, SLICE("Cache-Control"), SLICE("no-store"));
	headers_add(
	    &h, SLICE("X-Towpath-Error"), slice_str(code_row(code)->name));
	if (ex->retry_after_s > 0)
		headers_add(&h, SLICE("Retry-After"),
		    decimal((uint64_t)ex->retry_after_s, seconds));
	if (reply_own_page(ex, code, status, accept, &h))
		return;
	page = error_page(&ex->arena, code, status, accept, ex->request_id);
	if (page.body.p == NULL)
		page.body = SLICE("");
	headers_add(&h, SLICE("Content-Type"), page.content_type);
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
