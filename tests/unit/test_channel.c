#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/datagram.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wire.h"
#include "tests/unit/test.h"

/* Two ends in one process, on one loop: worker and its keys. */
struct pair {
	struct ev_loop *loop;
	struct channel *worker, *keys;
	int messages, closed, answers;
	enum err last;
	char text[64];
	int fd;
	bool refuse, malformed, silent;
};

static enum err
on_message(void *ctx, struct channel *c, const struct channel_message *m)
{
	struct pair *p = ctx;
	struct fault f = {0};

	p->messages++;
	assert_int_equal(
	    slice_to_str(m->body.n < sizeof(p->text) ? m->body : SLICE("long"),
		p->text, sizeof(p->text)),
	    ERR_OK);
	if (m->n_fds > 0) {
		p->fd = m->fds[0];
		m->fds[0] = -1;
	}
	if (p->malformed)
		return ERR_SYNTAX;
	if (m->number == 0 || p->silent)
		return ERR_OK;
	fault_set(&f, FAULT_C37_KEYS_AWAY, "no such key");
	if (p->refuse)
		(void)channel_refuse(c, m->number, &f);
	else
		(void)channel_answer_ok(c, m->number, SLICE("signature"));
	return ERR_OK;
}

static void
on_closed(void *ctx, struct channel *c)
{
	struct pair *p = ctx;

	(void)c;
	p->closed++;
}

static void
on_answer(void *ctx, enum err e, struct slice body, const struct fault *f)
{
	struct pair *p = ctx;

	(void)f;
	p->answers++;
	p->last = e;
	assert_int_equal(slice_to_str(body, p->text, sizeof(p->text)), ERR_OK);
}

static const struct channel_ops ops = {on_message, on_closed};

static int
set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	log_set_level(LOG_LEVEL_ERROR);
	p->fd = -1;
	p->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	assert_int_equal(channel_pair(fds), ERR_OK);
	p->worker = channel_new(fds[0], ROLE_WORKER, ROLE_KEYS, 0, &ops, p);
	p->keys = channel_new(fds[1], ROLE_KEYS, ROLE_WORKER, 0, &ops, p);
	channel_start(p->worker, p->loop);
	channel_start(p->keys, p->loop);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct pair *p = *state;

	channel_free(p->worker);
	channel_free(p->keys);
	if (p->fd >= 0)
		close(p->fd);
	ev_loop_destroy(p->loop);
	free(p);
	return 0;
}

static void
turn(struct pair *p, int times)
{
	while (times-- > 0)
		ev_run(p->loop, EVRUN_NOWAIT);
}

static void
a_message_arrives_whole_with_its_descriptor(void **state)
{
	struct pair *p = *state;
	int fd = open("/dev/null", O_RDONLY);

	assert_int_equal(
	    channel_send(p->worker, MSG_KEY_LOAD, SLICE("hello"), &fd, 1),
	    ERR_OK);
	close(fd);
	turn(p, 2);
	assert_int_equal(p->messages, 1);
	assert_string_equal(p->text, "hello");
	assert_true(p->fd >= 0);
}

static void
a_request_is_answered_on_the_loop(void **state)
{
	struct pair *p = *state;

	channel_request(
	    p->worker, MSG_KEY_SIGN, SLICE("x"), 1000, on_answer, p);
	assert_int_equal(p->answers, 0);
	turn(p, 4);
	assert_int_equal(p->answers, 1);
	assert_int_equal(p->last, ERR_OK);
	assert_string_equal(p->text, "signature");
	p->refuse = true;
	channel_request(
	    p->worker, MSG_KEY_SIGN, SLICE("x"), 1000, on_answer, p);
	turn(p, 4);
	assert_int_equal(p->last, ERR_DENIED);
}

static void
a_request_nobody_answers_times_out(void **state)
{
	struct pair *p = *state;

	p->silent = true;
	channel_request(p->worker, MSG_KEY_SIGN, SLICE("x"), 20, on_answer, p);
	for (int i = 0; i < 100 && p->answers == 0; i++)
		ev_run(p->loop, EVRUN_ONCE);
	assert_int_equal(p->last, ERR_TIMEOUT);
	assert_int_equal(p->answers, 1);
}

