#ifndef ACME_SCHEDULE_H
#define ACME_SCHEDULE_H
/*
 * When to renew and when to try again: pure arithmetic over UTC seconds.
 */
#include <stdint.h>

/*
 * When 1/3 of the lifetime is left, or 1/2 under ten days, earlier by up to 5 %
 * of the lifetime by jitter (0..999, constant per name, so that a thousand
 * names issued together do not renew together).
 */
int64_t schedule_renewal(int64_t not_before, int64_t not_after, int jitter);

/* A constant 0..999 for a name. */
int schedule_jitter(const char *host);

/* Seconds after the n-th failure in a row (from 1): 1 min, 10 min, 100 min,
 * then a day. */
int64_t schedule_backoff(int failures);

/*
 * The same for a name whose certificate is valid for `left` seconds more: at
 * least ten tries fit into what is left, but not more than four an hour (which
 * limits of CAs allow).  left <= 0: there is none, nothing presses.
 */
int64_t schedule_retry(int failures, int64_t left);

/*
 * Seconds until DNS is looked at again while pending: `interval` for an hour
 * after a person last touched the name, then a third of the time since then,
 * up to four hours.
 */
int64_t schedule_check(int64_t interval, int64_t touched_at, int64_t now);

/* A custom certificate counts as expiring from this time on: 1/3 of its
 * lifetime left, at most 14 days before its end. */
int64_t schedule_expiring(int64_t not_before, int64_t not_after);

#endif
