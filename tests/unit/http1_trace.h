#ifndef TESTS_UNIT_HTTP1_TRACE_H
#define TESTS_UNIT_HTTP1_TRACE_H
/*
 * Writes down what an http1 reader says about a stream of bytes, as text that
 * two readings can be compared by:
 *
 *   GET / 1.1 host=a length=3 keep {Host: a}{Content-Length: 3}(abc).
 *
 * Trailers stand behind the body like fields.  `.` ends a message, `!bad
 * framing` a refused one; `?` is a cut one and `$` an end of the stream between
 * messages.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/http1.h"
#include "base/mem.h"

struct trace {
	struct http1 *h;
	enum http1_kind kind;
	bool was_head; /* all responses answer a HEAD */
	struct slice stream;
	size_t at;        /* first byte that is not used */
	size_t available; /* bytes of the stream that have arrived */
	bool in_body, in_piece, done;
	struct buf text;
};

static void
trace_head(struct trace *t, const struct http1_head *head)
{
	if (head->kind == HTTP1_REQUEST)
		(void)buf_printf(&t->text,
		    "%" SLICE_FMT " %" SLICE_FMT " 1.%d host=%" SLICE_FMT,
		    SLICE_ARG(head->method), SLICE_ARG(head->target),
		    head->minor, SLICE_ARG(head->host));
	else
		(void)buf_printf(&t->text, "%d %" SLICE_FMT " 1.%d",
		    head->status, SLICE_ARG(head->reason), head->minor);
	if (head->content_length >= 0)
		(void)buf_printf(
		    &t->text, " length=%lld", (long long)head->content_length);
	(void)buf_printf(&t->text, "%s%s%s%s%s%s ",
	    head->is_chunked ? " chunked" : "", head->keep_alive ? " keep" : "",
	    head->expects_continue ? " expect" : "",
	    head->is_upgrade ? " upgrade" : "", head->has_body ? " body" : "",
	    head->until_close ? " close" : "");
	for (size_t i = 0; i < head->n_fields; i++)
		(void)buf_printf(&t->text, "{%" SLICE_FMT ": %" SLICE_FMT "}",
		    SLICE_ARG(head->fields[i].name),
		    SLICE_ARG(head->fields[i].value));
	(void)buf_add_char(&t->text, '(');
	t->in_body = true;
}

static void
trace_trailers(struct trace *t)
{
	const struct http1_field *fields;
	size_t n = http1_trailers(t->h, &fields);

	for (size_t i = 0; i < n; i++)
		(void)buf_printf(&t->text, "{%" SLICE_FMT ": %" SLICE_FMT "}",
		    SLICE_ARG(fields[i].name), SLICE_ARG(fields[i].value));
}

static void
trace_refusal(struct trace *t)
{
	(void)buf_printf(&t->text, "!%s", http1_cause_text(http1_why(t->h)));
	t->done = true;
}

/* One call of the reader with all bytes there are; false: it needs more. */
static bool
trace_step(struct trace *t, struct slice in)
{
	struct http1_head head;
	struct slice piece;
	size_t used = 0;
	bool end = false;
	enum err e;

	if (t->in_body) {
		e = http1_body(t->h, in, &piece, &used, &end);
		if (e == ERR_OK)
			(void)buf_add(&t->text, piece);
	} else {
		http1_expect_head_response(t->h, t->was_head);
		e = http1_head(t->h, in, &head, &used);
		if (e == ERR_OK)
			trace_head(t, &head);
	}
	t->at += used;
	if (e == ERR_SYNTAX)
		trace_refusal(t);
	if (end) {
		(void)buf_add_char(&t->text, ')');
		trace_trailers(t);
		(void)buf_add_char(&t->text, '.');
		http1_next(t->h);
		t->in_body = false;
	}
	return e == ERR_OK && (used > 0 || end);
}

/* The reader sees blocks of exactly the bytes that have arrived, each time at
 * another address. */
static void
trace_arrived(struct trace *t, size_t available)
{
	bool more = true;

	t->available = available;
	while (more && !t->done) {
		size_t n = t->available - t->at;
		char *copy = xmemdup(t->stream.p + t->at, n);

		more = trace_step(t, slice_of(copy, n));
		free(copy);
	}
}

/*
 * Reads the stream: `first` bytes, then `step` at a time.  The caller frees
 * the text.
 */
static char *
trace(enum http1_kind kind, bool was_head, struct slice stream, size_t first,
    size_t step)
{
	struct trace t = {.kind = kind, .was_head = was_head, .stream = stream};
	char *text;

	t.h = http1_new(kind);
	buf_init(&t.text, SIZE_MAX / 2);
	for (size_t n = first; !t.done; n += step) {
		trace_arrived(&t, n < stream.n ? n : stream.n);
		if (n >= stream.n)
			break;
	}
	if (!t.done) {
		enum err e = http1_eof(t.h);

		(void)buf_add_str(&t.text, e == ERR_OK       ? ")."
					   : e == ERR_CLOSED ? "$"
							     : "?");
	}
	http1_free(t.h);
	text = buf_take(&t.text);
	return text;
}

#endif
