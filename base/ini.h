#ifndef BASE_INI_H
#define BASE_INI_H
/*
 * Reads INI text, sans-I/O: the form of towpath.conf (INTERFACE.md: `#` begins
 * a comment at the start of a line or after a blank, a line has at most 4096
 * bytes, keys may be repeated).  Knows no key: the visitor decides.
 */
#include "base/fault.h"
#include "base/slice.h"

#define INI_LINE_MAX 4096

/*
 * Called for each `key = value` in order.  A fault it sets ends the reading;
 * ini_read puts FILE:LINE in front.
 */
typedef enum err ini_visit(void *ctx, struct slice section, struct slice key,
    struct slice value, struct fault *f);

/* `name` is what is printed as FILE.  ERR_SYNTAX and S10, or the visitor's. */
enum err MUST_USE ini_read(const char *name, struct slice text,
    ini_visit *visit, void *ctx, struct fault *f);

#endif
