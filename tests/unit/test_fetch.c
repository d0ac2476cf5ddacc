#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fetch.h"
#include "tests/unit/test.h"

/* A server in a process of its own: answers every connection with `text`. */
struct server {
	pid_t pid;
	char url[64];
	struct addr addr;
};

static void
serve(int listener, const char *text)
{
	char head[4096];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		if (read(fd, head, sizeof(head)) > 0)
			(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

static void
server_start(struct server *s, const char *text)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
	    addr_parse_ip(SLICE("127.0.0.1"), 0, &s->addr), ERR_OK);
	assert_int_equal(bind(fd, &s->addr.u.sa, s->addr.len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(
	    getsockname(fd, &s->addr.u.sa, &(socklen_t){s->addr.len}), 0);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/x",
	    addr_port(&s->addr));
	s->pid = fork();
	if (s->pid == 0)
		serve(fd, text);
	close(fd);
}

static void
server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

struct outcome {
	int calls, status;
	enum err e;
	char body[256], header[64];
	struct fault f;
};

static void
on_done(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct outcome *o = ctx;
	const char *h = r->header(r, "retry-after");

	o->calls++;
	o->e = e;
	o->status = r->status;
	o->f = *f;
	(void)snprintf(
	    o->body, sizeof(o->body), "%" SLICE_FMT, SLICE_ARG(r->body));
	(void)snprintf(o->header, sizeof(o->header), "%s", h == NULL ? "" : h);
}

static void
run(struct fetch_request *q, struct outcome *o)
{
	static const struct fetch_options options = {"towpath-test", NULL};
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	struct fetch *fe = fetch_new(loop, &options);

	*o = (struct outcome){0};
	if (q->method == NULL)
		q->method = "GET";
	if (q->timeout_ms == 0)
		q->timeout_ms = 5000;
	q->done = on_done;
	q->ctx = o;
	(void)fetch_start(fe, q);
	assert_int_equal(o->calls, 0);
	for (int i = 0; i < 1000 && o->calls == 0; i++)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(o->calls, 1);
	fetch_free(fe);
	ev_loop_destroy(loop);
}

static const char answer[] = "HTTP/1.1 201 Created\r\nRetry-After: 7\r\n"
			     "Content-Length: 5\r\n\r\nhello";

static void
an_answer_comes_with_status_headers_and_body(void **state)
{
	struct server s;
	struct outcome o;
	struct fetch_request q = {.body_max = 100};

	(void)state;
	server_start(&s, answer);
	q.url = s.url;
	run(&q, &o);
	assert_int_equal(o.e, ERR_OK);
	assert_int_equal(o.status, 201);
	assert_string_equal(o.body, "hello");
	assert_string_equal(o.header, "7");
	server_stop(&s);
}

static void
an_answer_past_the_limit_is_refused(void **state)
{
	struct server s;
	struct outcome o;
	struct fetch_request q = {.body_max = 4};

	(void)state;
	server_start(&s, answer);
	q.url = s.url;
	run(&q, &o);
	assert_int_equal(o.e, ERR_TOO_BIG);
	assert_int_equal(o.status, 0);
	server_stop(&s);
}

static void
a_guarded_call_does_not_go_to_private_addresses(void **state)
{
	struct server s;
	struct outcome o;
	struct network net;
	struct fetch_request q = {.body_max = 100, .guarded = true};

	(void)state;
	server_start(&s, answer);
	q.url = s.url;
	run(&q, &o);
	assert_int_equal(o.e, ERR_DENIED);
	assert_int_equal(network_parse(SLICE("127.0.0.0/8"), &net), ERR_OK);
	q.allowed = &net;
	q.n_allowed = 1;
	run(&q, &o);
	assert_int_equal(o.e, ERR_OK);
	server_stop(&s);
}

static void
an_address_may_stand_in_for_the_name(void **state)
{
	struct server s;
	struct outcome o;
	struct fetch_request q = {
	    .body_max = 100, .url = "http://no.such.name.invalid/y"};

	(void)state;
	server_start(&s, answer);
	q.via = &s.addr;
	run(&q, &o);
	assert_int_equal(o.e, ERR_OK);
	assert_int_equal(o.status, 201);
	server_stop(&s);
}

static void
a_redirect_is_an_answer_unless_it_may_be_followed(void **state)
{
	struct server s;
	struct outcome o;
	struct fetch_request q = {.body_max = 100};

	(void)state;
	server_start(&s, "HTTP/1.1 302 Found\r\nLocation: /z\r\n"
			 "Content-Length: 0\r\n\r\n");
	q.url = s.url;
	run(&q, &o);
	assert_int_equal(o.status, 302);
	q.redirects_max = 3;
	run(&q, &o);
	assert_int_equal(o.e, ERR_PEER);
	server_stop(&s);
}

static void
nobody_there_and_other_protocols_are_told(void **state)
{
	struct outcome o;
	struct fetch_request q = {.body_max = 100};

	(void)state;
	q.url = "http://127.0.0.1:1/";
	run(&q, &o);
	assert_int_equal(o.e, ERR_PEER);
	assert_true(strlen(o.f.text) > 5);
	q.url = "file:///etc/passwd";
	run(&q, &o);
	assert_int_equal(o.e, ERR_PEER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_comes_with_status_headers_and_body),
	    cmocka_unit_test(an_answer_past_the_limit_is_refused),
	    cmocka_unit_test(a_guarded_call_does_not_go_to_private_addresses),
	    cmocka_unit_test(an_address_may_stand_in_for_the_name),
	    cmocka_unit_test(a_redirect_is_an_answer_unless_it_may_be_followed),
	    cmocka_unit_test(nobody_there_and_other_protocols_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
