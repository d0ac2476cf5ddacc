/*
 * What a hostile backend says over HTTP/2 to three requests.  Whatever comes,
 * each is told of in its order and at most once of its end, and nothing of a
 * response could break a line of HTTP/1.1.
 *
 * The first byte says how finely the stream is cut, the second which responses
 * are taken late or let go of.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/h2_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define STREAMS 3

struct fuzz;

struct stream {
	struct h2_client_stream h2;
	struct fuzz *fuzz;
	bool has_head, is_over, lets_go, is_late;
	size_t unconsumed, left;
};

struct fuzz {
	struct h2_client *client;
	struct stream streams[STREAMS];
};

static struct stream *
stream_of(struct h2_client_stream *s)
{
	struct stream *st = container_of(s, struct stream, h2);

	assert(!st->is_over);
	return st;
}

static bool
has_byte(struct slice s, char c)
{
	return slice_find(s, c) < s.n;
}

static void
check(const struct headers *h)
{
	for (size_t i = 0; h != NULL && i < h->n; i++) {
		struct slice name = h->items[i].name, value = h->items[i].value;

		assert(name.n > 0 && !has_byte(name, ':') &&
		       !has_byte(name, '\n') && !has_byte(name, ' '));
		assert(!has_byte(value, '\n') && !has_byte(value, '\r') &&
		       !has_byte(value, '\0'));
	}
}

static void
on_interim(struct h2_client_stream *s, const struct response *r)
{
	assert(!stream_of(s)->has_head);
	assert(r->status >= 100 && r->status < 200 && r->status != 101);
	check(&r->headers);
}

static void
on_head(struct h2_client_stream *s, const struct response *r)
{
	struct stream *st = stream_of(s);

	assert(!st->has_head && r->status >= 200 && r->status < 1000);
	check(&r->headers);
	st->has_head = true;
	if (!st->lets_go)
		return;
	st->is_over = true;
	h2_client_reset(st->fuzz->client, s);
}

static void
on_body(struct h2_client_stream *s, struct slice piece)
{
	struct stream *st = stream_of(s);

	assert(st->has_head);
	st->unconsumed += piece.n;
	assert(st->unconsumed <= H2_CLIENT_WINDOW);
	if (st->is_late)
		return;
	h2_client_consumed(st->fuzz->client, s, st->unconsumed);
	st->unconsumed = 0;
}

static void
on_end(struct h2_client_stream *s, const struct headers *trailers)
{
	struct stream *st = stream_of(s);

	assert(st->has_head);
	check(trailers);
	st->is_over = true;
	h2_client_reset(st->fuzz->client, s);
}

static void
on_lost(struct h2_client_stream *s, enum h2_client_loss why, const char *cause)
{
	(void)why;
	(void)cause;
	stream_of(s)->is_over = true;
}

static size_t
on_wanted(struct h2_client_stream *s, char *out, size_t max,
    enum h2_client_more *more)
{
	struct stream *st = stream_of(s);
	size_t n = st->left < max ? st->left : max;

	memset(out, 'x', n);
	st->left -= n;
	*more = st->left > 0 ? H2_CLIENT_MORE : H2_CLIENT_END;
	return n;
}

static const struct headers *
trailers(struct h2_client_stream *s)
{
	(void)s;
	return NULL;
}

static void
on_write(void *ctx, struct slice bytes)
{
	(void)ctx;
	(void)bytes;
}

static bool
is_full(void *ctx)
{
	(void)ctx;
	return false;
}

static const struct h2_client_ops ops = {
    .on_interim = on_interim,
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
    .on_lost = on_lost,
    .on_wanted = on_wanted,
    .trailers = trailers,
    .on_write = on_write,
    .is_full = is_full,
};

static void
ask(struct fuzz *f, size_t i, uint8_t how)
{
	struct header item = {SLICE("Host"), SLICE("shop.example")};
	struct headers headers = {&item, 1, 1};
	struct request r = {
	    .method = i == 1 ? SLICE("POST") : SLICE("GET"),
	    .target = SLICE("/"),
	    .content_length = i == 1 ? 100000 : -1,
	    .has_body = i == 1,
	};

	f->streams[i].fuzz = f;
	f->streams[i].left = 100000;
	f->streams[i].is_late = (how >> i & 1) != 0;
	f->streams[i].lets_go = (how >> (i + STREAMS) & 1) != 0;
	if (h2_client_request(f->client, &r, &headers, &f->streams[i].h2) !=
	    ERR_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz f = {0};
	struct slice in;
	size_t step;

	if (n < 2)
		return 0;
	step = 1 + data[0];
	f.client = h2_client_new(&ops, &f);
	for (size_t i = 0; i < STREAMS; i++)
		ask(&f, i, data[1]);
	h2_client_send(f.client);
	for (in = slice_of(data + 2, n - 2);
	     in.n > 0 && !h2_client_is_over(f.client);
	     in = slice_from(in, step)) {
		h2_client_receive(
		    f.client, slice_of(in.p, in.n < step ? in.n : step));
		h2_client_send(f.client);
	}
	h2_client_free(f.client);
	return 0;
}
