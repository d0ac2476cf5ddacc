#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/mem.h"
#include "router/edge/stream.h"
#include "tests/unit/test.h"

/* One end is a stream on a loop, the other a plain socket in the test's hand.
 */
struct fixture {
	struct ev_loop *loop;
	struct stream_io *io;
	struct stream stream;
	int peer;
	struct buf got; /* by on_bytes */
	int rooms;      /* calls of on_room */
	int ends;       /* calls of on_end */
	enum err why;
};

static struct fixture *
fixture_of(struct stream *s)
{
	return container_of(s, struct fixture, stream);
}

static void
on_bytes(struct stream *s, struct slice bytes)
{
	assert_int_equal(buf_add(&fixture_of(s)->got, bytes), ERR_OK);
}

static void
on_room(struct stream *s)
{
	fixture_of(s)->rooms++;
}

static void
on_end(struct stream *s, enum err why)
{
	fixture_of(s)->ends++;
	fixture_of(s)->why = why;
}

static const struct stream_ops ops = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_end = on_end,
    .tells_resets = true,
};

static int
set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	int fds[2];

	f->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	f->io = stream_io_new(f->loop);
	f->peer = -1;
	buf_init(&f->got, 8 << 20);
	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	    0);
	f->peer = fds[1];
	stream_open(&f->stream, f->io, fds[0], &ops);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	stream_close(&f->stream);
	stream_io_free(f->io);
	buf_clear(&f->got);
	if (f->peer >= 0)
		close(f->peer);
	ev_loop_destroy(f->loop);
	free(f);
	return 0;
}

/* A round of the loop as the worker makes it. */
static void
turn(struct fixture *f)
{
	while (stream_io_settle(f->io))
		;
	ev_run(f->loop, EVRUN_NOWAIT);
}

static size_t
read_peer(struct fixture *f)
{
	static char text[1 << 20];
	ssize_t n = read(f->peer, text, sizeof(text));

	return n < 0 ? 0 : (size_t)n;
}

static void
what_comes_is_given_on(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(write(f->peer, "hello", 5), 5);
	turn(f);
	assert_true(slice_eq(buf_slice(&f->got), SLICE("hello")));
}

static void
writes_are_gathered_into_one_send(void **state)
{
	struct fixture *f = *state;

	stream_write(&f->stream, SLICE("a"));
	stream_write(&f->stream, SLICE("b"));
	assert_false(stream_is_drained(&f->stream));
	assert_int_equal(read_peer(f), 0); /* not before the round ends */
	turn(f);
	assert_int_equal(read_peer(f), 2);
	assert_true(stream_is_drained(&f->stream));
	assert_int_equal(f->rooms, 0); /* nothing ever waited */
}

static void
another_writer_flushes_the_first(void **state)
{
	struct fixture *f = *state;
	struct stream other;
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	stream_open(&other, f->io, fds[0], &ops);
	stream_write(&f->stream, SLICE("one"));
	stream_write(&other, SLICE("two"));
	assert_int_equal(read_peer(f), 3);
	stream_close(&other); /* sends what is gathered */
	{
		char text[8];

		assert_int_equal(read(fds[1], text, sizeof(text)), 3);
		assert_memory_equal(text, "two", 3);
	}
	close(fds[1]);
}

static void
what_the_kernel_does_not_take_waits_in_order(void **state)
{
	struct fixture *f = *state;
	static char piece[100000];
	size_t sent = 0, got = 0;

	for (int c = 'a'; c <= 'j'; c++) {
		memset(piece, c, sizeof(piece));
		stream_write(&f->stream, slice_of(piece, sizeof(piece)));
		sent += sizeof(piece);
	}
	assert_true(stream_is_full(&f->stream));
	while (got < sent) {
		static char text[1 << 20];
		ssize_t n;

		turn(f);
		n = read(f->peer, text, sizeof(text));
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(text[i],
			    'a' + (char)((got + (size_t)i) / sizeof(piece)));
		got += n > 0 ? (size_t)n : 0;
	}
	turn(f);
	assert_true(f->rooms > 0);
	assert_true(stream_is_drained(&f->stream));
	assert_null(f->stream.out.p); /* an idle stream holds no buffer */
}

