#ifndef BASE_JSON_H
#define BASE_JSON_H
/*
 * JSON, and jansson's only door: who needs json_t includes this.  Readers here
 * are strict (a wrong type is a fault that names the field) and writers give
 * UTC times as RFC 3339.
 */
#include <jansson.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

/*
 * Parses one whole document (depth at most 32, no NUL in strings, no duplicate
 * keys).  ERR_SYNTAX and P10 naming line and column.  The caller owns *out.
 */
enum err MUST_USE json_parse(struct slice text, json_t **out, struct fault *f);

/* From now on jansson wipes what it frees: for a process whose documents carry
 * secrets.  Call it before the first document. */
void json_wipe_on_free(void);

/* Compact text in a new string that the caller frees. */
char *json_text(const json_t *j);
enum err json_add(struct buf *b, const json_t *j); /* appended to b */

/*
 * Members of an object.  Absent or null leaves *out as it was and is ERR_OK
 * unless required; a wrong type is ERR_SYNTAX and P11.  Strings are loans of
 * the document.
 */
enum json_need {
	JSON_OPTIONAL,
	JSON_REQUIRED
};
enum err MUST_USE json_get_str(const json_t *o, const char *key,
    enum json_need need, const char **out, struct fault *f);
enum err MUST_USE json_get_bool(const json_t *o, const char *key,
    enum json_need need, bool *out, struct fault *f);
enum err MUST_USE json_get_int(const json_t *o, const char *key,
    enum json_need need, int64_t *out, struct fault *f);

/* For answers one does not judge: "" / 0 / false / NULL when absent. */
const char *json_str(const json_t *o, const char *key);
int64_t json_int(const json_t *o, const char *key);
bool json_bool(const json_t *o, const char *key);
json_t *json_obj(const json_t *o, const char *key); /* object or array, loan */

/* Setters; NULL and 0 times become null.  Never fail (memory dies). */
void json_put_str(json_t *o, const char *key, const char *value);
void json_put_slice(json_t *o, const char *key, struct slice value);
void json_put_int(json_t *o, const char *key, int64_t value);
void json_put_bool(json_t *o, const char *key, bool value);
void json_put_time(json_t *o, const char *key, int64_t at); /* 0: null */
void json_put(json_t *o, const char *key, json_t *value);   /* takes value */

/* {"code", "text", "action"}, or null for no fault. */
json_t *json_fault(const struct fault *f);

/* The other way, as a client: a fault object or a problem document. */
void json_to_fault(const json_t *o, struct fault *f);

#endif
