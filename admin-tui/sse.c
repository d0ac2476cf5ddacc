#include "admin-tui/sse.h"

void
sse_init(struct sse *s)
{
	buf_init(&s->line, SSE_LINE_MAX);
	buf_init(&s->data, SSE_LINE_MAX);
	s->had_cr = false;
}

void
sse_clear(struct sse *s)
{
	buf_clear(&s->line);
	buf_clear(&s->data);
}

/* An empty line ends the event; without data there was none. */
static void
end_event(struct sse *s, sse_event *on_event, void *ctx)
{
	if (s->data.len > 0)
		on_event(ctx, buf_slice(&s->data));
	buf_reset(&s->data);
}

static enum err
end_line(struct sse *s, sse_event *on_event, void *ctx)
{
	struct slice line = buf_slice(&s->line);
	enum err e = ERR_OK;
	if (line.n == 0) {
		end_event(s, on_event, ctx);
	} else if (slice_starts_with(line, SLICE("data:"))) {
		line = slice_from(line, 5);
		if (line.n > 0 && line.p[0] == ' ')
			line = slice_from(line, 1);
		if (s->data.len > 0)
			e = buf_add_char(&s->data, '\n');
		if (e == ERR_OK)
			e = buf_add(&s->data, line);
	}
	buf_reset(&s->line);
	return e;
}

enum err
sse_feed(struct sse *s, struct slice bytes, sse_event *on_event, void *ctx)
{
	for (size_t i = 0; i < bytes.n; i++) {
		char byte = bytes.p[i];
		bool is_rest = byte == '\n' && s->had_cr;
		s->had_cr = byte == '\r';
		if (is_rest)
			continue;
		enum err e = byte == '\r' || byte == '\n'
				 ? end_line(s, on_event, ctx)
				 : buf_add_char(&s->line, byte);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}
