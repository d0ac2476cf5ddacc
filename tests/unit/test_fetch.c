#include <sys/prctl.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fetch.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "tests/unit/test.h"

/* --- a server in a process of its own ------------------------------------ */

static void
reply(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static void
reply_big(int fd)
{
	char bytes[1000];

	memset(bytes, 'x', sizeof(bytes));
	reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	for (int i = 0; i < 100; i++)
		(void)!write(fd, bytes, sizeof(bytes));
}

static void
reply_echo(int fd, const char *request)
{
	char text[8192];
	const char *body = strstr(request, "\r\n\r\n") + 4;

	(void)snprintf(text, sizeof(text),
	    "HTTP/1.1 201 Created\r\nContent-Length: %zu\r\n\r\n%.4s %s",
	    strlen(body) + 5, request, body);
	reply(fd, text);
}

static void
answer(int fd)
{
	char request[4096];
	ssize_t n = read(fd, request, sizeof(request) - 1);

	if (n <= 0)
		return;
	request[n] = '\0';
	if (strstr(request, " /hello ") != NULL)
		reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
			  "Replay-Nonce: abc\r\n\r\nhello");
	else if (strstr(request, " /big ") != NULL)
		reply_big(fd);
	else if (strstr(request, " /redirect ") != NULL)
		reply(fd, "HTTP/1.1 302 Found\r\nLocation: /hello\r\n"
			  "Content-Length: 0\r\n\r\n");
	else if (strstr(request, " /file ") != NULL)
		reply(fd, "HTTP/1.1 302 Found\r\nLocation: "
			  "file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, " /slow ") != NULL)
		sleep(5);
	else if (strstr(request, " /cut ") != NULL)
		reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
	else
		reply_echo(fd, request);
}

static void
serve(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fork() == 0) {
			answer(fd);
			_exit(0);
		}
		close(fd);
	}
}

struct scene {
	struct ev_loop *loop;
	struct fetch *fetch;
	pid_t server, local_server;
	unsigned port;
	char socket[64];
	/* what came */
	int ended;
	enum err e;
	int status;
	char body[256], nonce[16];
	char text[FAULT_TEXT_SIZE];
	size_t streamed;
	struct fetch_call *to_cancel;
};

static pid_t
start_server(int family, const struct sockaddr *at, socklen_t n, int *out)
{
	int fd = socket(family, SOCK_STREAM, 0);
	pid_t pid;

	assert_int_equal(bind(fd, at, n), 0);
	assert_int_equal(listen(fd, 16), 0);
	*out = fd;
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGCHLD, SIG_IGN);
		serve(fd);
	}
	return pid;
}

static int
set_up(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct fetch_options options = {.user_agent = "test/1"};
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t n = sizeof(in);
	int fd;

	s->server = start_server(AF_INET, (struct sockaddr *)&in, n, &fd);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	s->port = ntohs(in.sin_port);
	close(fd);
	(void)snprintf(s->socket, sizeof(s->socket), "/tmp/towpath-fetch-%d",
	    (int)getpid());
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", s->socket);
	(void)unlink(s->socket);
	s->local_server =
	    start_server(AF_UNIX, (struct sockaddr *)&un, sizeof(un), &fd);
	close(fd);
	s->loop = proc_loop();
	s->fetch = fetch_new(s->loop, &options);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	fetch_free(s->fetch);
	kill(s->server, SIGKILL);
	kill(s->local_server, SIGKILL);
	waitpid(s->server, NULL, 0);
	waitpid(s->local_server, NULL, 0);
	(void)unlink(s->socket);
	free(s);
	return 0;
}

static void
on_done(void *ctx, enum err e, const struct fetch_response *r,
    const struct fault *f)
{
	struct scene *s = ctx;
	const char *nonce = r->header(r, "replay-nonce");

	s->ended++;
	s->e = e;
	s->status = r->status;
	(void)snprintf(
	    s->body, sizeof(s->body), "%" SLICE_FMT, SLICE_ARG(r->body));
	(void)snprintf(
	    s->nonce, sizeof(s->nonce), "%s", nonce == NULL ? "none" : nonce);
	(void)snprintf(s->text, sizeof(s->text), "%s", f->text);
	ev_break(s->loop, EVBREAK_ALL);
}

