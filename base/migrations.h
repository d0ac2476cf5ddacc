#ifndef BASE_MIGRATIONS_H
#define BASE_MIGRATIONS_H
/*
 * The steps that bring a store's schema to this version, in order.  One that
 * was ever released is never edited again: a change is a new one, which must
 * leave the reads of the version before it working (workers of two versions
 * run side by side during an upgrade).
 */
#include <stddef.h>

struct migration {
	int number;
	const char *sql;
};

const struct migration *migrations(size_t *n);

#endif
