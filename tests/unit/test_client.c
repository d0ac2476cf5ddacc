#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin-tui/client.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* A server on the same loop that gives one answer to whatever is asked. */
struct server {
	struct ev_loop *loop;
	struct client *client;
	char folder[32], path[64];
	int listener, peer; /* -1: none */
	ev_io on_listener, on_peer;
	const char *answer; /* whole, as on the wire */
	char asked[4096];
	size_t n_asked;
};

static void
on_peer(struct ev_loop *loop, ev_io *w, int events)
{
	struct server *s = w->data;
	(void)events;
	ssize_t n = read(
	    s->peer, s->asked + s->n_asked, sizeof(s->asked) - 1 - s->n_asked);
	if (n > 0) {
		s->n_asked += (size_t)n;
		s->asked[s->n_asked] = '\0';
	}
	if (n > 0 && strstr(s->asked, "\r\n\r\n") == NULL)
		return;
	if (n > 0) {
		size_t length = strlen(s->answer);
		assert_int_equal(write(s->peer, s->answer, length), length);
	}
	ev_io_stop(loop, w);
	close(s->peer);
	s->peer = -1;
}

static void
on_listener(struct ev_loop *loop, ev_io *w, int events)
{
	struct server *s = w->data;
	(void)events;
	assert_int_equal(s->peer, -1);
	s->peer = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	s->n_asked = 0;
	ev_io_init(&s->on_peer, on_peer, s->peer, EV_READ);
	s->on_peer.data = s;
	ev_io_start(loop, &s->on_peer);
}

static void
begin(struct server *s, const char *answer, bool read_only)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct fault f;
	*s = (struct server){.answer = answer, .peer = -1};
	s->loop = ev_loop_new(EVBACKEND_EPOLL);
	snprintf(s->folder, sizeof(s->folder), "/tmp/towpath-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/sock", s->folder);
	memcpy(un.sun_path, s->path, sizeof(s->path));
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(s->listener, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(s->listener, 5), 0);
	ev_io_init(&s->on_listener, on_listener, s->listener, EV_READ);
	s->on_listener.data = s;
	ev_io_start(s->loop, &s->on_listener);
	struct client_options options = {
	    .server = s->path, .read_only = read_only};
	assert_int_equal(client_new(s->loop, &options, &s->client, &f), ERR_OK);
}

static void
end(struct server *s)
{
	client_free(s->client);
	ev_io_stop(s->loop, &s->on_listener);
	if (s->peer >= 0) {
		ev_io_stop(s->loop, &s->on_peer);
		close(s->peer);
	}
	close(s->listener);
	ev_loop_destroy(s->loop);
	unlink(s->path);
	rmdir(s->folder);
}

static bool
ask(struct server *s, const char *method, struct client_answer *a)
{
	return client_ask(s->client,
	    &(struct client_request){.method = method, .path = "/v1/apps"}, a);
}

static void
a_list_has_its_body_and_the_path_of_its_next_page(void **state)
{
	struct server s;
	struct client_answer a;
	(void)state;
	begin(&s,
	    "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n"
	    "Link: </v1/apps?after=b>; rel=\"next\"\r\n\r\n[{\"name\":1}]",
	    false);
	assert_true(ask(&s, "GET", &a));
	assert_true(a.is_ok);
	assert_int_equal(a.status, 200);
	assert_int_equal(json_array_size(a.body), 1);
	assert_string_equal(a.next, "/v1/apps?after=b");
	assert_non_null(strstr(s.asked, "GET /v1/apps HTTP/1.1\r\n"));
	client_answer_clear(&a);
	end(&s);
}

static void
a_page_never_leads_to_another_server(void **state)
{
	struct server s;
	struct client_answer a;
	(void)state;
	begin(&s,
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
	    "Link: <http://other.example/>; rel=\"next\"\r\n\r\n[]",
	    false);
	assert_true(ask(&s, "GET", &a));
	assert_null(a.next);
	client_answer_clear(&a);
	end(&s);
}