static char *
url(struct scene *s, const char *path)
{
	return xasprintf("http://127.0.0.1:%u%s", s->port, path);
}

/* One GET of path with changes by the caller, until it ended. */
static void
go(struct scene *s, const char *path, struct fetch_request rq)
{
	char *made = url(s, path);

	if (rq.url == NULL)
		rq.url = made;
	if (rq.method == NULL)
		rq.method = "GET";
	if (rq.body_max == 0)
		rq.body_max = 1024;
	if (rq.timeout_ms == 0)
		rq.timeout_ms = 5000;
	rq.done = on_done;
	rq.ctx = s;
	s->ended = 0;
	(void)fetch_start(s->fetch, &rq);
	assert_int_equal(s->ended, 0);
	ev_run(s->loop, 0);
	assert_int_equal(s->ended, 1);
	free(made);
}

static void
body_and_header_are_given(void **state)
{
	struct scene *s = *state;

	go(s, "/hello", (struct fetch_request){0});
	assert_int_equal(s->e, ERR_OK);
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "hello");
	assert_string_equal(s->nonce, "abc");
}

static void
post_sends_its_body_and_no_body_is_sent_as_empty(void **state)
{
	struct scene *s = *state;

	go(s, "/echo",
	    (struct fetch_request){.method = "POST", .body = SLICE("a=b")});
	assert_int_equal(s->status, 201);
	assert_string_equal(s->body, "POST a=b");
	assert_string_equal(s->nonce, "none");
	go(s, "/echo",
	    (struct fetch_request){.method = "PUT", .body = SLICE("")});
	assert_string_equal(s->body, "PUT  ");
}

static void
answer_past_its_limit_is_too_big(void **state)
{
	struct scene *s = *state;

	go(s, "/big", (struct fetch_request){.body_max = 99999});
	assert_int_equal(s->e, ERR_TOO_BIG);
	go(s, "/big", (struct fetch_request){.body_max = 100000});
	assert_int_equal(s->e, ERR_OK);
}

static void
redirect_is_an_answer_unless_followed(void **state)
{
	struct scene *s = *state;

	go(s, "/redirect", (struct fetch_request){0});
	assert_int_equal(s->status, 302);
	go(s, "/redirect", (struct fetch_request){.redirects_max = 1});
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "hello");
}

static void
redirect_to_another_protocol_is_denied(void **state)
{
	struct scene *s = *state;

	go(s, "/file", (struct fetch_request){.redirects_max = 3});
	assert_int_equal(s->e, ERR_DENIED);
	assert_string_equal(s->body, "");
}

static void
slow_answer_times_out(void **state)
{
	struct scene *s = *state;

	go(s, "/slow", (struct fetch_request){.timeout_ms = 50});
	assert_int_equal(s->e, ERR_TIMEOUT);
	assert_int_equal(s->status, 0);
}

static void
cut_answer_and_refused_connection_blame_the_peer(void **state)
{
	struct scene *s = *state;

	go(s, "/cut", (struct fetch_request){0});
	assert_int_equal(s->e, ERR_PEER);
	go(s, "", (struct fetch_request){.url = "http://127.0.0.1:1/"});
	assert_int_equal(s->e, ERR_PEER);
	assert_true(s->text[0] != '\0');
}

static void
guarded_call_goes_to_the_internet_only(void **state)
{
	struct scene *s = *state;
	struct network here;
	char *by_name = xasprintf("http://localhost:%u/hello", s->port);

	go(s, "/hello", (struct fetch_request){.guarded = true});
	assert_int_equal(s->e, ERR_DENIED);
	go(s, "", (struct fetch_request){.url = by_name, .guarded = true});
	assert_int_equal(s->e, ERR_DENIED);
	assert_int_equal(network_parse(SLICE("127.0.0.0/8"), &here), ERR_OK);
	go(s, "/hello",
	    (struct fetch_request){
		.guarded = true, .allowed = &here, .n_allowed = 1});
	assert_int_equal(s->e, ERR_OK);
	free(by_name);
}

static void
guarded_call_uses_no_open_connection(void **state)
{
	struct scene *s = *state;

	go(s, "/hello", (struct fetch_request){0});
	assert_int_equal(s->e, ERR_OK);
	go(s, "/hello", (struct fetch_request){.guarded = true});
	assert_int_equal(s->e, ERR_DENIED);
}

