#include "router/edge/access_log.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

/* How long a line may wait for company, and a slow reader until it is asked
 * again. */
#define FLUSH_AFTER 0.1

_Static_assert(ACCESS_LOG_LINE_MAX <= PIPE_BUF, "a line is one atomic write");

enum sink {
	SINK_NONE,
	SINK_FILE,  /* takes what it is given */
	SINK_PIPE,  /* shared: PIPE_BUF bytes at once stay together */
	SINK_SOCKET /* a stream to one reader */
};

struct access_log {
	struct ev_loop *loop;
	struct ev_timer timer;
	struct buf lines; /* whole ones, but for the first: see `begun` */
	bool begun;       /* part of the first line is written */
	bool is_slow;     /* the reader: asked again by the timer only */
	int fd;
	enum sink sink;
	_Atomic uint64_t *dropped;
};

static enum sink
sink_of(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return SINK_NONE;
	if (S_ISSOCK(st.st_mode))
		return SINK_SOCKET;
	/* a terminal is as shared and as slow as a pipe */
	return S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) ? SINK_PIPE
							   : SINK_FILE;
}

/* Whole lines of at most `max` bytes from the front; at least the first. */
static size_t
lines_within(struct slice s, size_t max)
{
	const char *last;

	if (s.n <= max)
		return s.n;
	last = memrchr(s.p, '\n', max);
	return last == NULL ? slice_find(s, '\n') + 1
			    : (size_t)(last - s.p) + 1;
}

/*
 * The descriptor is shared with other processes, so it cannot be made
 * non-blocking for us alone: a socket is asked by flag, a pipe by poll, which
 * says yes only when PIPE_BUF bytes fit.
 */
static ssize_t
write_some(const struct access_log *l, struct slice s)
{
	struct pollfd p = {.fd = l->fd, .events = POLLOUT};

	switch (l->sink) {
	case SINK_FILE:
		return write(l->fd, s.p, s.n);
	case SINK_SOCKET:
		return send(l->fd, s.p, s.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case SINK_PIPE:
		if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0) {
			errno = EAGAIN;
			return -1;
		}
		return write(l->fd, s.p, lines_within(s, PIPE_BUF));
	case SINK_NONE:
		break;
	}
	return (ssize_t)s.n;
}

static uint64_t
count_lines(struct slice s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void
count_dropped(struct access_log *l, uint64_t n)
{
	atomic_fetch_add_explicit(l->dropped, n, memory_order_relaxed);
}

/* Drops what waits, but the rest of a line that was begun. */
static void
drop(struct access_log *l)
{
	struct slice s = buf_slice(&l->lines);
	size_t keep = l->begun ? slice_find(s, '\n') + 1 : 0;
	uint64_t n = count_lines(slice_from(s, keep));

	l->lines.len = keep;
	count_dropped(l, n);
}

/* Half a line is in the old file: the rest must not begin the new one. */
static void
drop_begun(struct access_log *l)
{
	if (!l->begun)
		return;
	buf_consume(&l->lines, slice_find(buf_slice(&l->lines), '\n') + 1);
	l->begun = false;
	count_dropped(l, 1);
}

static void
flush(struct access_log *l)
{
	while (l->lines.len > 0) {
		struct slice s = buf_slice(&l->lines);
		ssize_t n = write_some(l, s);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			l->begun = false; /* the reader is gone, or disk full */
			drop(l);
		}
		if (n <= 0)
			break;
		l->begun = s.p[n - 1] != '\n';
		buf_consume(&l->lines, (size_t)n);
	}
	l->is_slow = l->lines.len > 0;
	if (l->is_slow)
		ev_timer_again(l->loop, &l->timer);
}

static void
on_timer(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct access_log *l = container_of(t, struct access_log, timer);

	(void)events;
	ev_timer_stop(loop, t);
	flush(l);
}

struct access_log *
access_log_new(struct ev_loop *loop, int fd, _Atomic uint64_t *dropped)
{
	struct access_log *l = xcalloc(1, sizeof(*l));

	l->loop = loop;
	l->fd = fd;
	l->sink = sink_of(fd);
	l->dropped = dropped;
	buf_init(&l->lines, ACCESS_LOG_MAX);
	ev_init(&l->timer, on_timer);
	l->timer.repeat = FLUSH_AFTER;
	return l;
}

void
access_log_free(struct access_log *l)
{
	if (l == NULL)
		return;
	flush(l);
	ev_timer_stop(l->loop, &l->timer);
	buf_clear(&l->lines);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

void
access_log_reopen(struct access_log *l, int fd)
{
	flush(l);
	drop_begun(l);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = fd;
	l->sink = sink_of(fd);
}

void
access_log_add(struct access_log *l, struct slice line)
{
	if (l->sink == SINK_NONE)
		return;
	if (l->lines.len + ACCESS_LOG_LINE_MAX > ACCESS_LOG_MAX)
		drop(l);
	(void)buf_add(&l->lines, line);
	if (l->lines.len >= ACCESS_LOG_BATCH && !l->is_slow)
		flush(l);
	else if (!ev_is_active(&l->timer))
		ev_timer_again(l->loop, &l->timer);
}
