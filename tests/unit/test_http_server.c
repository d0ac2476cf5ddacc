#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "router/control/http_server.h"
#include "tests/unit/test.h"

#define BODY_MAX 1000
#define BIG_SIZE 100000

/* A server whose handler does what the path says. */
struct place {
	char folder[64], path[108];
	struct ev_loop *loop;
	struct http_server *server;
	struct peer_policy policy;
	struct http_exchange *held; /* of /held and /stream */
	bool is_gone;
	size_t n_big; /* requests of /big so far */
	int client;
	char in[65536];
	size_t n;
};

static void
on_gone(void *ctx)
{
	((struct place *)ctx)->is_gone = true;
}

static void
on_request(void *ctx, struct http_exchange *x)
{
	struct place *p = ctx;
	struct http_reply r = {.status = 200, .type = "text/plain"};

	if (slice_eq(http_path(x), SLICE("/echo"))) {
		r.body = http_body(x);
		http_answer(x, &r);
	} else if (slice_eq(http_path(x), SLICE("/big"))) {
		static char big[BIG_SIZE];

		p->n_big++;
		r.body = slice_of(big, sizeof(big));
		http_answer(x, &r);
	} else if (slice_eq(http_path(x), SLICE("/held"))) {
		p->held = x;
	} else if (slice_eq(http_path(x), SLICE("/stream"))) {
		p->held = x;
		assert_true(
		    http_stream_begin(x, "text/event-stream", on_gone, p));
	} else {
		r.body = http_query(x);
		http_answer(x, &r);
	}
}

static size_t
body_max(void *ctx, struct slice path)
{
	(void)ctx;
	(void)path;
	return BODY_MAX;
}

static int
listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void
connect_client(struct place *p)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (p->client >= 0)
		close(p->client);
	p->n = 0;
	p->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", p->path);
	assert_int_equal(
	    connect(p->client, (struct sockaddr *)&a, sizeof(a)), 0);
}

