#ifndef ROUTER_EDGE_BALANCE_H
#define ROUTER_EDGE_BALANCE_H
/*
 * Which backend gets the next request: a pure function of what each is doing.
 */
#include <stdbool.h>
#include <stddef.h>

#include "router/edge/random.h"

enum balance {
	BALANCE_RANDOM2,    /* the less busy of two drawn by weight */
	BALANCE_LEAST,      /* the least busy of all */
	BALANCE_ROUNDROBIN, /* in turn, by weight */
};

#define BALANCE_NONE       ((size_t)-1)
#define BALANCE_FULL       100 /* the share of who has warmed up, percent */
#define BALANCE_COLD       10  /* the share at first */
#define BALANCE_WEIGHT_MAX (1000 * BALANCE_FULL)

struct balance_item {
	unsigned weight;  /* 0: gets nothing; at most BALANCE_WEIGHT_MAX */
	unsigned active;  /* requests it is answering for us */
	bool is_excluded; /* draining, quarantined, or tried already */
	int64_t *credit;  /* the round-robin's account of it, kept by the
			   * caller between calls, 0 at first */
};

/*
 * Index of the chosen, BALANCE_NONE when all are excluded.  Busy means active
 * requests for each unit of weight.  The round-robin is smooth: a backend of
 * great weight gets its turns between those of the others, not in a row.
 */
size_t balance_pick(enum balance how, struct balance_item *items, size_t n,
    struct random *random);

/*
 * Slow start: what of its weight, in percent, a backend has that is there for
 * age_ms; it grows from BALANCE_COLD to BALANCE_FULL within ramp_ms (0: at
 * once).  An age before 0 is one of a clock that was set: the share is full.
 */
unsigned balance_share(int64_t age_ms, int64_t ramp_ms);

#endif
