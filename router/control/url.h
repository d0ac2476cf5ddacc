#ifndef ROUTER_CONTROL_URL_H
#define ROUTER_CONTROL_URL_H
/*
 * Paths and queries of the API (RFC 3986): matching against the patterns of
 * the route table, and percent-encoding both ways.
 */
#include "base/buf.h"
#include "base/slice.h"

#define URL_PARAMS_MAX 4

/*
 * Does path match a pattern like "/v1/apps/{app}/backends"?  A segment in
 * braces takes any one that is not empty; *n of them are put in params, still
 * encoded.
 */
bool url_match(struct slice path, const char *pattern,
    struct slice params[URL_PARAMS_MAX], size_t *n);

/* ERR_SYNTAX: a broken %XX or a NUL; ERR_TOO_BIG.  out is "" then. */
enum err MUST_USE url_decode(struct slice in, char *out, size_t size);

/* Everything but unreserved characters, `*` and `:` as %XX. */
void url_encode(struct buf *b, struct slice s);

/* The decoded value of a query's first parameter of that name.
 * ERR_NOT_FOUND: there is none; else as url_decode. */
enum err MUST_USE url_query(
    struct slice query, const char *name, char *out, size_t size);

#endif
