#include "router/edge/recent.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

/* Where records begin, by their number; a line is seldom below 200 bytes. */
#define INDEX_SIZE  4096
#define SNI_MAX     255
#define ADDRESS_MAX 200

struct kept_try {
	uint32_t ms;
	uint8_t code, n; /* of the address */
};

/* A record: this, the line, the SNI, the addresses. */
struct kept {
	uint32_t size;
	uint16_t line_n;
	uint16_t status;
	int64_t at_ms, certificate_id;
	const char *rule;
	struct access_part app, host, id;
	struct kept_try tries[RECENT_TRIES_MAX];
	uint8_t code, sni_n, n_tries;
};

struct recent {
	char *bytes;
	size_t size;
	size_t head;           /* where the next begins */
	uint64_t next, oldest; /* numbers of records */
	uint32_t index[INDEX_SIZE];
};

struct recent *
recent_new(size_t size)
{
	struct recent *r = xcalloc(1, sizeof(*r));

	assert(size >= 4 * ACCESS_LOG_LINE_MAX && size <= UINT32_MAX);
	r->bytes = xmalloc(size);
	r->size = size;
	return r;
}

void
recent_free(struct recent *r)
{
	if (r == NULL)
		return;
	free(r->bytes);
	free(r);
}

/* --- taking out ------------------------------------------------------------
 */

static struct slice
part_of(struct slice line, struct access_part part)
{
	return slice_of(line.p + part.at, part.n);
}

/* A record as others see it. */
static void
show(const struct kept *k, struct recent_request *out)
{
	const char *p = (const char *)(k + 1);
	struct slice line = slice_of(p, k->line_n);

	*out = (struct recent_request){
	    .at_ms = k->at_ms,
	    .status = k->status,
	    .code = (enum code)k->code,
	    .line = line,
	    .app = part_of(line, k->app),
	    .host = part_of(line, k->host),
	    .id = part_of(line, k->id),
	    .why.certificate_id = k->certificate_id,
	    .why.rule = k->rule,
	    .why.n_tries = k->n_tries,
	};
	p += k->line_n;
	out->why.sni = slice_of(p, k->sni_n);
	p += k->sni_n;
	for (size_t i = 0; i < k->n_tries; i++) {
		const struct kept_try *t = &k->tries[i];

		out->why.tries[i] = (struct recent_try){
		    slice_of(p, t->n), (enum code)t->code, t->ms};
		p += t->n;
	}
}

/* --- putting in ------------------------------------------------------------
 */

static size_t
at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static struct kept
describe(const struct access_line *line, const struct access_text *text,
    const struct recent_why *why)
{
	struct kept k = {
	    .line_n = (uint16_t)text->n,
	    .status = (uint16_t)line->status,
	    .at_ms = line->at_ms,
	    .certificate_id = why->certificate_id,
	    .rule = why->rule,
	    .app = text->app,
	    .host = text->host,
	    .id = text->id,
	    .code = (uint8_t)line->code,
	    .sni_n = (uint8_t)at_most(why->sni.n, SNI_MAX),
	    .n_tries = (uint8_t)at_most(why->n_tries, RECENT_TRIES_MAX),
	};
	size_t size = sizeof(k) + k.line_n + k.sni_n;

	for (size_t i = 0; i < k.n_tries; i++) {
		const struct recent_try *t = &why->tries[i];

		k.tries[i] = (struct kept_try){t->ms, (uint8_t)t->code,
		    (uint8_t)at_most(t->backend.n, ADDRESS_MAX)};
		size += k.tries[i].n;
	}
	/* the next one begins aligned */
	k.size =
	    (uint32_t)((size + sizeof(int64_t) - 1) & ~(sizeof(int64_t) - 1));
	return k;
}

static uint32_t
begin_of(const struct recent *r, uint64_t number)
{
	return r->index[number % INDEX_SIZE];
}

/* Makes room for `size` bytes at the head: the oldest go. */
static void
make_room(struct recent *r, size_t size)
{
	if (size > r->size - r->head) {
		/* what is left at the end is too little: all there is old */
		while (r->oldest < r->next && begin_of(r, r->oldest) >= r->head)
			r->oldest++;
		r->head = 0;
	}
	while (r->oldest < r->next && begin_of(r, r->oldest) >= r->head &&
	       begin_of(r, r->oldest) < r->head + size)
		r->oldest++;
	if (r->next - r->oldest == INDEX_SIZE)
		r->oldest++;
}

static char *
append(char *to, const char *from, size_t n)
{
	if (n > 0)
		memcpy(to, from, n);
	return to + n;
}

void
recent_add(struct recent *r, const struct access_line *line,
    const struct access_text *text, const struct recent_why *why,
    struct recent_request *out)
{
	struct kept k = describe(line, text, why);
	char *begin, *to;

	make_room(r, k.size);
	begin = to = r->bytes + r->head;
	r->index[r->next % INDEX_SIZE] = (uint32_t)r->head;
	r->next++;
	r->head += k.size;
	to = append(to, (const char *)&k, sizeof(k));
	to = append(to, text->bytes, k.line_n);
	to = append(to, why->sni.p, k.sni_n);
	for (size_t i = 0; i < k.n_tries; i++)
		to = append(to, why->tries[i].backend.p, k.tries[i].n);
	show((const struct kept *)begin, out);
}

/* --- taking out ------------------------------------------------------------
 */

struct log_facts
recent_facts(const struct recent_request *q)
{
	return (struct log_facts){
	    .app = q->app,
	    .host = q->host,
	    .code = slice_str(code_row(q->code)->name),
	    .status = q->status,
	};
}

bool
recent_at(const struct recent *r, size_t back, struct recent_request *out)
{
	if (back >= r->next - r->oldest)
		return false;
	show((const struct kept *)(r->bytes + begin_of(r, r->next - 1 - back)),
	    out);
	return true;
}
