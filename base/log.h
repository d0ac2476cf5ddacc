#ifndef BASE_LOG_H
#define BASE_LOG_H
/*
 * Operator's log, one line an event, to stderr.  A line is written once, where
 * the decision is made; libraries below never log.  Form:
 *
 *   2026-11-21T14:02:28Z info worker 0: drain connections=12
 *
 * Control bytes in values are written as \xNN, so a line is always one line.
 */
#include "base/err.h"
#include "base/slice.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Set once at start: who is speaking ("worker 0") and from which level on. */
void log_set_name(const char *name);
void log_set_level(enum log_level level);
enum err MUST_USE log_level_parse(struct slice s, enum log_level *out);

void log_write(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