static void
a_forbidden_message_costs_the_sender_its_channel(void **state)
{
	struct pair *p = *state;

	(void)channel_send(p->worker, MSG_KEY_EXPORT, SLICE(""), NULL, 0);
	turn(p, 4);
	assert_int_equal(p->messages, 0);
	assert_int_equal(p->closed, 2); /* both ends hear of it, once */
	assert_false(channel_is_open(p->keys));
	assert_int_equal(
	    channel_send(p->worker, MSG_KEY_LOAD, SLICE(""), NULL, 0),
	    ERR_CLOSED);
}

static void
a_malformed_message_costs_the_sender_its_channel(void **state)
{
	struct pair *p = *state;

	p->malformed = true;
	(void)channel_send(p->worker, MSG_KEY_LOAD, SLICE("?"), NULL, 0);
	turn(p, 4);
	assert_int_equal(p->closed, 2);
}

static void
a_lost_peer_fails_open_requests(void **state)
{
	struct pair *p = *state;

	channel_request(
	    p->worker, MSG_KEY_SIGN, SLICE("x"), 1000, on_answer, p);
	channel_close(p->keys);
	turn(p, 4);
	assert_int_equal(p->answers, 1);
	assert_int_equal(p->last, ERR_CLOSED);
	assert_int_equal(p->closed, 1);
}

static void
a_reader_that_sleeps_fills_a_queue_with_a_limit(void **state)
{
	struct pair *p = *state;
	struct buf big;
	enum err e = ERR_OK;
	int sent = 0;

	buf_init(&big, CHANNEL_MESSAGE_MAX);
	memset(buf_room(&big, 100000), 'x', 100000);
	buf_added(&big, 100000);
	for (; sent < 1000 && e == ERR_OK; sent++)
		e = channel_send(
		    p->worker, MSG_KEY_LOAD, buf_slice(&big), NULL, 0);
	assert_int_equal(e, ERR_CLOSED);
	assert_in_range(sent, CHANNEL_QUEUE_MAX / 100000, 100);
	turn(p, 64);
	assert_int_equal(p->closed, 2);
	buf_clear(&big);
}

/* The other end of a call, by hand: first a late answer, then ours. */
static void
answer_by_hand(int fd, uint32_t number, const char *text)
{
	struct buf b;

	buf_init(&b, 256);
	wire_put_u32(&b, MSG_ANSWER);
	wire_put_u32(&b, number);
	(void)buf_add_str(&b, text);
	assert_int_equal(datagram_send(fd, buf_slice(&b), NULL, 0), ERR_OK);
	buf_clear(&b);
}

static void
a_call_waits_for_its_own_answer_and_drops_a_late_one(void **state)
{
	struct pair *p = *state;
	struct fault f = {0};
	struct buf answer;
	int fds[2];
	struct channel *c;

	assert_int_equal(channel_pair(fds), ERR_OK);
	c = channel_new(fds[0], ROLE_WORKER, ROLE_KEYS, 0, &ops, p);
	buf_init(&answer, 100);
	assert_int_equal(
	    channel_call(c, MSG_KEY_SIGN, SLICE("1"), 10, &answer, &f),
	    ERR_TIMEOUT);
	answer_by_hand(fds[1], 1, "late");
	answer_by_hand(fds[1], 2, "mine");
	assert_int_equal(
	    channel_call(c, MSG_KEY_SIGN, SLICE("2"), 1000, &answer, &f),
	    ERR_OK);
	assert_true(slice_eq(buf_slice(&answer), SLICE("mine")));
	close(fds[1]);
	assert_int_equal(
	    channel_call(c, MSG_KEY_SIGN, SLICE("3"), 1000, &answer, &f),
	    ERR_CLOSED);
	buf_clear(&answer);
	channel_free(c);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(a_message_arrives_whole_with_its_descriptor),
	    T(a_request_is_answered_on_the_loop),
	    T(a_request_nobody_answers_times_out),
	    T(a_forbidden_message_costs_the_sender_its_channel),
	    T(a_malformed_message_costs_the_sender_its_channel),
	    T(a_lost_peer_fails_open_requests),
	    T(a_reader_that_sleeps_fills_a_queue_with_a_limit),
	    T(a_call_waits_for_its_own_answer_and_drops_a_late_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
