#ifndef BASE_WIRE_H
#define BASE_WIRE_H
/*
 * Messages are written and read field by field, big-endian, strings and blobs
 * with a 32 bit length.  The reader's error is sticky: read every field, then
 * ask once; a message must end exactly at its end.  Never a struct on the wire.
 */
#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

struct wire {
	const char *p, *end;
	bool bad; /* a field did not fit; all later fields read as 0 or "" */
};

/* Writing: into a buf whose limit is the message's. */
void wire_put_u8(struct buf *b, uint8_t v);
void wire_put_u32(struct buf *b, uint32_t v);
void wire_put_u64(struct buf *b, uint64_t v);
void wire_put_i64(struct buf *b, int64_t v);
void wire_put_bytes(struct buf *b, struct slice s);
void wire_put_str(struct buf *b, const char *s); /* NULL is written as "" */
void wire_put_fault(struct buf *b, const struct fault *f);

/* Reading. */
struct wire wire_open(struct slice message);
uint8_t wire_u8(struct wire *w);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);
int64_t wire_i64(struct wire *w);
struct slice wire_bytes(struct wire *w); /* a loan of the message */
/* Into a terminated string; bad when longer than size - 1 or with a NUL. */
void wire_str(struct wire *w, char *out, size_t size);
void wire_fault(struct wire *w, struct fault *out);

/* ERR_SYNTAX unless every field fitted and nothing is left. */
enum err MUST_USE wire_end(const struct wire *w);

#endif
