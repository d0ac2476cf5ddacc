/*
 * The reader of messages, and the decoder of the configuration that uses it:
 * the first byte of the input chooses what is read, the bytes themselves say
 * in which order the fields are asked for.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/wire.h"
#include "router/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One field of the kind that `how` chooses. */
static void
read_field(struct wire *w, unsigned how)
{
	struct fault f;
	char text[16];

	switch (how % 7) {
	case 0:
		(void)wire_u8(w);
		break;
	case 1:
		(void)wire_u32(w);
		break;
	case 2:
		(void)wire_u64(w);
		break;
	case 3:
		(void)wire_i64(w);
		break;
	case 4:
		(void)wire_bytes(w);
		break;
	case 5:
		wire_str(w, text, sizeof(text));
		break;
	default:
		wire_fault(w, &f);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of(data, size);
	struct wire w = wire_open(all);
	struct config c;

	if (size == 0)
		return 0;
	if ((data[0] & 1) != 0) {
		if (config_decode(slice_from(all, 1), &c) == ERR_OK)
			config_clear(&c);
		return 0;
	}
	for (size_t i = 0; i < size && !w.bad; i++)
		read_field(&w, data[i]);
	if (wire_end(&w) == ERR_OK && w.p != w.end)
		die("a message ended before its end");
	return 0;
}
