#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/channel_inside.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/parcel.h"
#include "base/wire.h"

/* Waits until there is room or the deadline. */
static enum err
wait_for_room(struct channel *c, int64_t deadline_ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};
	int64_t left = deadline_ms - clock_mono_ms();
	int n;

	if (left <= 0)
		return ERR_TIMEOUT;
	do
		n = poll(&p, 1, (int)left);
	while (n < 0 && errno == EINTR);
	return n <= 0 ? ERR_TIMEOUT : ERR_OK;
}

static enum err
flush_until(struct channel *c, int64_t deadline_ms)
{
	for (;;) {
		enum err e = channel_flush(c);

		if (e != ERR_AGAIN)
			return e;
		if ((e = wait_for_room(c, deadline_ms)) != ERR_OK)
			return e;
	}
}

/* What came while waiting for something else, for the loop to deliver. */
static void
keep(struct channel *c, struct slice bytes, const int *fds, size_t n_fds)
{
	struct parcel *p = parcel_new(&c->kept, bytes);

	memcpy(p->fds, fds, n_fds * sizeof(*fds));
	p->n_fds = n_fds;
	channel_tell_soon(c);
}

/* True when the message is the answer to `number`, put into *answer or *f. */
static bool
is_answer(struct slice bytes, uint32_t number, struct buf *answer,
    struct fault *f, enum err *e)
{
	struct wire w = wire_open(bytes);
	uint32_t type = wire_u32(&w);

	if (wire_u32(&w) != number || w.bad ||
	    (type != MSG_ANSWER && type != MSG_REFUSAL))
		return false;
	if (type == MSG_ANSWER) {
		*e = buf_add(answer, slice_from(bytes, PARCEL_HEADER_SIZE));
		return true;
	}
	*e = ERR_DENIED;
	if (f != NULL)
		wire_fault(&w, f);
	return true;
}

/* The longest that a receive waits before it looks at the deadline. */
static void
be_patient(struct channel *c)
{
	struct timeval turn = {.tv_usec = 10 * 1000};

	if (!c->is_patient && setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &turn,
				  sizeof(turn)) != 0)
		die("a channel cannot wait: %m");
	c->is_patient = true;
}

static enum err
await(struct channel *c, uint32_t number, int64_t deadline_ms,
    struct buf *answer, struct fault *f)
{
	int fds[CHANNEL_FDS_MAX];
	size_t n, n_fds;
	enum err e;

	for (;;) {
		e = channel_receive(c, &n, fds, &n_fds, true);
		if (e == ERR_AGAIN) {
			if (clock_mono_ms() >= deadline_ms)
				return ERR_TIMEOUT;
			continue;
		}
		if (e != ERR_OK)
			return ERR_CLOSED;
		if (is_answer(slice_of(c->incoming, n), number, answer, f, &e))
			return e;
		keep(c, slice_of(c->incoming, n), fds, n_fds);
	}
}

enum err
channel_call(struct channel *c, enum message type, struct slice body,
    int timeout_ms, struct buf *answer, struct fault *f)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	uint32_t number = channel_new_number(c);
	enum err e;

	e = channel_send_numbered(c, type, number, body, NULL, 0);
	if (e == ERR_OK && !list_empty(&c->unsent))
		e = flush_until(c, deadline_ms);
	if (e == ERR_OK) {
		be_patient(c);
		e = await(c, number, deadline_ms, answer, f);
	}
	if (e == ERR_CLOSED)
		channel_cut(c);
	return e;
}
