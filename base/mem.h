#ifndef BASE_MEM_H
#define BASE_MEM_H
/*
 * Memory that cannot fail: a process that cannot allocate dies and its parent
 * starts another.  Everything here is freed with free() unless it says more.
 */
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);        /* NULL gives NULL */
char *xstrdup_slice(struct slice s); /* terminated copy */
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);

/* Wipes n bytes in a way the compiler keeps, then frees.  NULL is allowed. */
void secret_free(void *p, size_t n);

/* Logs the sentence as an error and ends the process with status 70. */
_Noreturn void die(const char *fmt, ...) PRINTF(1, 2);

/* The struct that embeds `member` at address `ptr`. */
#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
