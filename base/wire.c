#include "base/wire.h"

#include <endian.h>

void
wire_put_u8(struct buf *b, uint8_t v)
{
	(void)buf_add(b, slice_of(&v, 1));
}

void
wire_put_u32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	(void)buf_add(b, slice_of(&v, sizeof(v)));
}

void
wire_put_u64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	(void)buf_add(b, slice_of(&v, sizeof(v)));
}

void
wire_put_i64(struct buf *b, int64_t v)
{
	wire_put_u64(b, (uint64_t)v);
}

void
wire_put_bytes(struct buf *b, struct slice s)
{
	wire_put_u32(b, (uint32_t)s.n);
	(void)buf_add(b, s);
}

void
wire_put_str(struct buf *b, const char *s)
{
	wire_put_bytes(b, slice_str(s));
}

void
wire_put_fault(struct buf *b, const struct fault *f)
{
	wire_put_str(b, fault_code_name(f->code));
	wire_put_str(b, f->text);
	wire_put_str(b, f->action);
}

struct wire
wire_open(struct slice message)
{
	return (struct wire){message.p, message.p + message.n, false};
}

/* n bytes of the message, stepped over; NULL and bad when they are not there */
static const char *
take(struct wire *w, size_t n)
{
	const char *at = w->p;

	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = true;
		return NULL;
	}
	w->p += n;
	return at;
}

uint8_t
wire_u8(struct wire *w)
{
	const char *p = take(w, 1);

	return p == NULL ? 0 : (uint8_t)*p;
}

uint32_t
wire_u32(struct wire *w)
{
	const char *p = take(w, 4);
	uint32_t v;

	if (p == NULL)
		return 0;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

uint64_t
wire_u64(struct wire *w)
{
	const char *p = take(w, 8);
	uint64_t v;

	if (p == NULL)
		return 0;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

int64_t
wire_i64(struct wire *w)
{
	return (int64_t)wire_u64(w);
}

struct slice
wire_bytes(struct wire *w)
{
	size_t n = wire_u32(w);
	const char *p = take(w, n);

	return p == NULL ? slice_of("", 0) : slice_of(p, n);
}

void
wire_str(struct wire *w, char *out, size_t size)
{
	if (slice_to_str(wire_bytes(w), out, size) != ERR_OK)
		w->bad = true;
}

void
wire_fault(struct wire *w, struct fault *out)
{
	char code[8];

	wire_str(w, code, sizeof(code));
	wire_str(w, out->text, sizeof(out->text));
	wire_str(w, out->action, sizeof(out->action));
	out->code = fault_code_parse(code);
}

enum err
wire_end(const struct wire *w)
{
	return w->bad || w->p != w->end ? ERR_SYNTAX : ERR_OK;
}
