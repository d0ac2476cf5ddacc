#include "router/control/uuid.h"

#include <sys/random.h>

#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

char *
uuid_make(char out[UUID_SIZE])
{
	uint8_t b[16];
	char *to = out;

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		die("no random bytes");
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++)
		to += sprintf(to, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
	return out;
}