static void
a_problem_document_becomes_its_fault(void **state)
{
	struct server s;
	struct client_answer a;
	(void)state;
	begin(&s,
	    "HTTP/1.1 409 Conflict\r\nContent-Length: 45\r\n"
	    "Retry-After: 7\r\n\r\n"
	    "{\"code\":\"N17\",\"detail\":\"shop\",\"action\":\"no\"}  ",
	    false);
	assert_false(ask(&s, "POST", &a));
	assert_false(a.is_away);
	assert_int_equal(a.status, 409);
	assert_int_equal(a.fault.code, FAULT_N17_APP_EXISTS);
	assert_string_equal(a.fault.text, "shop");
	assert_string_equal(a.fault.action, "no");
	assert_int_equal(a.retry_after, 7);
	client_answer_clear(&a);
	end(&s);
}

static void
an_answer_that_is_no_json_is_told(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<html",
	    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n<htm",
	    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct server s;
		struct client_answer a;
		begin(&s, answers[i], false);
		assert_false(ask(&s, "GET", &a));
		assert_int_equal(a.fault.code, FAULT_S25_INTERNAL);
		client_answer_clear(&a);
		end(&s);
	}
}

static void
a_daemon_that_is_not_there_is_away(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL);
	struct client_options options = {.server = "/nonexistent/sock"};
	struct client *c;
	struct client_answer a;
	struct fault f;
	(void)state;
	assert_int_equal(client_new(loop, &options, &c, &f), ERR_OK);
	assert_false(client_ask(c,
	    &(struct client_request){.method = "GET", .path = "/v1/apps"}, &a));
	assert_true(a.is_away);
	assert_int_equal(a.fault.code, FAULT_P20_DAEMON_AWAY);
	assert_non_null(strstr(a.fault.text, "No such file"));
	client_answer_clear(&a);
	client_free(c);
	ev_loop_destroy(loop);
}

static void
a_connection_that_ends_without_an_answer_is_away(void **state)
{
	struct server s;
	struct client_answer a;
	(void)state;
	begin(&s, "", false);
	assert_false(ask(&s, "GET", &a));
	assert_true(a.is_away);
	assert_int_equal(a.fault.code, FAULT_P20_DAEMON_AWAY);
	client_answer_clear(&a);
	end(&s);
}

static void
read_only_sends_nothing_but_get(void **state)
{
	struct server s;
	struct client_answer a;
	(void)state;
	begin(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true);
	assert_false(ask(&s, "DELETE", &a));
	assert_int_equal(a.fault.code, FAULT_P15_NOT_PERMITTED);
	assert_false(a.is_away);
	client_answer_clear(&a);
	assert_int_equal(s.n_asked, 0);
	assert_true(ask(&s, "GET", &a));
	client_answer_clear(&a);
	end(&s);
}

/* --- streams -------------------------------------------------------------- */

struct seen {
	struct ev_loop *loop;
	int64_t last;
	int n_items, n_done;
	bool is_ok;
	enum fault_code code;
};

static void
on_item(void *ctx, const json_t *item)
{
	struct seen *seen = ctx;
	seen->n_items++;
	seen->last = json_int(item, "sequence");
}

static void
on_done(void *ctx, const struct client_answer *a)
{
	struct seen *seen = ctx;
	seen->n_done++;
	seen->is_ok = a->is_ok;
	seen->code = a->fault.code;
	ev_break(seen->loop, EVBREAK_ALL);
}

static void
a_stream_gives_each_event_and_then_its_end(void **state)
{
	struct server s;
	struct seen seen = {0};
	(void)state;
	begin(&s,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	    "Connection: close\r\n\r\n"
	    "data: {\"sequence\":4}\n\n: \n\ndata: {\"sequence\":5}\n\n",
	    false);
	seen.loop = s.loop;
	client_follow(s.client, "/v1/events", on_item, on_done, &seen);
	ev_run(s.loop, 0);
	assert_non_null(strstr(s.asked, "Accept: text/event-stream\r\n"));
	assert_int_equal(seen.n_items, 2);
	assert_int_equal(seen.last, 5);
	assert_int_equal(seen.n_done, 1);
	assert_true(seen.is_ok);
	end(&s);
}

