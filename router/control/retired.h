#ifndef ROUTER_CONTROL_RETIRED_H
#define ROUTER_CONTROL_RETIRED_H
/*
 * Addresses that were taken out of [platform] addresses count as ours for as
 * long as DNS may remember them: names that still point there have not moved
 * away, their records are only old.  Kept in the store, for the configuration
 * of yesterday is gone.
 */
#include "base/addr.h"
#include "base/err.h"

#define RETIRED_MAX   32
#define RETIRED_FOR_S (INT64_C(2) * 86400) /* the longest TTL that is usual */

struct control;

/* At start: writes down what the configuration no longer has.  ERR_IO. */
enum err MUST_USE retired_note(struct control *c);

/* Those that still count; returns how many. */
size_t retired_addresses(struct control *c, struct addr out[RETIRED_MAX]);

#endif