static void
past_every_limit_it_is_cut(void **state)
{
	struct fixture *f = *state;
	static char piece[STREAM_OUT_MAX];

	stream_write(&f->stream, slice_of(piece, sizeof(piece)));
	stream_write(&f->stream, slice_of(piece, sizeof(piece)));
	assert_int_equal(f->ends, 0); /* told from the loop only */
	turn(f);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->why, ERR_PEER);
}

static void
the_end_is_told_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(write(f->peer, "x", 1), 1);
	close(f->peer);
	f->peer = -1;
	for (int i = 0; i < 5; i++)
		turn(f);
	assert_int_equal(f->got.len, 1);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->why, ERR_CLOSED);
}

static void
a_failed_write_still_reads_what_was_said(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(write(f->peer, "413", 3), 3);
	close(f->peer);
	f->peer = -1;
	stream_write(&f->stream, SLICE("the rest of a long body"));
	turn(f);
	turn(f);
	assert_true(slice_eq(buf_slice(&f->got), SLICE("413")));
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->why, ERR_PEER);
}

static void
a_paused_stream_does_not_read(void **state)
{
	struct fixture *f = *state;

	stream_pause(&f->stream, true);
	assert_int_equal(write(f->peer, "x", 1), 1);
	turn(f);
	assert_int_equal(f->got.len, 0);
	stream_pause(&f->stream, false);
	turn(f);
	assert_int_equal(f->got.len, 1);
}

static void
what_was_not_sent_can_be_taken_back(void **state)
{
	struct fixture *f = *state;

	stream_write(&f->stream, SLICE("no"));
	assert_true(stream_take_back(&f->stream));
	stream_write(&f->stream, SLICE("yes"));
	turn(f);
	assert_int_equal(read_peer(f), 3);
	stream_write(&f->stream, SLICE("more"));
	assert_false(stream_take_back(&f->stream));
	turn(f);
	assert_int_equal(read_peer(f), 4);
}

/* --- connecting ----------------------------------------------------------- */

/* A listener on a free port, or that port with nobody behind it. */
static int
listen_anywhere(struct addr *at, bool stays)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(addr_parse_ip(SLICE("127.0.0.1"), 0, at), ERR_OK);
	assert_int_equal(bind(fd, &at->u.sa, at->len), 0);
	assert_int_equal(getsockname(fd, &at->u.sa, &at->len), 0);
	if (stays)
		assert_int_equal(listen(fd, 8), 0);
	else
		close(fd);
	return fd;
}

static void
connected_is_told_as_room(void **state)
{
	struct fixture *f = *state;
	struct addr at;
	int listener = listen_anywhere(&at, true);

	stream_close(&f->stream);
	assert_int_equal(stream_connect(&f->stream, f->io, &at, &ops), ERR_OK);
	assert_int_equal(f->rooms, 0);
	for (int i = 0; i < 50 && f->rooms == 0; i++)
		ev_run(f->loop, EVRUN_ONCE);
	assert_int_equal(f->rooms, 1);
	assert_int_equal(f->ends, 0);
	close(listener);
}

static void
nobody_there_is_a_refusal(void **state)
{
	struct fixture *f = *state;
	struct addr at;
	enum err e;

	(void)listen_anywhere(&at, false);
	stream_close(&f->stream);
	e = stream_connect(&f->stream, f->io, &at, &ops);
	if (e == ERR_OK) {
		for (int i = 0; i < 50 && f->ends == 0; i++)
			ev_run(f->loop, EVRUN_ONCE);
		assert_int_equal(f->ends, 1);
		e = f->why;
	}
	assert_int_equal(e, ERR_DENIED);
	assert_int_equal(
	    addr_parse(SLICE("unix:/nowhere/at/all"), &at), ERR_OK);
	stream_close(&f->stream);
	assert_int_equal(
	    stream_connect(&f->stream, f->io, &at, &ops), ERR_DENIED);
}

