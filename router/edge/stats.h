#ifndef ROUTER_EDGE_STATS_H
#define ROUTER_EDGE_STATS_H
/*
 * The worker's page of counters (base/shared.h): it alone writes, others read,
 * so plain loads and stores will do.
 */
#include "base/shared.h"

static inline void
stats_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

static inline void
stats_sub(_Atomic uint64_t *gauge, uint64_t n)
{
	stats_add(gauge, (uint64_t)0 - n);
}

static inline void
stats_set(_Atomic uint64_t *gauge, uint64_t n)
{
	atomic_store_explicit(gauge, n, memory_order_relaxed);
}

#endif
