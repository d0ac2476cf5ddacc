#include "router/control/log_lines.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/logfmt.h"
#include "base/mem.h"

/* Of 224 workers at most, each with a message. */
#define BYTES_MAX ((size_t)64 * 1024 * 1024)

void
log_lines_init(struct log_lines *l)
{
	*l = (struct log_lines){0};
	buf_init(&l->bytes, BYTES_MAX);
}

void
log_lines_clear(struct log_lines *l)
{
	buf_clear(&l->bytes);
	free(l->items);
	log_lines_init(l);
}

enum err
log_lines_read(struct log_lines *l, struct slice answer)
{
	struct wire w = wire_open(answer);
	uint64_t missed = wire_u64(&w);
	uint32_t n = wire_u32(&w);

	l->missed += missed;
	for (uint32_t i = 0; i < n && !w.bad; i++) {
		struct log_line line = {.at_ms = wire_i64(&w)};
		struct slice text = wire_bytes(&w);

		if (w.bad || buf_add(&l->bytes, text) != ERR_OK)
			break;
		line.from = l->bytes.len - text.n;
		line.n = text.n;
		line.order = l->n;
		if ((l->n & (l->n - 1)) == 0) /* full at each power of two */
			l->items = xrealloc(l->items,
			    (l->n == 0 ? 1 : 2 * l->n) * sizeof(*l->items));
		l->items[l->n++] = line;
	}
	return wire_end(&w);
}

static int
by_time(const void *a, const void *b)
{
	const struct log_line *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void
log_lines_sort(struct log_lines *l)
{
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(l->items[0]), by_time);
}

struct slice
log_lines_at(const struct log_lines *l, size_t i)
{
	const struct log_line *line = &l->items[i];

	return slice_of(buf_slice(&l->bytes).p + line->from, line->n);
}

/* --- as JSON ---------------------------------------------------------------
 */

/* "18ms" under "service" becomes "service_ms": 18. */
static bool
put_number(json_t *o, const char *key, struct slice value)
{
	char name[64];
	uint64_t n;
	bool is_plain = strcmp(key, "status") == 0 || strcmp(key, "bytes") == 0;

	if (!is_plain && !slice_ends_with(value, SLICE("ms")))
		return false;
	if (!is_plain)
		value.n -= 2;
	if (slice_to_u64(value, &n) != ERR_OK || n > INT64_MAX)
		return false;
	(void)snprintf(name, sizeof(name), "%s%s", key, is_plain ? "" : "_ms");
	json_put_int(o, name, (int64_t)n);
	return true;
}

/* By its name in the line and in the object; "at" is the time there. */
static const char *
name_of(const char *key)
{
	return strcmp(key, "at") == 0 ? "level" : key;
}

static void
put_field(json_t *o, const struct logfmt_field *f)
{
	char key[32];
	struct buf value;

	if (f->key.n == 0) {
		json_put_slice(o, "at", f->value); /* the first word */
		return;
	}
	if (slice_to_str(f->key, key, sizeof(key)) != ERR_OK)
		return;
	if (!f->is_quoted && put_number(o, key, f->value))
		return;
	buf_init(&value, f->value.n + 1);
	logfmt_add_value(&value, f);
	json_put_slice(o, name_of(key), buf_slice(&value));
	buf_clear(&value);
}

json_t *
log_line_json(struct slice line)
{
	struct slice left = line;
	struct logfmt_field f;
	json_t *o = json_object();

	while (logfmt_next(&left, &f))
		put_field(o, &f);
	json_put_slice(o, "line", line);
	return o;
}
