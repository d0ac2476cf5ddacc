#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H
/*
 * What the workers must count together to keep a limit: a memory file made by
 * the parent, written by all workers, read by control.  There is nothing in it
 * that could lead a reader astray: whatever stands there, a limit is kept a
 * little too early or too late.
 */
#include "base/load.h"
#include "base/rate.h"
#include "base/slice.h"

struct limits; /* the mapping */

/* Parent: a new one for so many workers; the fd is the caller's. */
size_t limits_size(size_t n_workers);
enum err MUST_USE limits_create(size_t n_workers, int *fd);

/* The fd stays the caller's. */
enum err MUST_USE limits_map(int fd, struct limits **out);
void limits_unmap(struct limits *l); /* NULL is allowed */

/* Hash of a key, the same in all processes that map it. */
uint64_t limits_hash(const struct limits *l, struct slice key);

/* See rate_take. */
bool limits_rate(struct limits *l, uint64_t hash, const struct rate *r,
    int64_t now_us, int64_t *wait_us);

/* Worker i: forgets what the one before it counted; counts. */
void limits_begin(struct limits *l, uint32_t i);
void limits_count(struct limits *l, uint32_t i, uint64_t hash, int change);

/* Over all workers; over all but i. */
uint64_t limits_total(const struct limits *l, uint64_t hash);
uint64_t limits_of_others(const struct limits *l, uint32_t i, uint64_t hash);

#endif