static void
via_connects_to_the_address_it_names(void **state)
{
	struct scene *s = *state;
	struct addr to;
	char text[64];

	(void)snprintf(text, sizeof(text), "127.0.0.1:%u", s->port);
	assert_int_equal(addr_parse(slice_str(text), &to), ERR_OK);
	go(s, "",
	    (struct fetch_request){
		.url = "http://shop.example.com/hello", .via = &to});
	assert_int_equal(s->e, ERR_OK);
	assert_string_equal(s->body, "hello");
}

static void
unix_socket_serves_too(void **state)
{
	struct scene *s = *state;

	go(s, "",
	    (struct fetch_request){
		.url = "http://towpath/hello", .unix_socket = s->socket});
	assert_int_equal(s->e, ERR_OK);
	assert_string_equal(s->body, "hello");
}

static void
proxy_of_the_environment_is_not_used(void **state)
{
	struct scene *s = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	go(s, "/hello", (struct fetch_request){0});
	unsetenv("http_proxy");
	assert_int_equal(s->e, ERR_OK);
}

static void
missing_ca_file_is_named(void **state)
{
	struct scene *s = *state;

	go(s, "/hello", (struct fetch_request){.ca_file = "/nowhere/ca.pem"});
	assert_int_equal(s->e, ERR_IO);
	assert_non_null(strstr(s->text, "/nowhere/ca.pem"));
}

/* Name resolution takes a thread, sockets and files; further roots take a
 * file in memory. */
static void
all_of_it_works_in_the_sandbox_of_control(void **state)
{
	struct scene *s = *state;
	char *by_name = xasprintf("http://localhost:%u/hello", s->port);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ev_loop_fork(s->loop);
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		sandbox_enter(ROLE_CONTROL);
		go(s, "",
		    (struct fetch_request){.url = by_name,
			.ca_file = "/etc/ssl/certs/ca-certificates.crt"});
		_exit(s->e == ERR_OK && strcmp(s->body, "hello") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(by_name);
}

static void
on_piece(void *ctx, struct slice piece)
{
	struct scene *s = ctx;

	s->streamed += piece.n;
	if (s->to_cancel != NULL) {
		fetch_cancel(s->to_cancel);
		s->to_cancel = NULL;
		ev_break(s->loop, EVBREAK_ALL);
	}
}

static void
pieces_are_given_as_they_come(void **state)
{
	struct scene *s = *state;

	go(s, "/big", (struct fetch_request){.data = on_piece});
	assert_int_equal(s->e, ERR_OK);
	assert_int_equal(s->streamed, 100000);
	assert_string_equal(s->body, "");
}

static void
cancelled_call_is_not_called_back(void **state)
{
	struct scene *s = *state;
	char *big = url(s, "/big");
	struct fetch_request rq = {.method = "GET",
	    .url = big,
	    .done = on_done,
	    .data = on_piece,
	    .ctx = s};

	fetch_cancel(fetch_start(s->fetch, &rq));
	s->to_cancel = fetch_start(s->fetch, &rq);
	ev_run(s->loop, 0);
	ev_run(s->loop, EVRUN_NOWAIT);
	go(s, "/hello", (struct fetch_request){0});
	assert_true(s->streamed > 0 && s->streamed < 100000);
	free(big);
}

#define ON_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_SERVER(body_and_header_are_given),
	    ON_SERVER(post_sends_its_body_and_no_body_is_sent_as_empty),
	    ON_SERVER(answer_past_its_limit_is_too_big),
	    ON_SERVER(redirect_is_an_answer_unless_followed),
	    ON_SERVER(redirect_to_another_protocol_is_denied),
	    ON_SERVER(slow_answer_times_out),
	    ON_SERVER(cut_answer_and_refused_connection_blame_the_peer),
	    ON_SERVER(guarded_call_goes_to_the_internet_only),
	    ON_SERVER(guarded_call_uses_no_open_connection),
	    ON_SERVER(via_connects_to_the_address_it_names),
	    ON_SERVER(unix_socket_serves_too),
	    ON_SERVER(proxy_of_the_environment_is_not_used),
	    ON_SERVER(missing_ca_file_is_named),
	    ON_SERVER(all_of_it_works_in_the_sandbox_of_control),
	    ON_SERVER(pieces_are_given_as_they_come),
	    ON_SERVER(cancelled_call_is_not_called_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
