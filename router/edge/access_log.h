#ifndef ROUTER_EDGE_ACCESS_LOG_H
#define ROUTER_EDGE_ACCESS_LOG_H
/*
 * Router lines (INTERFACE.md, section 5): one for each request, gathered and
 * written whole, never waiting for a slow reader.  What it cannot take is
 * dropped and counted.
 *
 * Flushed at ACCESS_LOG_BATCH bytes, or a moment after the first line of a
 * batch.  To a pipe, which workers share, no write is longer than PIPE_BUF, so
 * lines never mix; a line is kept shorter than that.
 *
 * Owned by: the worker.   Freed by: access_log_free, which writes the rest.
 */
#include <ev.h>

#include "base/buf.h"
#include "base/codes.h"
#include "base/shared.h"
#include "router/edge/message.h"

#define ACCESS_LOG_BATCH    (64 * 1024)
#define ACCESS_LOG_MAX      (512 * 1024) /* waiting for a slow reader */
#define ACCESS_LOG_LINE_MAX 4096         /* PIPE_BUF */
#define ACCESS_LOG_PATH_MAX 2048         /* of the target, escaped */

/* What a line says.  Slices that are empty and times that are negative are
 * left out with their key. */
struct access_line {
	int64_t at_ms; /* wall clock */
	enum code code;
	const char *sock;  /* "client", "backend"; NULL: not told */
	const char *cause; /* NULL: not told */
	struct slice method, path, host, request_id, fwd, app, backend;
	int64_t connect_ms, queue_ms, service_ms;
	int status; /* 0: none was sent or decided */
	uint64_t bytes;
	bool is_https;
	const char *tls; /* "1.3"; NULL on plain HTTP */
	enum http_version http;
};

/* Where a value stands in a line; n 0: it is left out. */
struct access_part {
	uint16_t at, n;
};

/* A line as text, with its newline. */
struct access_text {
	size_t n;
	struct access_part host, id, app;
	char bytes[ACCESS_LOG_LINE_MAX];
};

/* Pure; every line fits, for its parts are cut. */
void access_line_make(struct access_text *out, const struct access_line *line);

struct access_log;

/* Takes fd; -1: nothing is written.  dropped is counted up. */
struct access_log *access_log_new(
    struct ev_loop *loop, int fd, _Atomic uint64_t *dropped);
void access_log_free(struct access_log *l);
/* Takes fd.  What waits goes to the old one as far as it takes it, and to the
 * new one in whole lines. */
void access_log_reopen(struct access_log *l, int fd);

/* One line, at most ACCESS_LOG_LINE_MAX bytes. */
void access_log_add(struct access_log *l, struct slice line);

#endif
