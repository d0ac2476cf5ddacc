#include "router/edge/worker_logs.h"

#include "base/clock.h"
#include "base/mem.h"
#include "router/edge/worker.h"

_Static_assert(TAP_BYTES_MAX + 1024 < CHANNEL_MESSAGE_MAX, "a tap's answer");

/* --- router lines ----------------------------------------------------------
 */

/* The latest that match, at most n and what fits a message: how far back each
 * is, the newest first. */
static size_t
find_last(const struct recent *r, const struct log_filter *filter, size_t n,
    size_t backs[LOG_LINES_MAX])
{
	struct recent_request q;
	size_t found = 0, bytes = 0;

	for (size_t back = 0; found < n && recent_at(r, back, &q); back++) {
		struct log_facts facts = recent_facts(&q);

		if (!log_filter_matches(filter, &facts))
			continue;
		bytes += sizeof(int64_t) + sizeof(uint32_t) + q.line.n;
		if (bytes > TAP_BYTES_MAX)
			break;
		backs[found++] = back;
	}
	return found;
}

static void
put_last(const struct recent *r, const struct log_filter *filter, size_t n,
    struct buf *out)
{
	size_t backs[LOG_LINES_MAX];
	struct recent_request q;

	n = find_last(r, filter, n < LOG_LINES_MAX ? n : LOG_LINES_MAX, backs);
	wire_put_u64(out, 0);
	wire_put_u32(out, (uint32_t)n);
	while (n > 0 && recent_at(r, backs[--n], &q))
		tap_put_line(out, &q);
}

static enum err
answer_logs(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	uint32_t id = wire_u32(&in), last;
	int64_t now_ms = clock_mono_ms();
	struct log_filter filter;
	struct fault f = {0};
	struct buf out;
	enum err e = ERR_NOT_FOUND;

	log_filter_read(&in, &filter);
	last = wire_u32(&in);
	if (wire_end(&in) != ERR_OK)
		return ERR_SYNTAX;
	buf_init(&out, CHANNEL_MESSAGE_MAX);
	if (id != 0)
		e = taps_fetch(&w->taps, id, now_ms, &out);
	if (id != 0 && e == ERR_NOT_FOUND)
		e = taps_open(&w->taps, id, &filter, now_ms);
	if (e == ERR_TOO_BIG) {
		fault_set(&f, FAULT_S20_LIMIT_REACHED,
		    "%d clients follow router lines already", TAPS_MAX);
		(void)channel_refuse(c, m->number, &f);
	} else {
		if (out.len == 0)
			put_last(w->recent, &filter, last, &out);
		(void)channel_answer_ok(c, m->number, buf_slice(&out));
	}
	buf_clear(&out);
	return ERR_OK;
}

static enum err
end_logs(struct worker *w, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	uint32_t id = wire_u32(&in);

	if (wire_end(&in) != ERR_OK)
		return ERR_SYNTAX;
	taps_close(&w->taps, id);
	return ERR_OK;
}

/* --- why -------------------------------------------------------------------
 */

static void
put_why(struct buf *out, const struct recent_request *q)
{
	const struct recent_why *why = &q->why;

	tap_put_line(out, q);
	wire_put_bytes(out, why->sni);
	wire_put_i64(out, why->certificate_id);
	wire_put_str(out, why->rule);
	wire_put_u32(out, (uint32_t)why->n_tries);
	for (size_t i = 0; i < why->n_tries; i++) {
		const struct recent_try *t = &why->tries[i];

		wire_put_bytes(out, t->backend);
		wire_put_str(out, code_row(t->code)->name);
		wire_put_u32(out, t->ms);
	}
}

static bool
find_request(
    const struct recent *r, struct slice id, struct recent_request *out)
{
	for (size_t back = 0; recent_at(r, back, out); back++)
		if (slice_eq(out->id, id))
			return true;
	return false;
}

static enum err
answer_explain(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	struct wire in = wire_open(m->body);
	struct slice id = wire_bytes(&in);
	struct recent_request q;
	struct buf out;

	if (wire_end(&in) != ERR_OK)
		return ERR_SYNTAX;
	buf_init(&out, CHANNEL_MESSAGE_MAX);
	if (id.n > 0 && find_request(w->recent, id, &q)) {
		wire_put_u8(&out, 1);
		put_why(&out, &q);
	} else {
		wire_put_u8(&out, 0);
	}
	(void)channel_answer_ok(c, m->number, buf_slice(&out));
	buf_clear(&out);
	return ERR_OK;
}

enum err
worker_logs_answer(
    struct worker *w, struct channel *c, const struct channel_message *m)
{
	if (m->type == MSG_LOGS)
		return answer_logs(w, c, m);
	if (m->type == MSG_LOGS_END)
		return end_logs(w, m);
	if (m->type == MSG_EXPLAIN)
		return answer_explain(w, c, m);
	return ERR_SYNTAX;
}
