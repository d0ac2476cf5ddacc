#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/access_log.h"
#include "router/edge/decimal.h"

#define HOST_SHOWN_MAX 255
#define FWD_SHOWN_MAX  255
#define ID_SHOWN_MAX   200

/* Every part has a limit, so that the whole always fits: past the end is a
 * bug. */
static void
put(struct access_text *o, struct slice s)
{
	assert(s.n <= sizeof(o->bytes) - o->n);
	memcpy(o->bytes + o->n, s.p, s.n);
	o->n += s.n;
}

static void
put_number(struct access_text *o, struct slice key, uint64_t v)
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

/* Bytes that are written as they are: between quotes, and in a word. */
enum {
	PLAIN_QUOTED = 1,
	PLAIN_WORD = 2,
};

static unsigned
plainness(unsigned char c)
{
	unsigned plain = 0;

	if (c >= 0x20 && c != 0x7f && c != '"' && c != '\\')
		plain |= PLAIN_QUOTED;
	if (c > ' ' && c < 0x7f && c != '"' && c != '=')
		plain |= PLAIN_WORD;
	return plain;
}

/* How many bytes from the front are plain. */
static size_t
plain_run(struct slice v, unsigned how)
{
	size_t n = 0;

	while (n < v.n && (plainness((unsigned char)v.p[n]) & how) != 0)
		n++;
	return n;
}

/* A value in quotes, cut to `max` bytes as they are written. */
static void
put_quoted(struct access_text *o, struct slice key, struct slice v, size_t max)
{
	size_t end = o->n + key.n + 1 + max;

	put(o, key);
	put(o, SLICE("\""));
	assert(end < sizeof(o->bytes));
	while (v.n > 0) {
		size_t n = plain_run(v, PLAIN_QUOTED), room = end - o->n;
		char text[8];

		put(o, slice_of(v.p, n < room ? n : room));
		v = slice_from(v, n);
		if (v.n == 0 || n > room)
			break;
		n = escape((unsigned char)v.p[0], text);
		if (n > end - o->n)
			break;
		put(o, slice_of(text, n));
		v = slice_from(v, 1);
	}
	put(o, SLICE("\""));
}

/* A value without quotes: whatever could end it becomes "_".  Returns where it
 * is. */
static struct access_part
put_word(struct access_text *o, struct slice key, struct slice v, size_t max)
{
	struct access_part part = {0};
	size_t n;

	if (v.n == 0)
		return part;
	if (v.n > max)
		v.n = max;
	put(o, key);
	part = (struct access_part){(uint16_t)o->n, (uint16_t)v.n};
	while (v.n > 0) {
		n = plain_run(v, PLAIN_WORD);
		put(o, slice_of(v.p, n));
		v = slice_from(v, n);
		if (v.n > 0)
			put(o, SLICE("_"));
		v = slice_from(v, 1);
	}
	return part;
}

static void
put_ms(struct access_text *o, struct slice key, int64_t ms)
{
	if (ms < 0)
		return;
	put_number(o, key, (uint64_t)ms);
	put(o, SLICE("ms"));
}

static void
put_code(struct access_text *o, const struct access_line *l)
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
		(void)put_word(o, SLICE(" sock="), slice_str(l->sock), 16);
}

static void
put_answer(struct access_text *o, const struct access_line *l)
{
	put_ms(o, SLICE(" connect="), l->connect_ms);
	put_ms(o, SLICE(" queue="), l->queue_ms);
	put_ms(o, SLICE(" service="), l->service_ms);
	if (l->status != 0)
		put_number(o, SLICE(" status="), (uint64_t)l->status);
	put_number(o, SLICE(" bytes="), l->bytes);
	put(o,
	    l->is_https ? SLICE(" protocol=https") : SLICE(" protocol=http"));
	if (l->tls != NULL)
		(void)put_word(o, SLICE(" tls="), slice_str(l->tls), 8);
	put(o, SLICE(" http="));
	put(o, slice_str(http_version_text(l->http)));
	put(o, SLICE("\n"));
}

void
access_line_make(struct access_text *o, const struct access_line *l)
{
	char at[CLOCK_TEXT_SIZE];

	o->n = 0;
	put(o, slice_str(clock_format_ms(l->at_ms, at)));
	put_code(o, l);
	(void)put_word(o, SLICE(" method="), l->method, 32);
	put_quoted(o, SLICE(" path="), l->path, ACCESS_LOG_PATH_MAX);
	o->host = put_word(o, SLICE(" host="), l->host, HOST_SHOWN_MAX);
	o->id = put_word(o, SLICE(" request_id="), l->request_id, ID_SHOWN_MAX);
	put_quoted(o, SLICE(" fwd="), l->fwd, FWD_SHOWN_MAX);
	o->app = put_word(o, SLICE(" app="), l->app, 63);
	(void)put_word(o, SLICE(" backend="), l->backend, 200);
	put_answer(o, l);
}
