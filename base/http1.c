#include "base/http1.h"

#include <assert.h>
#include <llhttp.h>
#include <stdlib.h>

#include "base/http1_judge.h"
#include "base/http1_trailers.h"
#include "base/mem.h"

/* Fields that fit without memory of their own; a browser sends 15 or so. */
#define FIELDS_FEW 32

/* Chunk sizes and extensions are not passed on, so nobody but us would ever
 * limit them, and trailers: so many bytes more than what the data needs. */
#define OVERHEAD_MAX    (16 * 1024)
#define OVERHEAD_CREDIT 16 /* what every piece of data may cost */

enum http1_state {
	HTTP1_HEAD,         /* the head is not complete */
	HTTP1_BODY_LENGTH,  /* `left` bytes follow */
	HTTP1_BODY_CHUNKED, /* llhttp knows */
	HTTP1_BODY_CLOSE,   /* until the connection ends */
	HTTP1_END,          /* the message is complete */
	HTTP1_FAILED        /* refused, `why` says why */
};

struct http1 {
	enum http1_kind kind;
	enum http1_state state;
	enum http1_cause why;
	bool was_head;

	/* the scan for the head's end: offsets in the input */
	size_t start;   /* of the start line */
	size_t line;    /* of the line that is not complete */
	size_t scanned; /* bytes known to hold no further line end */

	/* slices of the head while it is parsed, set by llhttp's callbacks */
	struct http1_field *fields; /* `few`, or HTTP1_FIELDS_MAX of them */
	size_t n_fields;
	struct http1_field few[FIELDS_FEW];

	uint64_t left;      /* of a body with a length */
	struct slice piece; /* of a chunked body, set by on_body */
	size_t overhead;    /* bytes of framing, less what data excuses */
	char before;        /* last byte of framing seen */
	struct http1_trailers *trailers;

	llhttp_t parser;
};

static enum err
fail(struct http1 *h, enum http1_cause why)
{
	h->state = HTTP1_FAILED;
	h->why = why;
	return ERR_SYNTAX;
}

/* --- llhttp's callbacks --------------------------------------------------- */

static struct http1 *
reader_of(llhttp_t *parser)
{
	return container_of(parser, struct http1, parser);
}

/* The head lies in one piece, so each name and each value is one call. */
static int
on_header_field(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = reader_of(parser);

	if (n == 0) {
		h->why = HTTP1_BAD_FIELD;
		return HPE_USER;
	}
	if (h->n_fields == HTTP1_FIELDS_MAX) {
		h->why = HTTP1_HEAD_TOO_LARGE;
		return HPE_USER;
	}
	if (h->n_fields == FIELDS_FEW && h->fields == h->few) {
		h->fields = xcalloc(HTTP1_FIELDS_MAX, sizeof(*h->fields));
		memcpy(h->fields, h->few, sizeof(h->few));
	}
	h->fields[h->n_fields++] =
	    (struct http1_field){slice_of(at, n), slice_of(at + n, 0)};
	return 0;
}

static int
on_header_value(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = reader_of(parser);

	h->fields[h->n_fields - 1].value = slice_trim(slice_of(at, n));
	return 0;
}

static int
on_headers_complete(llhttp_t *parser)
{
	(void)parser;
	return HPE_PAUSED;
}

/* Pausing ends llhttp_execute with the piece as the last bytes it took. */
static int
on_body(llhttp_t *parser, const char *at, size_t n)
{
	reader_of(parser)->piece = slice_of(at, n);
	return HPE_PAUSED;
}

static int
on_message_complete(llhttp_t *parser)
{
	reader_of(parser)->state = HTTP1_END;
	return HPE_PAUSED;
}

static int
or_refused(struct http1 *h, bool fine)
{
	if (fine)
		return 0;
	h->why = HTTP1_BAD_FIELD;
	return HPE_USER;
}

/* A trailer may come in as many pieces as it has bytes. */
static int
on_trailer_field(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = reader_of(parser);

	return or_refused(
	    h, http1_trailers_name(&h->trailers, slice_of(at, n)));
}

