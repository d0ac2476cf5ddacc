/*
 * What a hostile client says over HTTP/2, from its first byte on: heads become
 * requests as the front makes them, every one is answered with a body, and
 * bodies are consumed late.  Whatever comes, streams are told of in their
 * order, and no request reaches further that HTTP/1.1 could not carry.
 *
 * The first byte says how the answers look, the second how finely the stream is
 * cut on its way.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "router/edge/h2_request.h"
#include "router/edge/h2_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ARENA_MAX (256 * 1024)
#define BODY_SIZE 40000

struct fuzz {
	struct h2_session *session;
	struct list streams;
	size_t n_written;
	uint8_t how;
};

struct stream {
	struct list link;
	struct fuzz *fuzz;
	int32_t id;
	struct arena arena;
	struct h2_head head;
	bool has_head, has_ended;
	size_t unconsumed;
	size_t left; /* of the answer */
};

static const char body[BODY_SIZE];

static void *
on_stream(void *ctx, int32_t id)
{
	struct stream *st = xcalloc(1, sizeof(*st));

	st->fuzz = ctx;
	st->id = id;
	arena_init(&st->arena, ARENA_MAX);
	list_append(&st->fuzz->streams, &st->link);
	return st;
}

static bool
on_field(void *stream, struct slice name, struct slice value)
{
	struct stream *st = stream;

	assert(!st->has_ended);
	return h2_head_add(&st->head, &st->arena, name, value);
}

/* As it would go into a line and fields of HTTP/1.1. */
static void
check(const struct request *r)
{
	for (size_t i = 0; i < r->target.n; i++)
		assert(r->target.p[i] > ' ' && r->target.p[i] < 0x7f);
	for (size_t i = 0; i < r->method.n; i++)
		assert(r->method.p[i] > ' ');
	for (size_t i = 0; i < r->headers.n; i++) {
		struct header h = r->headers.items[i];

		assert(h.name.n > 0 && slice_find(h.name, ':') == h.name.n &&
		       slice_find(h.name, '\n') == h.name.n);
		assert(slice_find(h.value, '\n') == h.value.n &&
		       slice_find(h.value, '\r') == h.value.n &&
		       slice_find(h.value, '\0') == h.value.n);
	}
}

static void
on_head(void *stream, bool ends)
{
	struct response answer = {.status = 200, .content_length = -1};
	struct stream *st = stream;
	struct request r;
	int status;

	assert(!st->has_head);
	st->has_head = true;
	st->has_ended = ends;
	if (h2_head_request(&st->head, &st->arena, &r, &status) == NULL)
		check(&r);
	else
		answer.status = status;
	st->head = (struct h2_head){0};
	st->left = (st->fuzz->how & 1) != 0 ? BODY_SIZE : 0;
	(void)h2_session_respond(
	    st->fuzz->session, st->id, &answer, st->left > 0);
}

static void
on_data(void *stream, struct slice piece)
{
	struct stream *st = stream;

	assert(st->has_head && !st->has_ended);
	st->unconsumed += piece.n;
	assert(st->unconsumed <= H2_WINDOW_STREAM_WIDE);
	if ((st->fuzz->how & 2) == 0)
		return;
	h2_session_consumed(st->fuzz->session, st->id, st->unconsumed);
	st->unconsumed = 0;
}

static void
on_end(void *stream)
{
	struct stream *st = stream;

	assert(st->has_head && !st->has_ended);
	st->has_ended = true;
	(void)h2_head_trailers(&st->head);
}

static void
on_sent(void *stream)
{
	struct stream *st = stream;

	if (!st->has_ended)
		h2_session_reset(st->fuzz->session, st->id, H2_REASON_NONE);
}

static void
end(struct stream *st)
{
	list_remove(&st->link);
	arena_clear(&st->arena);
	free(st);
}

static void
on_closed(void *stream, bool is_whole)
{
	struct stream *st = stream;

	(void)is_whole;
	h2_session_consumed(st->fuzz->session, 0, st->unconsumed);
	end(st);
}

static enum h2_more
on_wanted(void *stream, size_t max, struct slice *piece)
{
	struct stream *st = stream;

	*piece = slice_of(body, st->left < max ? st->left : max);
	return piece->n == st->left ? H2_END : H2_MORE;
}

static void
on_taken(void *stream, size_t n)
{
	((struct stream *)stream)->left -= n;
}

static void
on_write(void *ctx, struct slice bytes)
{
	((struct fuzz *)ctx)->n_written += bytes.n;
}

static bool
is_full(void *ctx)
{
	(void)ctx;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct h2_ops ops = {
	    .on_stream = on_stream,
	    .on_field = on_field,
	    .on_head = on_head,
	    .on_data = on_data,
	    .on_end = on_end,
	    .on_sent = on_sent,
	    .on_closed = on_closed,
	    .on_wanted = on_wanted,
	    .on_taken = on_taken,
	    .on_write = on_write,
	    .is_full = is_full,
	};
	struct slice preface = SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				     "\0\0\0\4\0\0\0\0\0");
	struct fuzz f = {0};
	struct h2_scratch *scratch;
	struct list *first;

	if (n < 2)
		return 0;
	f.how = data[0];
	list_init(&f.streams);
	scratch = h2_scratch_new();
	f.session = h2_session_new(&ops, &f, scratch, 0);
	if ((f.how & 4) == 0)
		h2_session_receive(f.session, preface, 0);
	for (size_t at = 2; at < n; at += 1U + data[1]) {
		size_t step = n - at < 1U + data[1] ? n - at : 1U + data[1];

		h2_session_receive(
		    f.session, slice_of(data + at, step), (int64_t)at);
		h2_session_send(f.session);
	}
	h2_session_free(f.session);
	h2_scratch_free(scratch);
	while ((first = list_first(&f.streams)) != NULL)
		end(container_of(first, struct stream, link));
	return 0;
}
