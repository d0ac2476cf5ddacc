#ifndef ROUTER_CONTROL_REPEATS_H
#define ROUTER_CONTROL_REPEATS_H
/*
 * Idempotency-Key: a POST that is sent again with the same key, by the same
 * user to the same path, within a day, gets the first one's answer and does
 * nothing.  Kept in memory, the newest few.
 *
 * Owned by: control.   Freed by: repeats_free.
 */
#include "base/slice.h"

#define REPEATS_MAX      512
#define REPEATS_TEXT_MAX (32 * 1024) /* longer answers are not kept */

struct api_call;
struct repeats;

struct repeats *repeats_new(void);
void repeats_free(struct repeats *r);

/* Answers a repeated call; false: it is none. */
bool repeats_answer(struct api_call *call);
/* Remembers what a call is answered with, if it has a key. */
void repeats_keep(struct api_call *call, struct slice text);

#endif
