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

#define BALANCE_NONE ((size_t)-1)

struct balance_item {
	unsigned weight;  /* 0: gets nothing */
	unsigned active;  /* requests it is answering for us */
	bool is_excluded; /* draining, quarantined, or tried already */
};

/*
 * Index of the chosen, BALANCE_NONE when all are excluded.  Busy means active
 * requests for each unit of weight.  *turn is the round-robin's place, kept by
 * the caller between calls.
 */
size_t balance_pick(enum balance how, const struct balance_item *items,
    size_t n, struct random *random, unsigned *turn);

#endif
