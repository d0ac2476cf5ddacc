#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "router/edge/access_log.h"
#include "tests/unit/test.h"

static struct access_line
an_ordinary_line(void)
{
	return (struct access_line){
	    .at_ms = 1795269748114,
	    .method = SLICE("GET"),
	    .path = SLICE("/"),
	    .host = SLICE("www.example.com"),
	    .request_id = SLICE("abc-123"),
	    .fwd = SLICE("1.2.3.4"),
	    .app = SLICE("shop"),
	    .backend = SLICE("10.0.0.5:3000"),
	    .connect_ms = 1,
	    .queue_ms = 0,
	    .service_ms = 18,
	    .status = 200,
	    .bytes = 1024,
	    .is_https = true,
	    .tls = "1.3",
	    .http = HTTP_2,
	};
}

static void
assert_written(const struct access_line *line, const char *expected)
{
	struct access_text text;

	access_line_make(&text, line);
	assert_int_equal(text.n, strlen(expected));
	assert_memory_equal(text.bytes, expected, text.n);
}

static void
a_line_reads_as_the_interface_says(void **state)
{
	struct access_line line = an_ordinary_line();

	(void)state;
	assert_written(&line,
	    "2026-11-21T14:02:28.114Z at=info method=GET path=\"/\" "
	    "host=www.example.com request_id=abc-123 fwd=\"1.2.3.4\" app=shop "
	    "backend=10.0.0.5:3000 connect=1ms queue=0ms service=18ms "
	    "status=200 bytes=1024 protocol=https tls=1.3 http=2\n");
}

static void
an_error_has_its_code_first(void **state)
{
	struct access_line line = an_ordinary_line();

	(void)state;
	line.code = CODE_H18;
	line.sock = "backend";
	line.status = 503;
	line.tls = NULL;
	line.is_https = false;
	line.http = HTTP_11;
	assert_written(&line,
	    "2026-11-21T14:02:28.114Z at=error code=H18 "
	    "desc=\"Server Request Interrupted\" sock=backend method=GET "
	    "path=\"/\" host=www.example.com request_id=abc-123 "
	    "fwd=\"1.2.3.4\" app=shop backend=10.0.0.5:3000 connect=1ms "
	    "queue=0ms service=18ms status=503 bytes=1024 protocol=http "
	    "http=1.1\n");
}

static void
what_is_not_known_is_left_out(void **state)
{
	struct access_line line = {.at_ms = 1795269748114,
	    .code = CODE_T10,
	    .method = SLICE("GET"),
	    .path = SLICE("/x"),
	    .host = SLICE("a.example"),
	    .request_id = SLICE("abc-123"),
	    .fwd = SLICE("1.2.3.4"),
	    .connect_ms = -1,
	    .queue_ms = -1,
	    .service_ms = -1,
	    .status = 404,
	    .http = HTTP_10};

	(void)state;
	assert_written(&line,
	    "2026-11-21T14:02:28.114Z at=error code=T10 "
	    "desc=\"No such domain\" method=GET path=\"/x\" host=a.example "
	    "request_id=abc-123 fwd=\"1.2.3.4\" status=404 bytes=0 "
	    "protocol=http http=1.0\n");
}

static void
quotes_and_control_bytes_are_escaped(void **state)
{
	struct access_line line = {.at_ms = 0,
	    .code = CODE_H26,
	    .cause = "say \"no\"",
	    .path = SLICE("/a\"b\\c\n\t\r\x01\x7f\xc3\xa9"),
	    .host = SLICE("a b=\"c"),
	    .connect_ms = -1,
	    .queue_ms = -1,
	    .service_ms = -1,
	    .status = 400,
	    .http = HTTP_11};

	(void)state;
	assert_written(&line,
	    "1970-01-01T00:00:00.000Z at=error code=H26 "
	    "desc=\"Request Error\" cause=\"say \\\"no\\\"\" "
	    "path=\"/a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f\xc3\xa9\" "
	    "host=a_b__c fwd=\"\" status=400 bytes=0 protocol=http "
	    "http=1.1\n");
}

static void
the_worst_line_still_fits_one_write(void **state)
{
	static char wild[70000];
	struct access_line line = an_ordinary_line();
	struct access_text text;

	(void)state;
	for (int byte = 1; byte < 256; byte += 33) {
		memset(wild, byte, sizeof(wild));
		line.code = CODE_H27;
		line.cause = "a cause of some length to be told";
		line.sock = "client";
		line.method = line.path = line.host = line.request_id =
		    line.fwd = line.backend = slice_of(wild, sizeof(wild));
		line.connect_ms = line.queue_ms = line.service_ms = INT64_MAX;
		line.bytes = UINT64_MAX;
		access_line_make(&text, &line);
		assert_int_equal(
		    slice_find(slice_of(text.bytes, text.n), '\n'), text.n - 1);
	}
}

static void
assert_part(
    const struct access_text *t, struct access_part part, const char *expected)
{
	assert_int_equal(part.n, strlen(expected));
	assert_memory_equal(t->bytes + part.at, expected, part.n);
}

