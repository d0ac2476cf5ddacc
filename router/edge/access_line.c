#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/access_log.h"
#include "router/edge/decimal.h"

#define HOST_SHOWN_MAX 255
#define FWD_SHOWN_MAX  255

/* A line while it is made.  Every part has a limit, so that the whole always
 * fits: past the end is a bug. */
struct line {
	char bytes[ACCESS_LOG_LINE_MAX];
	size_t n;
};

static void
put(struct line *o, struct slice s)
{
	assert(s.n <= sizeof(o->bytes) - o->n);
	memcpy(o->bytes + o->n, s.p, s.n);
	o->n += s.n;
}

static void
put_number(struct line *o, struct slice key, uint64_t v)
{
	char digits[DECIMAL_SIZE];

	put(o, key);
	put(o, decimal(v, digits));
}

/* How a byte is written between quotes, as JSON does. */
static size_t
escape(unsigned char c, char out[8])
{
	static const struct {
		char byte, letter;
	} short_ones[] = {
	    {'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};

	for (size_t i = 0; i < COUNT_OF(short_ones); i++)
		if ((char)c == short_ones[i].byte) {
			out[0] = '\\';
			out[1] = short_ones[i].letter;
			return 2;
		}
	return (size_t)snprintf(out, 8, "\\u%04x", c);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

/* A value in quotes, cut to `max` bytes as they are written. */
static void
put_quoted(struct line *o, struct slice key, struct slice v, size_t max)
{
	size_t end = o->n + key.n + 1 + max;

	put(o, key);
	put(o, SLICE("\""));
	assert(end < sizeof(o->bytes));
	for (size_t i = 0; i < v.n; i++) {
		char text[8] = {v.p[i]};
		size_t n = 1;

		if (!is_plain((unsigned char)v.p[i]))
			n = escape((unsigned char)v.p[i], text);
		if (n > end - o->n)
			break;
		if (n == 1)
			o->bytes[o->n++] = text[0];
		else
			put(o, slice_of(text, n));
	}
	put(o, SLICE("\""));
}

/* A value without quotes: whatever could end it becomes "_". */
static void
put_word(struct line *o, struct slice key, struct slice v, size_t max)
{
	if (v.n == 0)
		return;
	if (v.n > max)
		v.n = max;
	put(o, key);
	assert(v.n <= sizeof(o->bytes) - o->n);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		o->bytes[o->n++] = c <= ' ' || c >= 0x7f || c == '"' || c == '='
				       ? '_'
				       : (char)c;
	}
}

static void
put_ms(struct line *o, struct slice key, int64_t ms)
{
	if (ms < 0)
		return;
	put_number(o, key, (uint64_t)ms);
	put(o, SLICE("ms"));
}

static void
put_code(struct line *o, const struct access_line *l)
{
	const struct code_row *row = code_row(l->code);

	put(o, SLICE(" at="));
	put(o, slice_str(code_level_text(row->level)));
	if (l->code == CODE_NONE)
		return;
	put(o, SLICE(" code="));
	put(o, slice_str(row->name));
	put_quoted(o, SLICE(" desc="), slice_str(row->desc), 64);
	if (l->cause != NULL)
		put_quoted(o, SLICE(" cause="), slice_str(l->cause), 255);
	if (l->sock != NULL)
		put_word(o, SLICE(" sock="), slice_str(l->sock), 16);
}

enum err
access_line_write(struct buf *b, const struct access_line *l)
{
	struct line o = {.n = 0};
	char at[CLOCK_TEXT_SIZE];

	put(&o, slice_str(clock_format_ms(l->at_ms, at)));
	put_code(&o, l);
	put_word(&o, SLICE(" method="), l->method, 32);
	put_quoted(&o, SLICE(" path="), l->path, ACCESS_LOG_PATH_MAX);
	put_word(&o, SLICE(" host="), l->host, HOST_SHOWN_MAX);
	put_word(&o, SLICE(" request_id="), l->request_id, 200);
	put_quoted(&o, SLICE(" fwd="), l->fwd, FWD_SHOWN_MAX);
	put_word(&o, SLICE(" app="), l->app, 63);
	put_word(&o, SLICE(" backend="), l->backend, 200);
	put_ms(&o, SLICE(" connect="), l->connect_ms);
	put_ms(&o, SLICE(" queue="), l->queue_ms);
	put_ms(&o, SLICE(" service="), l->service_ms);
	if (l->status != 0)
		put_number(&o, SLICE(" status="), (uint64_t)l->status);
	put_number(&o, SLICE(" bytes="), l->bytes);
	put(&o,
	    l->is_https ? SLICE(" protocol=https") : SLICE(" protocol=http"));
	if (l->tls != NULL)
		put_word(&o, SLICE(" tls="), slice_str(l->tls), 8);
	put(&o, SLICE(" http="));
	put(&o, slice_str(http_version_text(l->http)));
	put(&o, SLICE("\n"));
	return buf_add(b, slice_of(o.bytes, o.n));
}
