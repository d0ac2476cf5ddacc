#include "router/edge/taps.h"

static struct tap *
find(struct taps *ts, uint32_t id)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->items[i].id == id)
			return &ts->items[i];
	return NULL;
}

static void
close_tap(struct taps *ts, struct tap *t)
{
	buf_clear(&t->lines);
	*t = ts->items[--ts->n];
}

void
taps_clear(struct taps *ts)
{
	while (ts->n > 0)
		close_tap(ts, &ts->items[ts->n - 1]);
}

void
taps_close(struct taps *ts, uint32_t id)
{
	struct tap *t = find(ts, id);

	if (t != NULL)
		close_tap(ts, t);
}

enum err
taps_open(struct taps *ts, uint32_t id, const struct log_filter *filter,
    int64_t now_ms)
{
	struct tap *t;

	taps_close(ts, id);
	if (ts->n == TAPS_MAX)
		return ERR_TOO_BIG;
	t = &ts->items[ts->n++];
	*t = (struct tap){.id = id, .filter = *filter, .fetched_ms = now_ms};
	buf_init(&t->lines, TAP_BYTES_MAX);
	return ERR_OK;
}

void
tap_put_line(struct buf *b, const struct recent_request *q)
{
	wire_put_i64(b, q->at_ms);
	wire_put_bytes(b, slice_of(q->line.p, q->line.n - 1));
}

static void
pour(struct tap *t, const struct recent_request *q)
{
	size_t before = t->lines.len;

	tap_put_line(&t->lines, q);
	if (!buf_failed(&t->lines)) {
		t->n_lines++;
		return;
	}
	t->lines.len = before; /* no half of a line */
	t->lines.failed = false;
	t->n_missed++;
}

void
taps_pour(struct taps *ts, const struct recent_request *q, int64_t now_ms)
{
	struct log_facts facts;

	if (ts->n == 0)
		return;
	facts = recent_facts(q);
	for (size_t i = ts->n; i-- > 0;) {
		struct tap *t = &ts->items[i];

		if (now_ms - t->fetched_ms > TAP_FORGOTTEN_MS)
			close_tap(ts, t);
		else if (log_filter_matches(&t->filter, &facts))
			pour(t, q);
	}
}

enum err
taps_fetch(struct taps *ts, uint32_t id, int64_t now_ms, struct buf *out)
{
	struct tap *t = find(ts, id);

	if (t == NULL)
		return ERR_NOT_FOUND;
	t->fetched_ms = now_ms;
	wire_put_u64(out, t->n_missed);
	wire_put_u32(out, t->n_lines);
	(void)buf_add(out, buf_slice(&t->lines));
	t->n_missed = 0;
	t->n_lines = 0;
	buf_reset(&t->lines);
	return ERR_OK;
}