/* --- ends of one half ----------------------------------------------------- */

static void
the_fin_goes_out_behind_what_waits(void **state)
{
	struct fixture *f = *state;
	static char piece[STREAM_OUT_MAX / 2], text[1 << 20];
	size_t got = 0;
	ssize_t n;

	stream_write(&f->stream, slice_of(piece, sizeof(piece)));
	stream_shut_down(&f->stream);
	do {
		turn(f);
		n = read(f->peer, text, sizeof(text));
		got += n > 0 ? (size_t)n : 0;
	} while (n != 0);
	assert_int_equal(got, sizeof(piece));
	/* the other half lives */
	assert_int_equal(write(f->peer, "still", 5), 5);
	turn(f);
	assert_true(slice_eq(buf_slice(&f->got), SLICE("still")));
	assert_int_equal(f->ends, 0);
}

static void
a_reset_behind_the_end_of_one_half_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(shutdown(f->peer, SHUT_WR), 0);
	turn(f);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->why, ERR_CLOSED);
	close(f->peer);
	f->peer = -1;
	stream_write(&f->stream, SLICE("to nobody"));
	turn(f);
	assert_int_equal(f->ends, 2);
	assert_int_equal(f->why, ERR_PEER);
}

/* The fixture's stream over TCP, where a reset exists. */
static void
over_tcp(struct fixture *f)
{
	struct addr at;
	int listener = listen_anywhere(&at, true);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, &at.u.sa, at.len), 0);
	close(f->peer);
	f->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(f->peer >= 0);
	close(listener);
	stream_close(&f->stream);
	stream_open(&f->stream, f->io, fd, &ops);
}

static void
a_reset_is_told_even_while_nothing_is_read(void **state)
{
	struct fixture *f = *state;
	struct linger at_once = {.l_onoff = 1};

	over_tcp(f);
	stream_pause(&f->stream, true);
	assert_int_equal(write(f->peer, "x", 1), 1);
	assert_int_equal(setsockopt(f->peer, SOL_SOCKET, SO_LINGER, &at_once,
			     sizeof(at_once)),
	    0);
	close(f->peer);
	f->peer = -1;
	for (int i = 0; i < 5 && f->ends == 0; i++)
		ev_run(f->loop, EVRUN_ONCE);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->why, ERR_PEER);
	assert_int_equal(f->got.len, 0);
}

/* What is missing here is not told as the other side's fault. */
static void
no_descriptor_left_is_nobody_elses_fault(void **state)
{
	struct fixture *f = *state;
	struct rlimit had, none;
	struct addr at;
	int listener = listen_anywhere(&at, true);
	enum err e;

	stream_close(&f->stream);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &had), 0);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = had.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	e = stream_connect(&f->stream, f->io, &at, &ops);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &had), 0);
	assert_int_equal(e, ERR_AGAIN);
	close(listener);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_comes_is_given_on),
	    TEST(writes_are_gathered_into_one_send),
	    TEST(another_writer_flushes_the_first),
	    TEST(what_the_kernel_does_not_take_waits_in_order),
	    TEST(past_every_limit_it_is_cut),
	    TEST(the_end_is_told_once),
	    TEST(a_failed_write_still_reads_what_was_said),
	    TEST(a_paused_stream_does_not_read),
	    TEST(what_was_not_sent_can_be_taken_back),
	    TEST(connected_is_told_as_room),
	    TEST(nobody_there_is_a_refusal),
	    TEST(the_fin_goes_out_behind_what_waits),
	    TEST(a_reset_behind_the_end_of_one_half_is_told),
	    TEST(no_descriptor_left_is_nobody_elses_fault),
	    TEST(a_reset_is_told_even_while_nothing_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
