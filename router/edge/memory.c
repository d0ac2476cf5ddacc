#include "router/edge/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/slice.h"
#include "router/edge/conn.h"
#include "router/edge/listener.h"

#define EVERY_SECONDS 0.01
#define EVERY_BYTES                                                            \
	(4 * 1024 * 1024) /* whose senders may make us keep them               \
			   */
#define TICK_SECONDS 0.1  /* while memory is short and nothing happens */
/* What is free goes back to the system, or it would count for ever; of a large
 * heap that takes its time, and no more than a part of ours. */
#define TRIM_SHARE   20
#define WARN_SECONDS 10. /* between two lines about it */
/* Of the idle ones, each time. */
#define SHED_SHARE 16
/* Of those that hold much, each time; and what they must have waiting. */
#define HOLDERS_MAX 64
#define SLOW_BYTES  (16 * 1024)
/* When ending connections does not help, because the memory is held by
 * something else, turning everybody away would not either. */
#define ACCEPT_SHARE 4

/* --- how much there is ---------------------------------------------------- */

static size_t
read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	out[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

/* What the group of processes may have (cgroups(7), version 2), as a service
 * manager sets it; SIZE_MAX: no limit. */
static size_t
limit_of_group(void)
{
	char own[512], path[640], text[64];
	size_t n = read_text("/proc/self/cgroup", own, sizeof(own));
	struct slice rest = slice_of(own, n), line;
	uint64_t limit;

	while (slice_cut(&rest, '\n', &line)) {
		if (!slice_starts_with(line, SLICE("0::/")))
			continue;
		(void)snprintf(path, sizeof(path),
		    "/sys/fs/cgroup%" SLICE_FMT "/memory.max",
		    SLICE_ARG(slice_from(line, 3)));
		n = read_text(path, text, sizeof(text));
		if (n > 0 &&
		    slice_to_u64(slice_of(text, n - 1), &limit) == ERR_OK)
			return limit;
	}
	return SIZE_MAX;
}

static void
on_tick(struct ev_loop *loop, struct ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	memory_watch(container_of(t, struct memory, tick));
}

void
memory_init(struct memory *m, struct worker *w)
{
	size_t limit = limit_of_group();

	m->w = w;
	ev_init(&m->tick, on_tick);
	m->tick.repeat = TICK_SECONDS;
	m->machine =
	    (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
	if (m->machine > limit)
		m->machine = limit;
	m->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void
memory_configure(struct memory *m)
{
	const struct config *c = &m->w->config;

	m->ceiling = (size_t)c->router.max_memory;
	if (m->ceiling == 0)
		m->ceiling = m->machine / 2 / (size_t)c->router.workers;
}

/* --- how much is held ----------------------------------------------------- */

/* The next of the numbers between blanks; 0 when there is none. */
static uint64_t
next_number(struct slice *rest)
{
	struct slice word;
	uint64_t n;

	(void)slice_cut(rest, ' ', &word);
	return slice_to_u64(word, &n) == ERR_OK ? n : 0;
}

/* Resident and not of a file, in bytes (proc(5)); 0: not known. */
static size_t
held(const struct memory *m)
{
	char text[128];
	ssize_t n = pread(m->statm, text, sizeof(text), 0);
	struct slice rest = slice_of(text, n < 0 ? 0 : (size_t)n);
	uint64_t resident, shared;

	(void)next_number(&rest); /* the size */
	resident = next_number(&rest);
	shared = next_number(&rest);
	if (shared > resident)
		return 0;
	return (size_t)(resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

enum memory_state
memory_judge(enum memory_state now, size_t bytes, size_t ceiling)
{
	if (bytes >= ceiling)
		return MEMORY_OVER;
	if (bytes >= ceiling / 8 * 7)
		return MEMORY_SHORT;
	/* a little further, or it would be back at once */
	if (now != MEMORY_EASY && bytes >= ceiling / 4 * 3)
		return MEMORY_SHORT;
	return MEMORY_EASY;
}

/* --- what is done about it ------------------------------------------------ */

/* Who makes us hold bytes: does not read, or begins what it does not end. */
static bool
is_holding(const struct conn *c)
{
	size_t waiting = c->stream.out.len;

	if (c->state == CONN_OPEN)
		waiting += c->front->held(c);
	return waiting >= SLOW_BYTES ||
	       (c->state == CONN_OPEN && c->deadline.at != 0 &&
		   c->deadline.reason == CONN_DEADLINE_HEAD);
}

static void
end_holders(struct worker *w)
{
	size_t n = 0;

	LIST_FOREACH_SAFE(it, &w->conns) {
		struct conn *c = container_of(it, struct conn, link);

		if (n == HOLDERS_MAX)
			return;
		if (!is_holding(c))
			continue;
		conn_abort(c, true);
		n++;
	}
}

static void
trim(struct memory *m)
{
	ev_tstamp begun = ev_time();

	if (begun < m->trim_at)
		return;
	(void)malloc_trim(0);
	m->trim_at = begun + (ev_time() - begun) * TRIM_SHARE;
}

static void
relieve(struct memory *m)
{
	struct worker *w = m->w;
	size_t shed = conns_shed_idle(w, 1 + w->n_conns / SHED_SHARE);
	ev_tstamp now = ev_now(w->loop);

	if (m->state == MEMORY_OVER)
		end_holders(w);
	trim(m);
	if (m->warned_at == 0 || now - m->warned_at >= WARN_SECONDS) {
		m->warned_at = now;
		log_warning("memory is short: ceiling=%zuM connections=%zu "
			    "ended=%zu",
		    m->ceiling >> 20, w->n_conns, shed);
	}
}

static void
enter(struct memory *m, enum memory_state next)
{
	struct worker *w = m->w;

	if (m->state == MEMORY_EASY && next != MEMORY_EASY) {
		m->conns_at_first = w->n_conns;
		ev_timer_again(w->loop, &m->tick);
	} else if (next == MEMORY_EASY && m->state != MEMORY_EASY) {
		ev_timer_stop(w->loop, &m->tick);
	}
	m->state = next;
	stream_io_be_small(w->io, next != MEMORY_EASY);
	listeners_update(w->listeners);
}

static void
measure(struct memory *m)
{
	size_t bytes = held(m);

	m->measured_at = ev_now(m->w->loop);
	m->received_then = m->w->io->n_received;
	if (bytes == 0)
		return;
	if (m->state == MEMORY_EASY && bytes < m->ceiling / 8 * 7)
		return;
	enter(m, memory_judge(m->state, bytes, m->ceiling));
	if (m->state != MEMORY_EASY)
		relieve(m);
}

void
memory_watch(struct memory *m)
{
	if (ev_now(m->w->loop) - m->measured_at >= EVERY_SECONDS ||
	    m->w->io->n_received - m->received_then >= EVERY_BYTES)
		measure(m);
}

bool
memory_accepts(const struct memory *m)
{
	return m->state == MEMORY_EASY ||
	       m->w->n_conns < m->conns_at_first / ACCEPT_SHARE;
}

void
memory_clear(struct memory *m)
{
	if (m->w == NULL)
		return;
	ev_timer_stop(m->w->loop, &m->tick);
	if (m->statm >= 0)
		close(m->statm);
}
