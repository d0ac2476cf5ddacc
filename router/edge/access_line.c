#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/access_log.h"

#define HOST_SHOWN_MAX 255
#define FWD_SHOWN_MAX  255

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
	if (c >= 0x20 && c != 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	return (size_t)snprintf(out, 8, "\\u%04x", c);
}

/* A value in quotes, cut to `max` bytes as they are written: whatever it
 * holds, a line never exceeds the limit of one atomic write. */
static void
put_quoted(struct buf *b, const char *key, struct slice v, size_t max)
{
	(void)buf_printf(b, " %s=\"", key);
	for (size_t i = 0; i < v.n; i++) {
		char text[8];
		size_t n = escape((unsigned char)v.p[i], text);

		if (n > max)
			break;
		max -= n;
		(void)buf_add(b, slice_of(text, n));
	}
	(void)buf_add_char(b, '"');
}

/* A value without quotes: whatever could end it becomes "_". */
static void
put_word(struct buf *b, const char *key, struct slice v, size_t max)
{
	if (v.n == 0)
		return;
	if (v.n > max)
		v.n = max;
	(void)buf_printf(b, " %s=", key);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		(void)buf_add_char(
		    b, c <= ' ' || c >= 0x7f || c == '"' || c == '=' ? '_'
								     : (char)c);
	}
}

static void
put_ms(struct buf *b, const char *key, int64_t ms)
{
	if (ms >= 0)
		(void)buf_printf(b, " %s=%lldms", key, (long long)ms);
}

static void
put_code(struct buf *b, const struct access_line *l)
{
	const struct code_row *row = code_row(l->code);

	(void)buf_printf(b, " at=%s", code_level_text(row->level));
	if (l->code == CODE_NONE)
		return;
	(void)buf_printf(b, " code=%s desc=\"%s\"", row->name, row->desc);
	if (l->cause != NULL)
		put_quoted(b, "cause", slice_str(l->cause), HOST_SHOWN_MAX);
	if (l->sock != NULL)
		(void)buf_printf(b, " sock=%s", l->sock);
}

enum err
access_line_write(struct buf *b, const struct access_line *l)
{
	char at[CLOCK_TEXT_SIZE];

	(void)buf_add_str(b, clock_format_ms(l->at_ms, at));
	put_code(b, l);
	put_word(b, "method", l->method, 32);
	put_quoted(b, "path", l->path, ACCESS_LOG_PATH_MAX);
	put_word(b, "host", l->host, HOST_SHOWN_MAX);
	put_word(b, "request_id", l->request_id, 200);
	put_quoted(b, "fwd", l->fwd, FWD_SHOWN_MAX);
	put_word(b, "app", l->app, 63);
	put_word(b, "backend", l->backend, 200);
	put_ms(b, "connect", l->connect_ms);
	put_ms(b, "queue", l->queue_ms);
	put_ms(b, "service", l->service_ms);
	if (l->status != 0)
		(void)buf_printf(b, " status=%d", l->status);
	(void)buf_printf(b, " bytes=%llu protocol=%s",
	    (unsigned long long)l->bytes, l->is_https ? "https" : "http");
	if (l->tls != NULL)
		(void)buf_printf(b, " tls=%s", l->tls);
	(void)buf_printf(b, " http=%s\n", http_version_text(l->http));
	return buf_failed(b) ? ERR_TOO_BIG : ERR_OK;
}
