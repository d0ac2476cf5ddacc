/*
 * A hostile CA: any bytes as its answers, in any state of an order.  The input
 * is lines, an answer each; the first byte of a line chooses its status and
 * headers, and whether a good body stands in its place, to get further.
 */
#include <stdlib.h>

#include "acme/account.h"
#include "acme/ari.h"
#include "acme/link.h"
#include "acme/order.h"
#include "base/mem.h"

#define ANSWERS_MAX 32

#define CA          "https://ca.test"

static const char order_body[] =
    "{\"status\":\"pending\",\"finalize\":\"" CA "/f\","
    "\"authorizations\":[\"" CA "/a/1\",\"" CA "/a/2\"]}";
static const char authorization_body[] =
    "{\"status\":\"pending\",\"identifier\":{\"value\":\"www.test\"},"
    "\"challenges\":[{\"type\":\"http-01\",\"status\":\"pending\","
    "\"token\":\"t\",\"url\":\"" CA "/c/1\"}]}";

static struct acme_response
response(int status, struct slice body, unsigned how)
{
	static const struct fault away = {.code = FAULT_A11_CA_UNREACHABLE};

	return (struct acme_response){
	    .status = status,
	    .body = body,
	    .location = (how & 1) ? CA "/o/1" : "",
	    .retry_after = (how & 2) ? "3" : "",
	    .fault = &away,
	    .now = 1700000000,
	};
}

/* Takes the order as far as it goes without an answer; whether it wants one. */
static bool
advance(struct order *o, int64_t *mono_ms)
{
	struct order_action a;

	for (;;) {
		order_next(o, *mono_ms, &a);
		switch (a.step) {
		case ORDER_REQUEST:
			return true;
		case ORDER_WAIT:
			*mono_ms += a.wait_ms;
			break;
		case ORDER_PUBLISH:
			order_published(o);
			break;
		case ORDER_MAKE_CSR:
			order_take_csr(o, SLICE("csr"));
			break;
		case ORDER_TAKE:
		case ORDER_GIVE_UP:
			return false;
		}
	}
}

static void
feed_order(struct slice input)
{
	static const char *const names[] = {"www.test", "b.test"};
	static const struct challenge_choice choice = {
	    .types = {CHALLENGE_HTTP_01, CHALLENGE_DNS_01}, .n = 2};
	static const int statuses[] = {200, 201, 400, 403, 404, 429, 503, 0};
	int64_t mono_ms = 1;
	struct order *o = order_new(names, 2, "", &choice,
	    input.n % 2 == 0 ? NULL : CA "/o/1", mono_ms);
	struct slice part;

	for (int i = 0; i < ANSWERS_MAX && slice_cut(&input, '\n', &part) &&
			advance(o, &mono_ms);
	     i++) {
		unsigned how = part.n == 0 ? 0 : (unsigned char)part.p[0];
		struct slice body = slice_from(part, 1);
		struct acme_response r;

		if (how & 0x80)
			body = o->state == ORDER_AUTHORIZING
				   ? slice_str(authorization_body)
				   : slice_str(order_body);
		r = response(statuses[how >> 2 & 7], body, how);
		r.mono_ms = mono_ms;
		order_answer(o, &r);
	}
	order_free(o);
}

static void
feed_others(struct slice body)
{
	struct acme_response r = response(200, body, 3);
	struct directory d = {0};
	static const struct challenge_choice choice = {
	    .types = {CHALLENGE_TLS_ALPN_01}, .n = 1};
	struct authorization a;
	struct problem p;
	char *url = NULL;

	(void)directory_read(&r, &d, &p);
	directory_clear(&d);
	(void)authorization_read(body, false, &choice, &a);
	(void)authorization_read(body, true, &choice, &a);
	(void)account_answer(&r, &url, &p);
	free(url);
	r.status = 400;
	problem_read(&r, &p);
}

static void
count(void *ctx, struct slice url)
{
	*(size_t *)ctx += url.n;
}

/* Renewal information, and the fields of its head. */
static void
feed_ari(struct slice body)
{
	struct acme_response r = response(200, body, 0);
	char *text = xstrdup_slice(body);
	struct ari_window w;
	struct fault f = {0};
	size_t n = 0;
	int64_t poll_at;

	r.links[r.n_links++] = text;
	r.retry_after = text;
	links_each(&r, "alternate", count, &n);
	if (ari_read(&r, 0, &w, &poll_at, &f) == ERR_OK &&
	    ari_choose(&w, n) >= w.end_at)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);

	feed_order(input);
	feed_others(input);
	feed_ari(input);
	return 0;
}
