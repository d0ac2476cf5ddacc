/*
 * A stream of HTTP/1 messages from a hostile peer.  However it is cut into
 * pieces on its way, the reader must say the same of it.
 *
 * The first byte chooses requests or responses, the next three where and how
 * finely the stream is cut.
 */
#include <stdio.h>

#include "tests/unit/http1_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Below the limit of framing bytes, which data excuses piece by piece. */
#define STREAM_MAX 8192

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum http1_kind kind;
	struct slice stream;
	char *whole, *cut;
	size_t first, step;
	bool was_head;

	if (n < 4 || n > STREAM_MAX)
		return 0;
	kind = data[0] & 1 ? HTTP1_RESPONSE : HTTP1_REQUEST;
	was_head = (data[0] & 2) != 0;
	stream = slice_of(data + 4, n - 4);
	first = (size_t)(data[1] | data[2] << 8) % (stream.n + 1);
	step = 1 + (data[3] & 63);
	whole = trace(kind, was_head, stream, stream.n, 1);
	cut = trace(kind, was_head, stream, first, step);
	if (strcmp(whole, cut) != 0) {
		(void)fprintf(stderr, "whole: %s\ncut:   %s\n", whole, cut);
		abort();
	}
	free(whole);
	free(cut);
	return 0;
}
