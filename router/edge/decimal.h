#ifndef ROUTER_EDGE_DECIMAL_H
#define ROUTER_EDGE_DECIMAL_H
/*
 * Numbers as text on the hot path, where printf would be a tenth of the cost of
 * a request.
 */
#include "base/slice.h"

#define DECIMAL_SIZE 20 /* digits of the largest */

/* The digits of v, within out. */
static inline struct slice
decimal(uint64_t v, char out[DECIMAL_SIZE])
{
	size_t at = DECIMAL_SIZE;

	do
		out[--at] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return (struct slice){out + at, DECIMAL_SIZE - at};
}

#endif