static int
setup(void **state)
{
	static const struct http_server_ops ops = {on_request, body_max};
	struct place *p = xcalloc(1, sizeof(*p));

	strcpy(p->folder, "/tmp/test_http.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->path, sizeof(p->path), "%s/sock", p->folder);
	p->loop = ev_loop_new(EVBACKEND_EPOLL);
	p->policy = (struct peer_policy){.own = geteuid(), .parent = -1};
	p->server =
	    http_server_new(p->loop, listen_at(p->path), &p->policy, &ops, p);
	p->client = -1;
	connect_client(p);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	http_server_free(p->server);
	ev_loop_destroy(p->loop);
	close(p->client);
	(void)unlink(p->path);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static void
say(struct place *p, const char *text)
{
	assert_int_equal(send(p->client, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

/* Turns the loop until `wanted` came back, or the end when it is NULL. */
static void
expect(struct place *p, const char *wanted)
{
	int64_t end_ms = clock_mono_ms() + 5000;

	while (clock_mono_ms() < end_ms) {
		ssize_t n;

		ev_run(p->loop, EVRUN_NOWAIT);
		n = recv(p->client, p->in + p->n, sizeof(p->in) - p->n - 1,
		    MSG_DONTWAIT);
		if (n == 0 && wanted == NULL)
			return;
		if (n > 0)
			p->n += (size_t)n;
		p->in[p->n] = '\0';
		if (wanted != NULL && strstr(p->in, wanted) != NULL)
			return;
		(void)poll(NULL, 0, 1);
	}
	fail_msg("no \"%s\" in: %s", wanted == NULL ? "end" : wanted, p->in);
}

static void
a_connection_is_kept_for_the_next_request(void **state)
{
	struct place *p = *state;

	say(p, "GET /?one HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(p, "Content-Length: 3\r\n\r\none");
	say(p, "GET /?two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	expect(p, "\r\n\r\ntwo");
	expect(p, NULL);
}

static void
requests_in_one_piece_and_in_single_bytes_are_answered_in_order(void **state)
{
	static const char two[] = "POST /echo HTTP/1.1\r\nHost: x\r\n"
				  "Content-Length: 5\r\n\r\nfirst"
				  "POST /echo HTTP/1.1\r\nHost: x\r\n"
				  "Transfer-Encoding: chunked\r\n\r\n"
				  "3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n";
	struct place *p = *state;

	say(p, two);
	expect(p, "second");
	assert_true(strstr(p->in, "first") < strstr(p->in, "second"));
	connect_client(p);
	for (size_t i = 0; i < sizeof(two) - 1; i++) {
		assert_int_equal(send(p->client, two + i, 1, 0), 1);
		ev_run(p->loop, EVRUN_NOWAIT);
	}
	expect(p, "second");
}

static void
who_does_not_read_answers_is_not_given_more_of_them(void **state)
{
	enum {
		ASKED = 200
	};
	struct place *p = *state;
	size_t received = 0, given;
	int64_t end_ms = clock_mono_ms() + 5000;

	for (int i = 0; i < ASKED; i++)
		say(p, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(shutdown(p->client, SHUT_WR), 0);
	for (int i = 0; i < 50; i++)
		ev_run(p->loop, EVRUN_NOWAIT);
	given = p->n_big;
	assert_in_range(given, 1, ASKED / 4);
	while (clock_mono_ms() < end_ms) {
		ssize_t n;

		ev_run(p->loop, EVRUN_NOWAIT);
		n = recv(p->client, p->in, sizeof(p->in), MSG_DONTWAIT);
		if (n == 0)
			break;
		received += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(p->n_big, ASKED);
	assert_true(received > (size_t)ASKED * BIG_SIZE);
}

static void
a_body_past_the_limit_is_refused_and_the_connection_ends(void **state)
{
	struct place *p = *state;
	char chunk[1200];

	say(p, "POST /echo HTTP/1.1\r\nHost: x\r\n"
	       "Content-Length: 1001\r\n\r\n");
	expect(p, "\"P14\"");
	assert_non_null(strstr(p->in, "413"));
	shutdown(p->client, SHUT_WR);
	expect(p, NULL);
	connect_client(p);
	memset(chunk, 'a', sizeof(chunk) - 1);
	chunk[sizeof(chunk) - 1] = '\0';
	say(p, "POST /echo HTTP/1.1\r\nHost: x\r\n"
	       "Transfer-Encoding: chunked\r\n\r\n4b0\r\n");
	say(p, chunk);
	expect(p, "\"P14\"");
}

static void
what_is_no_http_is_told_so(void **state)
{
	struct place *p = *state;

	say(p, "HELLO\r\n\r\n");
	expect(p, "\"P21\"");
	assert_non_null(strstr(p->in, "400"));
}

static void
an_answer_may_come_later_and_the_client_may_have_left(void **state)
{
	struct http_reply r = {.status = 204};
	struct place *p = *state;

	say(p, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
	       "GET /?next HTTP/1.1\r\nHost: x\r\n\r\n");
	while (p->held == NULL)
		ev_run(p->loop, EVRUN_NOWAIT);
	http_answer(p->held, &r);
	expect(p, "next");
	p->held = NULL;
	say(p, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
	while (p->held == NULL)
		ev_run(p->loop, EVRUN_NOWAIT);
	close(p->client);
	p->client = -1;
	for (int i = 0; i < 10; i++)
		ev_run(p->loop, EVRUN_NOWAIT);
	http_answer(p->held, &r); /* harmless */
	for (int i = 0; i < 10; i++)
		ev_run(p->loop, EVRUN_NOWAIT);
}

static void
a_stream_goes_on_until_the_client_leaves(void **state)
{
	struct place *p = *state;

	say(p, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(p, "text/event-stream");
	http_stream_send(p->held, SLICE("data: 1\n\n"));
	expect(p, "data: 1\n\n");
	http_stream_send(p->held, SLICE("data: 2\n\n"));
	expect(p, "data: 2\n\n");
	assert_false(p->is_gone);
	close(p->client);
	p->client = -1;
	for (int i = 0; i < 100 && !p->is_gone; i++)
		ev_run(p->loop, EVRUN_NOWAIT);
	assert_true(p->is_gone);
}

static void
a_client_that_cannot_keep_up_loses_its_stream(void **state)
{
	struct slice piece = slice_of(xcalloc(1, 100000), 100000);
	struct place *p = *state;
	int sent = 0;

	say(p, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(p, "text/event-stream");
	for (; !p->is_gone && sent < 100; sent++) {
		http_stream_send(p->held, piece);
		ev_run(p->loop, EVRUN_NOWAIT);
	}
	assert_true(p->is_gone);
	assert_true(sent * piece.n < 4 * HTTP_STREAM_MAX);
	free((void *)piece.p);
}

static void
strangers_are_refused_but_their_request_is_answered(void **state)
{
	struct place *p = *state;

	p->policy.has_edge = true;
	p->policy.edge = geteuid(); /* as if we were a worker */
	say(p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect(p, "\"P15\"");
	assert_non_null(strstr(p->in, "403"));
}

int
main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    WITH_SERVER(a_connection_is_kept_for_the_next_request),
	    WITH_SERVER(
		requests_in_one_piece_and_in_single_bytes_are_answered_in_order),
	    WITH_SERVER(who_does_not_read_answers_is_not_given_more_of_them),
	    WITH_SERVER(
		a_body_past_the_limit_is_refused_and_the_connection_ends),
	    WITH_SERVER(what_is_no_http_is_told_so),
	    WITH_SERVER(an_answer_may_come_later_and_the_client_may_have_left),
	    WITH_SERVER(a_stream_goes_on_until_the_client_leaves),
	    WITH_SERVER(a_client_that_cannot_keep_up_loses_its_stream),
	    WITH_SERVER(strangers_are_refused_but_their_request_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