static void
a_line_tells_where_its_values_stand(void **state)
{
	struct access_line line = an_ordinary_line();
	struct access_text text;

	(void)state;
	line.path = SLICE("/host=other");
	access_line_make(&text, &line);
	assert_part(&text, text.host, "www.example.com");
	assert_part(&text, text.id, "abc-123");
	assert_part(&text, text.app, "shop");
	line.app = SLICE("");
	access_line_make(&text, &line);
	assert_int_equal(text.app.n, 0);
}

static struct slice
the_line(void)
{
	static struct access_text text;
	struct access_line line = an_ordinary_line();

	access_line_make(&text, &line);
	return slice_of(text.bytes, text.n);
}

/* --- writing -------------------------------------------------------------- */

static size_t
count_lines(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);
	size_t lines = 0;

	text[n < 0 ? 0 : n] = '\0';
	for (const char *p = text; *p != '\0'; p++)
		lines += *p == '\n';
	return lines;
}

static void
lines_are_gathered_and_flushed_a_moment_later(void **state)
{
	static char text[65536];
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	_Atomic uint64_t dropped = 0;
	struct access_log *l;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	l = access_log_new(loop, fds[1], &dropped);
	for (int i = 0; i < 10; i++)
		access_log_add(l, the_line());
	assert_int_equal(count_lines(fds[0], text, sizeof(text)), 0);
	while (count_lines(fds[0], text, sizeof(text)) != 10)
		ev_run(loop, EVRUN_ONCE);
	access_log_add(l, the_line());
	access_log_free(l); /* writes the rest */
	assert_int_equal(count_lines(fds[0], text, sizeof(text)), 1);
	assert_int_equal(dropped, 0);
	close(fds[0]);
	ev_loop_destroy(loop);
}

/* Reads all, and checks that no line was torn; part of one is kept in `text`
 * for the next time. */
static size_t
drain(int fd, struct buf *text)
{
	size_t lines = 0;
	ssize_t got;

	while ((got = read(fd, buf_room(text, 65536), 65536)) > 0)
		buf_added(text, (size_t)got);
	for (size_t n; (n = slice_find(buf_slice(text), '\n')) < text->len;
	     lines++) {
		const char *p = buf_slice(text).p;

		assert_memory_equal(p, "2026-11-21T", 11);
		assert_memory_equal(p + n - 6, "http=2", 6);
		buf_consume(text, n + 1);
	}
	return lines;
}

static void
slow_reader_costs_lines_not_time(int fds[2])
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	_Atomic uint64_t dropped = 0;
	struct access_log *l = access_log_new(loop, fds[1], &dropped);
	const size_t total = 20000;
	struct buf text;
	size_t lines;

	buf_init(&text, 8 << 20);

	for (size_t i = 0; i < total; i++)
		access_log_add(l, the_line());
	assert_true(dropped > 0);
	lines = drain(fds[0], &text);
	while (lines + dropped < total) {
		ev_run(loop, EVRUN_ONCE);
		lines += drain(fds[0], &text);
	}
	assert_int_equal(lines + dropped, total);
	buf_clear(&text);
	access_log_free(l);
	close(fds[0]);
	ev_loop_destroy(loop);
}

static void
a_full_pipe_drops_whole_lines(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, 0), 0);
	/* the writer's end blocks, as a shared one does */
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	slow_reader_costs_lines_not_time(fds);
}

static void
a_full_socket_drops_whole_lines(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	slow_reader_costs_lines_not_time(fds);
}

/* What a path names may be a pipe: the new one never begins within a line. */
static void
a_reopened_log_begins_with_a_whole_line(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	_Atomic uint64_t dropped = 0;
	struct access_log *l;
	const size_t total = 3000;
	size_t lines;
	int old[2], new[2];
	struct buf text;

	(void)state;
	buf_init(&text, 8 << 20);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, old), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, new), 0);
	assert_int_equal(fcntl(old[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(new[0], F_SETFL, O_NONBLOCK), 0);
	l = access_log_new(loop, old[1], &dropped);
	for (size_t i = 0; i < total; i++)
		access_log_add(l, the_line());
	access_log_reopen(l, new[1]);
	access_log_add(l, the_line());
	lines = drain(old[0], &text);
	buf_reset(&text); /* what was begun there ends there */
	while (lines + dropped < total + 1) {
		ev_run(loop, EVRUN_ONCE);
		lines += drain(new[0], &text);
	}
	assert_int_equal(lines + dropped, total + 1);
	buf_clear(&text);
	access_log_free(l);
	close(old[0]);
	close(new[0]);
	ev_loop_destroy(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_reads_as_the_interface_says),
	    cmocka_unit_test(an_error_has_its_code_first),
	    cmocka_unit_test(what_is_not_known_is_left_out),
	    cmocka_unit_test(quotes_and_control_bytes_are_escaped),
	    cmocka_unit_test(the_worst_line_still_fits_one_write),
	    cmocka_unit_test(a_line_tells_where_its_values_stand),
	    cmocka_unit_test(lines_are_gathered_and_flushed_a_moment_later),
	    cmocka_unit_test(a_full_pipe_drops_whole_lines),
	    cmocka_unit_test(a_full_socket_drops_whole_lines),
	    cmocka_unit_test(a_reopened_log_begins_with_a_whole_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