static int
on_trailer_field_complete(llhttp_t *parser)
{
	struct http1 *h = reader_of(parser);

	return or_refused(h, http1_trailers_name_end(h->trailers));
}

static int
on_trailer_value(llhttp_t *parser, const char *at, size_t n)
{
	struct http1 *h = reader_of(parser);

	return or_refused(
	    h, http1_trailers_value(&h->trailers, slice_of(at, n)));
}

static const llhttp_settings_t head_callbacks = {
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
};

static const llhttp_settings_t body_callbacks = {
    .on_header_field = on_trailer_field,
    .on_header_field_complete = on_trailer_field_complete,
    .on_header_value = on_trailer_value,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

struct http1 *
http1_new(enum http1_kind kind)
{
	struct http1 *h = xcalloc(1, sizeof(*h));

	h->kind = kind;
	h->fields = h->few;
	llhttp_init(&h->parser,
	    kind == HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
	    &head_callbacks);
	return h;
}

static void
forget_fields(struct http1 *h)
{
	if (h->fields != h->few)
		free(h->fields);
	h->fields = h->few;
	h->n_fields = 0;
}

void
http1_free(struct http1 *h)
{
	if (h == NULL)
		return;
	forget_fields(h);
	http1_trailers_free(h->trailers);
	free(h);
}

void
http1_next(struct http1 *h)
{
	forget_fields(h);
	http1_trailers_free(h->trailers);
	h->trailers = NULL;
	llhttp_reset(&h->parser);
	h->parser.settings = (void *)&head_callbacks;
	h->state = HTTP1_HEAD;
	h->why = HTTP1_FINE;
	h->was_head = false;
	h->start = h->line = h->scanned = 0;
	h->left = h->overhead = 0;
	h->before = '\0';
}

void
http1_expect_head_response(struct http1 *h, bool was_head)
{
	h->was_head = was_head;
}

enum http1_cause
http1_why(const struct http1 *h)
{
	return h->why;
}

/* --- the head ------------------------------------------------------------- */

static enum http1_cause
version_cause(struct slice version)
{
	if (slice_eq(version, SLICE("HTTP/1.1")) ||
	    slice_eq(version, SLICE("HTTP/1.0")))
		return HTTP1_FINE;
	return slice_starts_with(version, SLICE("HTTP/")) ? HTTP1_BAD_VERSION
							  : HTTP1_BAD_SYNTAX;
}

/*
 * Cuts the start line at its blanks: exactly two in a request, at least one in
 * a response.  What the parts are made of is llhttp's to judge.
 */
static enum http1_cause
split_start_line(struct slice line, struct http1_head *head)
{
	struct slice version, status = {0};
	enum http1_cause why;

	if (head->kind == HTTP1_REQUEST) {
		(void)slice_cut(&line, ' ', &head->method);
		(void)slice_cut(&line, ' ', &head->target);
		version = line;
		if (head->target.p == NULL || head->target.n == 0)
			return HTTP1_BAD_SYNTAX;
	} else {
		(void)slice_cut(&line, ' ', &version);
		(void)slice_cut(&line, ' ', &status);
		head->reason = line.p == NULL ? slice_of("", 0) : line;
		if (status.n != 3 || status.p[0] < '1')
			return HTTP1_BAD_SYNTAX;
	}
	why = version_cause(version);
	if (why == HTTP1_FINE)
		head->minor = version.p[version.n - 1] - '0';
	return why;
}

/*
 * One line of the head without its LF.  *end is set at the empty one that ends
 * it.
 */
static enum http1_cause
check_line(struct http1 *h, struct slice line, bool *end)
{
	bool is_first = h->line == h->start;

	if (line.n == 0 || slice_find(line, '\r') != line.n - 1)
		return HTTP1_BAD_FIELD; /* a CR or LF without the other */
	if (line.n == 1 && !is_first) {
		*end = true;
	} else if (line.n == 1) {
		if (h->kind == HTTP1_RESPONSE)
			return HTTP1_BAD_SYNTAX;
		h->start += 2;
	} else if (is_first) {
		struct http1_head head = {.kind = h->kind};

		return split_start_line(slice_of(line.p, line.n - 1), &head);
	} else if (line.p[0] == ' ' || line.p[0] == '\t') {
		return HTTP1_BAD_FIELD; /* obs-fold */
	}
	return HTTP1_FINE;
}

/* Nothing we serve begins like this: answer now, not when a line ends. */
static bool
is_garbage(const struct http1 *h, struct slice in)
{
	char c;

	if (in.n <= h->start || h->line != h->start)
		return false;
	c = in.p[h->start];
	if (h->kind == HTTP1_RESPONSE)
		return c != 'H';
	return (c < 'A' || c > 'Z') && c != '\r' && c != '\n';
}

/*
 * Looks for the empty line, from where the last call stopped.  Lines are
 * checked in order as they complete, so that where the input was split makes
 * no difference to what is refused and why.
 */
static enum err
find_end(struct http1 *h, struct slice in)
{
	size_t most = in.n < HTTP1_HEAD_MAX ? in.n : HTTP1_HEAD_MAX;
	bool end = false;

	while (!end) {
		struct slice rest =
		    slice_from(slice_of(in.p, most), h->scanned);
		size_t at = h->scanned + slice_find(rest, '\n');
		enum http1_cause why;

		if (is_garbage(h, in))
			return fail(h, HTTP1_BAD_SYNTAX);
		h->scanned = at;
		if (at == most && most == HTTP1_HEAD_MAX)
			return fail(h, HTTP1_HEAD_TOO_LARGE);
		if (at == most)
			return ERR_AGAIN;
		why =
		    check_line(h, slice_of(in.p + h->line, at - h->line), &end);
		if (why != HTTP1_FINE)
			return fail(h, why);
		h->line = h->scanned = at + 1;
	}
	return ERR_OK;
}

/* Why llhttp refused. */
static enum http1_cause
cause_of(const struct http1 *h, llhttp_errno_t e)
{
	if (h->why != HTTP1_FINE)
		return h->why;
	if (e == HPE_INVALID_VERSION || e == HPE_PAUSED_H2_UPGRADE)
		return HTTP1_BAD_VERSION;
	if (e == HPE_INVALID_HEADER_TOKEN || e == HPE_CR_EXPECTED ||
	    e == HPE_LF_EXPECTED || e == HPE_UNEXPECTED_SPACE)
		return HTTP1_BAD_FIELD;
	if (e == HPE_INVALID_CONTENT_LENGTH ||
	    e == HPE_UNEXPECTED_CONTENT_LENGTH ||
	    e == HPE_INVALID_TRANSFER_ENCODING || e == HPE_INVALID_CHUNK_SIZE)
		return HTTP1_BAD_FRAMING;
	return HTTP1_BAD_SYNTAX;
}

/* Both parsers must have come to the same framing, or there is a hole. */
static bool
agrees(const struct http1 *h, const struct http1_head *head)
{
	bool is_chunked = (h->parser.flags & F_CHUNKED) != 0;
	bool has_length = (h->parser.flags & F_CONTENT_LENGTH) != 0;

	return is_chunked == head->is_chunked &&
	       has_length == (head->content_length >= 0) &&
	       (!has_length ||
		   h->parser.content_length == (uint64_t)head->content_length);
}

static void
enter_body(struct http1 *h, const struct http1_head *head)
{
	h->state = HTTP1_END;
	if (!head->has_body)
		return;
	if (head->is_chunked) {
		h->state = HTTP1_BODY_CHUNKED;
		h->parser.settings = (void *)&body_callbacks;
		llhttp_resume(&h->parser);
	} else if (head->until_close) {
		h->state = HTTP1_BODY_CLOSE;
	} else {
		h->state = HTTP1_BODY_LENGTH;
		h->left = (uint64_t)head->content_length;
	}
}

enum err
http1_head(
    struct http1 *h, struct slice in, struct http1_head *out, size_t *used)
{
	struct slice text;
	enum http1_cause why;
	llhttp_errno_t parsed;
	enum err e;

	*used = 0;
	if (h->state == HTTP1_FAILED)
		return ERR_SYNTAX;
	assert(h->state == HTTP1_HEAD);
	e = find_end(h, in);
	if (e != ERR_OK)
		return e;
	text = slice_of(in.p + h->start, h->scanned - h->start);
	parsed = llhttp_execute(&h->parser, text.p, text.n);
	if (parsed != HPE_PAUSED)
		return fail(h, cause_of(h, parsed));
	*out = (struct http1_head){.kind = h->kind,
	    .status = h->parser.status_code,
	    .fields = h->fields,
	    .n_fields = h->n_fields};
	(void)split_start_line(slice_of(text.p, slice_find(text, '\r')), out);
	why = http1_judge(out, h->was_head);
	if (why == HTTP1_FINE && !agrees(h, out))
		why = HTTP1_BAD_FRAMING;
	if (why != HTTP1_FINE)
		return fail(h, why);
	enter_body(h, out);
	*used = h->scanned;
	return ERR_OK;
}

/* --- the body ------------------------------------------------------------- */

/* Lines between the data end with CRLF, and none begins with a blank: what
 * llhttp would let through, and the total. */
static bool
check_overhead(struct http1 *h, struct slice framing)
{
	for (size_t i = 0; i < framing.n; i++) {
		char c = framing.p[i];

		if ((c == '\n') != (h->before == '\r'))
			return false;
		if (h->before == '\n' && (c == ' ' || c == '\t'))
			return false;
		h->before = c;
	}
	h->overhead += framing.n;
	return h->overhead <= OVERHEAD_MAX;
}

static void
excuse_overhead(struct http1 *h)
{
	size_t excused = OVERHEAD_CREDIT + h->piece.n;

	h->overhead -= h->overhead < excused ? h->overhead : excused;
	h->before = '\0';
}

static enum err
read_chunked(
    struct http1 *h, struct slice in, struct slice *piece, size_t *used)
{
	llhttp_errno_t e;
	size_t n = in.n, framing;

	h->piece = slice_of(NULL, 0);
	e = llhttp_execute(&h->parser, in.p, in.n);
	if (e == HPE_PAUSED) {
		n = (size_t)(llhttp_get_error_pos(&h->parser) - in.p);
		llhttp_resume(&h->parser);
	} else if (e != HPE_OK) {
		return fail(h, HTTP1_BAD_FRAMING);
	}
	framing = n - h->piece.n;
	if (!check_overhead(h, slice_of(in.p, framing)))
		return fail(h, HTTP1_BAD_FRAMING);
	if (h->piece.n > 0)
		excuse_overhead(h);
	*piece = slice_of(in.p + framing, h->piece.n);
	*used = n;
	return ERR_OK;
}

enum err
http1_body(struct http1 *h, struct slice in, struct slice *piece, size_t *used,
    bool *end)
{
	enum err e = ERR_OK;

	*piece = slice_of(in.p, 0);
	*used = 0;
	switch (h->state) {
	case HTTP1_BODY_LENGTH:
		*used = h->left < in.n ? (size_t)h->left : in.n;
		*piece = slice_of(in.p, *used);
		h->left -= *used;
		if (h->left == 0)
			h->state = HTTP1_END;
		break;
	case HTTP1_BODY_CHUNKED:
		if (in.n > 0)
			e = read_chunked(h, in, piece, used);
		break;
	case HTTP1_BODY_CLOSE:
		*used = in.n;
		*piece = in;
		break;
	case HTTP1_END:
		break;
	case HTTP1_FAILED:
		e = ERR_SYNTAX;
		break;
	case HTTP1_HEAD:
		assert(h->state != HTTP1_HEAD);
	}
	*end = h->state == HTTP1_END;
	return e;
}

size_t
http1_trailers(struct http1 *h, const struct http1_field **out)
{
	assert(h->state == HTTP1_END);
	return http1_trailers_fields(h->trailers, out);
}

enum err
http1_eof(struct http1 *h)
{
	if (h->state == HTTP1_BODY_CLOSE)
		h->state = HTTP1_END;
	if (h->state == HTTP1_HEAD && h->scanned == 0)
		return ERR_CLOSED;
	return h->state == HTTP1_END ? ERR_OK : ERR_PEER;
}
