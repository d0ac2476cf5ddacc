#ifndef BASE_HTTP1_TRAILERS_H
#define BASE_HTTP1_TRAILERS_H
/*
 * The trailer fields of one chunked body, gathered as pieces of them arrive
 * (RFC 9112, 7.1.2).  Part of base/http1.
 *
 * Owned by: the reader.   Freed by: http1_trailers_free.
 */
#include "base/http1.h"

struct http1_trailers; /* NULL: none came yet */

/* Next bytes of a field's name or value; false: refused, for being too many or
 * too long.  The first makes *t. */
bool http1_trailers_name(struct http1_trailers **t, struct slice piece);
bool http1_trailers_value(struct http1_trailers **t, struct slice piece);
/* The name is whole; false when it has no bytes. */
bool http1_trailers_name_end(struct http1_trailers *t);

/* All of them, as long as t lives; how many is returned.  Nothing may be
 * added then.  t: NULL is allowed. */
size_t http1_trailers_fields(
    struct http1_trailers *t, const struct http1_field **out);

void http1_trailers_free(struct http1_trailers *t); /* NULL is allowed */

#endif