static void
a_stream_that_is_refused_says_why(void **state)
{
	struct server s;
	struct seen seen = {0};
	(void)state;
	begin(&s,
	    "HTTP/1.1 403 Forbidden\r\nContent-Length: 14\r\n\r\n"
	    "{\"code\":\"P15\"}",
	    false);
	seen.loop = s.loop;
	client_follow(s.client, "/v1/events", on_item, on_done, &seen);
	ev_run(s.loop, 0);
	assert_int_equal(seen.n_items, 0);
	assert_int_equal(seen.n_done, 1);
	assert_false(seen.is_ok);
	assert_int_equal(seen.code, FAULT_P15_NOT_PERMITTED);
	end(&s);
}

static void
a_call_that_was_cancelled_is_not_called_back(void **state)
{
	struct server s;
	struct client_answer a;
	struct seen seen = {0};
	(void)state;
	begin(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", false);
	client_cancel(
	    client_call(s.client, "GET", "/v1/x", NULL, on_done, &seen));
	assert_true(ask(&s, "GET", &a));
	client_answer_clear(&a);
	assert_int_equal(seen.n_done, 0);
	/* and one that is still open when the client goes */
	client_call(s.client, "GET", "/v1/x", NULL, on_done, &seen);
	end(&s);
	assert_int_equal(seen.n_done, 0);
}

/* --- words ---------------------------------------------------------------- */

static void
paths_and_queries_are_escaped(void **state)
{
	char *path = client_path("domains", "*.b\xc3\xbc/x", "check", NULL);
	(void)state;
	assert_string_equal(path, "/v1/domains/*.b%C3%BC%2Fx/check");
	client_query(&path, "status", "In use");
	client_query(&path, "app", NULL);
	client_query(&path, "after", "a&b");
	assert_string_equal(path,
	    "/v1/domains/*.b%C3%BC%2Fx/check?status=In%20use&after=a%26b");
	free(path);
	path = client_path("apps", "..", NULL);
	assert_string_equal(path, "/v1/apps/%2E%2E");
	free(path);
}

static void
what_is_no_server_is_refused(void **state)
{
	static const char *const servers[] = {"nothing",
	    "unix:", "https://api.example.com", "ssh://",
	    "ssh://-oProxyCommand=x", "ssh://h:0", "ssh://h:99999"};
	(void)state;
	unsetenv("TOWPATH_TOKEN");
	for (size_t i = 0; i < COUNT_OF(servers); i++) {
		struct client *c;
		struct fault f;
		struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL);
		struct client_options options = {.server = servers[i]};
		assert_int_equal(
		    client_new(loop, &options, &c, &f), ERR_SYNTAX);
		assert_int_equal(f.code, FAULT_P18_USAGE);
		ev_loop_destroy(loop);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_has_its_body_and_the_path_of_its_next_page),
	    cmocka_unit_test(a_page_never_leads_to_another_server),
	    cmocka_unit_test(a_problem_document_becomes_its_fault),
	    cmocka_unit_test(an_answer_that_is_no_json_is_told),
	    cmocka_unit_test(a_daemon_that_is_not_there_is_away),
	    cmocka_unit_test(a_connection_that_ends_without_an_answer_is_away),
	    cmocka_unit_test(read_only_sends_nothing_but_get),
	    cmocka_unit_test(a_stream_gives_each_event_and_then_its_end),
	    cmocka_unit_test(a_stream_that_is_refused_says_why),
	    cmocka_unit_test(a_call_that_was_cancelled_is_not_called_back),
	    cmocka_unit_test(paths_and_queries_are_escaped),
	    cmocka_unit_test(what_is_no_server_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
