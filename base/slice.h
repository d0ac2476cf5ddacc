#ifndef BASE_SLICE_H
#define BASE_SLICE_H
/*
 * A slice is a loan of bytes: pointer and length, passed by value.  It never
 * owns, is not terminated, and ends when its owner moves or frees the bytes.
 * All bytes from outside travel as slices.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct slice {
	const char *p;
	size_t n;
};

/* For printf: printf("%" SLICE_FMT, SLICE_ARG(s)). */
#define SLICE_FMT    ".*s"
#define SLICE_ARG(s) (int)(s).n, (s).p

/* A literal, its length taken at compile time. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})

static inline struct slice
slice_of(const void *p, size_t n)
{
	return (struct slice){p, n};
}

static inline struct slice
slice_str(const char *s)
{
	return (struct slice){s, s == NULL ? 0 : strlen(s)};
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal when ASCII letters are compared without case. */
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_starts_with(struct slice s, struct slice prefix);
bool slice_ends_with(struct slice s, struct slice suffix);

/* Without leading and trailing blanks and tabs (and CR, LF). */
struct slice slice_trim(struct slice s);

/* s from byte `from`, at most to the end. */
struct slice slice_from(struct slice s, size_t from);

/* Offset of the first c, or s.n when there is none. */
size_t slice_find(struct slice s, char c);

/*
 * Takes the part before the first `sep` off *s and steps over the separator;
 * without one, takes all.  Returns false when *s was already finished (p ==
 * NULL).  Empty parts are returned: "a,,b" gives three.
 */
bool slice_cut(struct slice *s, char sep, struct slice *part);

/*
 * The same for words separated by any run of blanks or tabs; empty words are
 * never returned.
 */
bool slice_word(struct slice *s, struct slice *word);

/* Decimal digits only, all of s, no sign.  ERR_SYNTAX, ERR_TOO_BIG. */
enum err MUST_USE slice_to_u64(struct slice s, uint64_t *out);

/*
 * Copies s into out with a terminating NUL.  ERR_TOO_BIG if size does not
 * hold it, ERR_SYNTAX if s has a NUL inside; out is then "".
 */
enum err MUST_USE slice_to_str(struct slice s, char *out, size_t size);

#endif
