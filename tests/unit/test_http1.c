#include "tests/unit/http1_trace.h"
#include "tests/unit/test.h"

struct row {
	struct slice stream;
	const char *says;
};

/* Every row, whole, byte by byte and split in two at every place. */
static void
check(enum http1_kind kind, bool was_head, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice s = rows[i].stream;

		for (size_t first = 0; first <= s.n; first++) {
			char *text = trace(
			    kind, was_head, s, first, first == 0 ? 1 : s.n);

			if (strcmp(text, rows[i].says) != 0)
				fail_msg("%" SLICE_FMT
					 "\nsplit at %zu says %s\nnot %s",
				    SLICE_ARG(s), first, text, rows[i].says);
			free(text);
		}
	}
}

#define R(text, says)                                                          \
	{                                                                      \
		SLICE(text), says                                              \
	}

static void
requests_are_read(void **state)
{
	static const struct row rows[] = {
	    R("GET / HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"GET / 1.1 host=a.b keep {Host: a.b}().$"),
	    R("\r\n\r\nGET / HTTP/1.1\r\nHost:a.b:80 \r\n\r\n",
		"GET / 1.1 host=a.b:80 keep {Host: a.b:80}().$"),
	    R("GET /?q=1 HTTP/1.0\r\n\r\n", "GET /?q=1 1.0 host= ().$"),
	    R("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nhost: a\r\n\r\n",
		"GET / 1.0 host=a keep {Connection: Keep-Alive}{host: a}().$"),
	    R("GET / HTTP/1.1\r\nHost: a\r\nConnection: x , Close\r\n\r\n",
		"GET / 1.1 host=a {Host: a}{Connection: x , Close}().$"),
	    R("GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \t v \t\r\n\r\n",
		"GET / 1.1 host=a keep {Host: a}{X: }{Y: v}().$"),
	    R("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * 1.1 host=a keep {Host: a}().$"),
	    R("CONNECT a.b:443 HTTP/1.1\r\nHost: a.b\r\n\r\n",
		"CONNECT a.b:443 1.1 host=a.b:443 keep {Host: a.b}().$"),
	    R("", "$"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
an_absolute_target_names_the_host(void **state)
{
	static const struct row rows[] = {
	    R("GET http://x.y/z HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET http://x.y/z 1.1 host=x.y keep {Host: a}().$"),
	    R("GET HTTPS://x.y:8443?q HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET HTTPS://x.y:8443?q 1.1 host=x.y:8443 keep {Host: a}().$"),
	    R("GET http://u@x.y/ HTTP/1.1\r\nHost: a\r\n\r\n", "!bad host"),
	    R("GET http:///z HTTP/1.1\r\nHost: a\r\n\r\n", "!bad host"),
	    R("GET http://x.y/ HTTP/1.1\r\n\r\n", "!bad host"),
	    R("GET ftp://x.y/ HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET * HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define SAYS "POST / 1.1 host=a"

static void
request_bodies_are_read(void **state)
{
	static const struct row rows[] = {
	    R(POST "Content-Length: 5\r\n\r\nhello",
		SAYS " length=5 keep body {Host: a}{Content-Length: 5}"
		     "(hello).$"),
	    R(POST "Content-Length: 0\r\n\r\n",
		SAYS " length=0 keep {Host: a}{Content-Length: 0}().$"),
	    R(POST "Content-Length: 9\r\n\r\nhello",
		SAYS " length=9 keep body {Host: a}{Content-Length: 9}(hello?"),
	    R(POST "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\nx",
		SAYS " length=1 keep expect body {Host: a}{Content-Length: 1}"
		     "{Expect: 100-Continue}(x).$"),
	    R(POST "Transfer-Encoding: Chunked\r\n\r\n"
		   "5\r\nhello\r\n00a;x=\"y z\";b\r\n, world ab\r\n0\r\n\r\n",
		SAYS " chunked keep body {Host: a}{Transfer-Encoding: Chunked}"
		     "(hello, world ab).$"),
	    R(POST "Transfer-Encoding: chunked\r\n\r\n"
		   "1\r\nx\r\n0\r\nA: b\r\nContent-Length: 7\r\n\r\n"
		   "GET / HTTP/1.1\r\nHost: b\r\n\r\n",
		SAYS " chunked keep body {Host: a}{Transfer-Encoding: chunked}"
		     "(x){A: b}{Content-Length: 7}.GET / 1.1 host=b keep "
		     "{Host: b}().$"),
	    R(POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
		SAYS " chunked keep body {Host: a}{Transfer-Encoding: chunked}"
		     "(hel?"),
	    R(POST "Transfer-Encoding: chunked\r\n\r\n0\r\n",
		SAYS " chunked keep body {Host: a}{Transfer-Encoding: chunked}"
		     "(?"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
pipelined_requests_come_one_after_the_other(void **state)
{
	static const struct row rows[] = {
	    R("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" POST
	      "Content-Length: 2\r\n\r\nab\r\n"
	      "GET /3 HTTP/1.1\r\nHost: a\r\n\r\nGE",
		"GET /1 1.1 host=a keep {Host: a}()." SAYS
		" length=2 keep body {Host: a}{Content-Length: 2}(ab)."
		"GET /3 1.1 host=a keep {Host: a}().?"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
an_upgrade_needs_both_fields_and_http_1_1(void **state)
{
	static const struct row rows[] = {
	    R("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
	      "Upgrade: websocket\r\n\r\n",
		"GET / 1.1 host=a keep upgrade {Host: a}{Connection: "
		"keep-alive, Upgrade}{Upgrade: websocket}().$"),
	    R("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
		"GET / 1.1 host=a keep {Host: a}{Upgrade: websocket}().$"),
	    R("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\n"
	      "Upgrade: x\r\n\r\n",
		"GET / 1.0 host=a {Host: a}{Connection: upgrade}"
		"{Upgrade: x}().$"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
ways_to_smuggle_a_request_are_refused(void **state)
{
	static const struct row rows[] = {
	    /* two answers to where the body ends */
	    R(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"!bad framing"),
	    R(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
		"!bad framing"),
	    R(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"!bad framing"),
	    R(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
		"!bad framing"),
	    R(POST "Content-Length: 5, 5\r\n\r\n", "!bad framing"),
	    R(POST "Content-Length: +5\r\n\r\n", "!bad framing"),
	    R(POST "Content-Length: -1\r\n\r\n", "!bad framing"),
	    R(POST "Content-Length: 0x5\r\n\r\n", "!bad framing"),
	    R(POST "Content-Length: 5 5\r\n\r\n", "!bad framing"),
	    R(POST "Content-Length:\r\n\r\n", "!bad framing"),
	    R(POST "Content-Length: 9223372036854775808\r\n\r\n",
		"!bad framing"),
	    R(POST "Content-Length: 18446744073709551621\r\n\r\n",
		"!bad framing"),
	    R(POST "Transfer-Encoding: chunked\r\n"
		   "Transfer-Encoding: chunked\r\n\r\n",
		"!bad framing"),
	    R(POST "Transfer-Encoding: chunked, chunked\r\n\r\n",
		"!bad framing"),
	    R(POST "Transfer-Encoding: chunked, gzip\r\n\r\n", "!bad framing"),
	    R(POST "Transfer-Encoding:\r\n\r\n", "!bad framing"),
	    R(POST "Transfer-Encoding: chunked,\r\n\r\n", "!bad framing"),
	    R(POST "Transfer-Encoding: gzip, chunked\r\n\r\n", "!bad coding"),
	    R(POST "Transfer-Encoding: xchunked\r\n\r\n", "!bad coding"),
	    R(POST "Transfer-Encoding: identity\r\n\r\n", "!bad coding"),
	    R("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"!bad framing"),
	    R("CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
		"!bad framing"),
	    /* lines that others end elsewhere */
	    R(POST "X: a\r\n b\r\n\r\n", "!bad field"),
	    R(POST "X: a\r\n\tTransfer-Encoding: chunked\r\n\r\n",
		"!bad field"),
	    R("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "!bad field"),
	    R("GET / HTTP/1.1\nHost: a\n\n", "!bad field"),
	    R(POST "X: a\nY: b\r\n\r\n", "!bad field"),
	    R(POST "X: a\rY: b\r\n\r\n", "!bad field"),
	    R(POST "X: a\r\r\n\r\n", "!bad field"),
	    R(POST "\rX: a\r\n\r\n", "!bad field"),
	    R(POST "X: a\r\n\n", "!bad field"),
	    /* names that others read differently */
	    R(POST "Transfer-Encoding : chunked\r\n\r\n", "!bad field"),
	    R(POST "Transfer Encoding: chunked\r\n\r\n", "!bad field"),
	    R(POST ": x\r\n\r\n", "!bad field"),
	    R(POST "X\r\n\r\n", "!bad field"),
	    R(POST "X\0: a\r\n\r\n", "!bad field"),
	    R(POST "X: a\0b\r\n\r\n", "!bad field"),
	    R(POST "X: a\x7f\r\n\r\n", "!bad field"),
	    R(POST "Transfer-Encoding: \x0b"
		   "chunked\r\n\r\n",
		"!bad field"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
a_request_without_one_good_host_is_refused(void **state)
{
	static const struct row rows[] = {
	    R("GET / HTTP/1.1\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost:\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: *.b\r\n\r\n", "!bad host"),
	    R("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "!bad host"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
a_bad_start_line_is_refused(void **state)
{
	static const struct row rows[] = {
	    R("\x16\x03\x01", "!bad syntax"),
	    R("get / HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GETT / HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "!bad version"),
	    R("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET x HTTP/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("GET /\r\n\r\n", "!bad syntax"),
	    R("GET\r\n\r\n", "!bad syntax"),
	    R("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "!bad version"),
	    R("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "!bad version"),
	    R("GET / HTTP/0.9\r\n\r\n", "!bad version"),
	    R("GET / HTTP/1.10\r\nHost: a\r\n\r\n", "!bad version"),
	    R("GET / http/1.1\r\nHost: a\r\n\r\n", "!bad syntax"),
	    R("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!bad version"),
	    R("SOURCE / ICE/1.0\r\n\r\n", "!bad syntax"),
	    R("PLAY rtsp://a/ RTSP/1.0\r\n\r\n", "!bad syntax"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define BODY    SAYS " chunked keep body {Host: a}{Transfer-Encoding: chunked}("

static void
a_bad_chunk_is_refused(void **state)
{
	static const struct row rows[] = {
	    R(CHUNKED "0x1\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "+1\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "-1\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED " 1\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "1 \r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "g\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "10000000000000001\r\na\r\n", BODY "!bad framing"),
	    R(CHUNKED "fffffffffffffffff\r\na\r\n", BODY "!bad framing"),
	    R(CHUNKED "1\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "1\r\na\n0\r\n\r\n", BODY "a!bad framing"),
	    R(CHUNKED "1\r\nab\r\n0\r\n\r\n", BODY "a!bad framing"),
	    R(CHUNKED "1\r\na\r\n0\n\n", BODY "a!bad framing"),
	    R(CHUNKED "1\r\na\r\n0\r\n\n", BODY "a!bad framing"),
	    R(CHUNKED "1;x\ny\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "1;x\ry\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "1;x=\"\n\"\r\na\r\n0\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "0\r\nA: b\r\n c\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "0\r\nA: b\nC: d\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "0\r\nA : b\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "0\r\n A: b\r\n\r\n", BODY "!bad framing"),
	    R(CHUNKED "0\r\n: b\r\n\r\n", BODY "!bad framing"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
responses_are_read(void **state)
{
	static const struct row rows[] = {
	    R("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"200 OK 1.1 length=2 keep body {Content-Length: 2}(ok).$"),
	    R("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
		"200  1.1 length=0 keep {Content-Length: 0}().$"),
	    R("HTTP/1.1 404 Not  Found\r\nTransfer-Encoding: chunked\r\n\r\n"
	      "3\r\nabc\r\n0\r\n\r\n",
		"404 Not  Found 1.1 chunked keep body "
		"{Transfer-Encoding: chunked}(abc).$"),
	    R("HTTP/1.1 200 OK\r\n\r\nuntil the end",
		"200 OK 1.1 body close (until the end)."),
	    R("HTTP/1.0 200 OK\r\n\r\n", "200 OK 1.0 body close ()."),
	    R("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
	      "Content-Length: 1\r\n\r\nx",
		"200 OK 1.0 length=1 keep body {Connection: keep-alive}"
		"{Content-Length: 1}(x).$"),
	    R("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"100 Continue 1.1 keep ().204 No Content 1.1 keep ().$"),
	    R("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
		"304 Not Modified 1.1 length=5 keep "
		"{Content-Length: 5}().$"),
	    R("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n",
		"204 x 1.1 length=5 {Content-Length: 5}().$"),
	    R("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: w\r\n\r\n",
		"101 x 1.1 keep upgrade {Connection: upgrade}"
		"{Upgrade: w}().$"),
	    R("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
		"200 OK 1.1 length=5 keep body {Content-Length: 5}(ab?"),
	    R("HTTP/1.1 200 O", "?"),
	};

	(void)state;
	check(HTTP1_RESPONSE, false, rows, COUNT_OF(rows));
}

static void
no_body_follows_a_head(void **state)
{
	static const struct row rows[] = {
	    R("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
	      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	      "HTTP/1.1 200 OK\r\n\r\n",
		"200 OK 1.1 length=5 keep {Content-Length: 5}()."
		"200 OK 1.1 chunked keep {Transfer-Encoding: chunked}()."
		"200 OK 1.1 keep ().$"),
	};

	(void)state;
	check(HTTP1_RESPONSE, true, rows, COUNT_OF(rows));
}

static void
a_bad_response_is_refused(void **state)
{
	static const struct row rows[] = {
	    R("\r\nHTTP/1.1 200 OK\r\n\r\n", "!bad syntax"),
	    R("<html>", "!bad syntax"),
	    R("HTTP/1.1\r\n\r\n", "!bad syntax"),
	    R("Hello\r\n", "!bad syntax"),
	    R("HTTP/1.1 20 OK\r\n\r\n", "!bad syntax"),
	    R("HTTP/1.1 2000 OK\r\n\r\n", "!bad syntax"),
	    R("HTTP/1.1 099 OK\r\n\r\n", "!bad syntax"),
	    R("HTTP/1.1 2x0 OK\r\n\r\n", "!bad syntax"),
	    R("HTTP/1.1  200 OK\r\n\r\n", "!bad syntax"),
	    R("HTTP/2 200 OK\r\n\r\n", "!bad version"),
	    R("HTTP/1.1 200 OK\n\n", "!bad field"),
	    R("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "!bad field"),
	    R("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	      "Transfer-Encoding: chunked\r\n\r\n",
		"!bad framing"),
	    R("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
	      "Content-Length: 2\r\n\r\n",
		"!bad framing"),
	    R("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"!bad coding"),
	};

	(void)state;
	check(HTTP1_RESPONSE, false, rows, COUNT_OF(rows));
}

static void
trailers_are_told(void **state)
{
	static const struct row rows[] = {
	    R(CHUNKED "0\r\nA: b\r\nC:\r\nD: \t e f \t\r\n\r\n",
		BODY "){A: b}{C: }{D: e f}.$"),
	    R(CHUNKED "1\r\na\r\n0\r\nA:b\r\n\r\n" CHUNKED "0\r\n\r\n" CHUNKED
		      "0\r\nZ: y\r\n\r\n",
		BODY "a){A: b}." BODY ")." BODY "){Z: y}.$"),
	    R(CHUNKED "0\r\nA: b\r\n", BODY "?"),
	};

	(void)state;
	check(HTTP1_REQUEST, false, rows, COUNT_OF(rows));
}

static void
the_names_of_things_are_told(void **state)
{
	struct http1_field fields[] = {{SLICE("A"), SLICE("1")},
	    {SLICE("b"), SLICE("2")}, {SLICE("B"), SLICE("3")}};
	struct http1_head head = {.fields = fields, .n_fields = 3};

	(void)state;
	assert_true(slice_eq(http1_find(&head, SLICE("B")), SLICE("2")));
	assert_null(http1_find(&head, SLICE("c")).p);
	assert_string_equal(http1_reason(404), "Not Found");
	assert_string_equal(http1_reason(599), "");
	assert_int_equal(http1_cause_status(HTTP1_BAD_CODING), 501);
	assert_int_equal(http1_cause_status(HTTP1_BAD_VERSION), 505);
	assert_int_equal(http1_cause_status(HTTP1_HEAD_TOO_LARGE), 431);
	assert_int_equal(http1_cause_status(HTTP1_BAD_HOST), 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_read),
	    cmocka_unit_test(an_absolute_target_names_the_host),
	    cmocka_unit_test(request_bodies_are_read),
	    cmocka_unit_test(pipelined_requests_come_one_after_the_other),
	    cmocka_unit_test(an_upgrade_needs_both_fields_and_http_1_1),
	    cmocka_unit_test(ways_to_smuggle_a_request_are_refused),
	    cmocka_unit_test(a_request_without_one_good_host_is_refused),
	    cmocka_unit_test(a_bad_start_line_is_refused),
	    cmocka_unit_test(a_bad_chunk_is_refused),
	    cmocka_unit_test(responses_are_read),
	    cmocka_unit_test(no_body_follows_a_head),
	    cmocka_unit_test(a_bad_response_is_refused),
	    cmocka_unit_test(trailers_are_told),
	    cmocka_unit_test(the_names_of_things_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
