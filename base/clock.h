#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
/*
 * The only place that asks what time it is.  UTC seconds since 1970.
 *
 * Tests: with TOWPATH_TEST=1 in the environment, TOWPATH_CLOCK names a file of
 * eight bytes, a little-endian signed offset in seconds, mapped once and read
 * at every call, so a test moves all processes at once.  Honoured never
 * otherwise, and then shown loudly (clock_is_test).
 */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/slice.h"

/* Maps the test file if there is one; call before the sandbox. */
void clock_init(void);
bool clock_is_test(void);

int64_t clock_now(void);     /* wall clock, seconds, never below the floor */
int64_t clock_now_ms(void);  /* the same in milliseconds */
int64_t clock_mono_ms(void); /* monotonic, for durations; no offset */
int64_t clock_mono_us(void); /* the same in microseconds */
time_t clock_time_t(time_t *out); /* as time(); for GnuTLS */

/* No time earlier than `at` is told from now on (a boot in 1970). */
void clock_set_floor(int64_t at);

#define CLOCK_TEXT_SIZE 32
/* "2026-11-21T14:02:28Z"; with _ms "2026-11-21T14:02:28.114Z".  Returns out. */
char *clock_format(int64_t at, char out[CLOCK_TEXT_SIZE]);
char *clock_format_ms(int64_t at_ms, char out[CLOCK_TEXT_SIZE]);

/* RFC 3339, any offset, fractions dropped.  ERR_SYNTAX. */
enum err MUST_USE clock_parse(struct slice s, int64_t *out);

#endif
