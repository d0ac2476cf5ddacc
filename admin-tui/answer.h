#ifndef ADMIN_TUI_ANSWER_H
#define ADMIN_TUI_ANSWER_H
/*
 * Reading the API's answers (INTERFACE.md, 4) leniently: the daemon may be
 * newer or older than the console, so what is missing or of another type is
 * empty, never an error.  Copies belong to the caller.
 */
#include "base/json.h"

#define ANSWER_TEXTS_MAX 1000 /* strings of one list */

char *answer_str(const json_t *o, const char *key);    /* never NULL */
int64_t answer_time(const json_t *o, const char *key); /* 0: none */

/* A list of strings; *n of them, NULL when none. */
char **answer_strs(const json_t *o, const char *key, size_t *n);
void answer_strs_free(char **strs, size_t n);

/* A fault object, or none: then the code is FAULT_NONE and the text "". */
void answer_fault(const json_t *o, const char *key, struct fault *f);

#endif
