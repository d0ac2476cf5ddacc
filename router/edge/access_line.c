#include <stdio.h>

#include "base/clock.h"
#include "router/edge/access_log.h"

#define HOST_SHOWN_MAX 255
#define FWD_SHOWN_MAX  255

/* A value in quotes, with JSON's escapes; at most `max` bytes of it. */
static void
put_quoted(struct buf *b, const char *key, struct slice v, size_t max)
{
	if (v.n > max)
		v.n = max;
	(void)buf_printf(b, " %s=\"", key);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c == '"' || c == '\\')
			(void)buf_printf(b, "\\%c", c);
		else if (c == '\n')
			(void)buf_add_str(b, "\\n");
		else if (c == '\r')
			(void)buf_add_str(b, "\\r");
		else if (c == '\t')
			(void)buf_add_str(b, "\\t");
		else if (c < 0x20 || c == 0x7f)
			(void)buf_printf(b, "\\u%04x", c);
		else
			(void)buf_add_char(b, (char)c);
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

/* The longest possible line (a target of control bytes) is cut to what fits:
 * a line never exceeds the limit of one atomic write. */
static size_t
path_shown(struct slice path)
{
	size_t budget = ACCESS_LOG_PATH_MAX, i;

	for (i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		size_t cost = c < 0x20 || c == 0x7f   ? 6
			      : c == '"' || c == '\\' ? 2
						      : 1;
		if (cost > budget)
			break;
		budget -= cost;
	}
	return i;
}

enum err
access_line_write(struct buf *b, const struct access_line *l)
{
	char at[CLOCK_TEXT_SIZE];

	(void)buf_add_str(b, clock_format_ms(l->at_ms, at));
	put_code(b, l);
	put_word(b, "method", l->method, 32);
	put_quoted(b, "path", l->path, path_shown(l->path));
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
