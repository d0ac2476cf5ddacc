#include "tests/unit/h2_wire.h"

/* --- requests and responses ----------------------------------------------- */

static void
a_request_is_told_and_answered(void **state)
{
	struct wire w;
	struct stream *st;

	(void)state;
	open_wire(&w, 65535);
	st = request(&w, NULL);
	assert_true(st->has_head);
	assert_true(st->ended_at_head);
	assert_int_equal(st->n_fields, 4);
	answer(st, "hello", true);
	settle(&w);
	assert_int_equal(w.status, 200);
	assert_true(slice_eq(buf_slice(&w.body), SLICE("hello")));
	assert_int_equal(w.n_ended, 1);
	assert_int_equal(st->n_sent, 1);
	assert_int_equal(st->n_closed, 1);
	assert_true(st->is_whole);
	close_wire(&w);
}

static void
a_body_that_comes_in_pieces_waits_for_each(void **state)
{
	struct wire w;
	struct stream *st;

	(void)state;
	open_wire(&w, 65535);
	st = request(&w, NULL);
	answer(st, "abc", false);
	settle(&w);
	assert_int_equal(w.body.len, 3);
	st->body = SLICE("def");
	st->given = 3;
	h2_session_resume(w.server.session, st->id);
	settle(&w);
	assert_int_equal(w.body.len, 6);
	assert_int_equal(w.n_ended, 0);
	st->is_complete = true;
	h2_session_resume(w.server.session, st->id);
	settle(&w);
	assert_true(slice_eq(buf_slice(&w.body), SLICE("abcdef")));
	assert_int_equal(w.n_ended, 1);
	close_wire(&w);
}

static void
trailers_follow_a_body_and_an_empty_one(void **state)
{
	static const char *const bodies[] = {"body", ""};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct wire w;
		struct stream *st;

		open_wire(&w, 65535);
		st = request(&w, NULL);
		answer(st, bodies[i], false);
		settle(&w);
		st->is_complete = st->wants_trailers = true;
		h2_session_resume(w.server.session, st->id);
		settle(&w);
		assert_string_equal(w.trailer, "1");
		assert_int_equal(w.body.len, strlen(bodies[i]));
		assert_int_equal(w.n_ended, 1);
		assert_int_equal(st->n_closed, 1);
		close_wire(&w);
	}
}

static void
a_cut_is_a_reset_and_no_end(void **state)
{
	struct wire w;
	struct stream *st;

	(void)state;
	open_wire(&w, 65535);
	st = request(&w, NULL);
	answer(st, "abc", false);
	settle(&w);
	h2_session_reset(w.server.session, st->id, H2_REASON_INTERNAL);
	settle(&w);
	assert_int_equal(w.reset, NGHTTP2_INTERNAL_ERROR + 1);
	assert_int_equal(w.n_ended, 0);
	assert_int_equal(st->n_closed, 1);
	assert_false(st->is_whole);
	close_wire(&w);
}

static void
a_head_past_every_limit_is_refused(void **state)
{
	static struct header many[300];
	struct response r = {.status = 200, .content_length = -1};
	struct wire w;
	struct stream *st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = (struct header){SLICE("X"), SLICE("y")};
	open_wire(&w, 65535);
	st = request(&w, NULL);
	r.headers = (struct headers){many, COUNT_OF(many), COUNT_OF(many)};
	assert_int_equal(
	    h2_session_respond(w.server.session, st->id, &r, false),
	    ERR_TOO_BIG);
	r.headers.n = 100;
	assert_int_equal(
	    h2_session_respond(w.server.session, st->id, &r, false), ERR_OK);
	settle(&w);
	assert_int_equal(w.status, 200);
	close_wire(&w);
}

/* --- windows -------------------------------------------------------------- */

static void
windows_open_as_bytes_are_consumed(void **state)
{
	static char large[400000];
	struct slice body = slice_of(large, sizeof(large));
	struct wire w;
	struct stream *st;
	size_t consumed = 0;

	(void)state;
	open_wire(&w, 65535);
	st = request(&w, &body);
	assert_int_equal(st->received.len, H2_WINDOW_STREAM);
	for (int i = 0; i < 100 && st->n_ends == 0; i++) {
		h2_session_consumed(
		    w.server.session, st->id, st->received.len - consumed);
		consumed = st->received.len;
		settle(&w);
	}
	assert_int_equal(st->received.len, sizeof(large));
	assert_int_equal(st->n_ends, 1);
	close_wire(&w);
}

static void
a_widened_stream_may_send_more_at_once(void **state)
{
	static char large[H2_WINDOW_STREAM_WIDE];
	struct slice body = slice_of(large, sizeof(large));
	struct wire w;
	struct stream *st;

	(void)state;
	open_wire(&w, 65535);
	st = request(&w, &body);
	h2_session_widen(w.server.session, st->id);
	settle(&w);
	assert_int_equal(st->received.len, sizeof(large));
	close_wire(&w);
}

static void
a_shut_window_holds_the_body_back(void **state)
{
	struct wire w;
	struct stream *st;

	(void)state;
	open_wire(&w, 2);
	st = request(&w, NULL);
	answer(st, "hello", true);
	assert_int_equal(w.body.len, 0);
	settle(&w); /* nghttp2's client opens it again, by itself */
	assert_int_equal(w.body.len, 5);
	close_wire(&w);
}

static void
what_is_full_is_written_no_more(void **state)
{
	static char large[60000];
	struct wire w;
	struct stream *st;

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	open_wire(&w, 65535);
	st = request(&w, NULL);
	w.server.out_max = 20000;
	answer(st, large, true);
	h2_session_send(w.server.session);
	assert_in_range(w.server.out.len, 20000, 40000);
	assert_true(h2_session_has_more(w.server.session));
	settle(&w);
	assert_int_equal(w.body.len, sizeof(large) - 1);
	close_wire(&w);
}

/* --- the end -------------------------------------------------------------- */

static void
leaving_is_noticed_then_said_and_streams_go_on(void **state)
{
	struct wire w;
	struct stream *st;

	(void)state;
	open_wire(&w, 65535);
	st = request(&w, NULL);
	h2_session_notice(w.server.session);
	assert_false(h2_session_was_noticed(w.server.session));
	settle(&w);
	assert_true(h2_session_was_noticed(w.server.session));
	assert_int_equal(w.goaway_last, (1U << 31) - 1);
	h2_session_go_away(w.server.session);
	settle(&w);
	assert_int_equal(w.n_goaways, 2);
	assert_int_equal(w.goaway_last, st->id);
	assert_int_equal(w.goaway, NGHTTP2_NO_ERROR);
	assert_false(h2_session_is_over(w.server.session));
	answer(st, "x", true);
	settle(&w);
	assert_int_equal(w.n_ended, 1);
	assert_true(h2_session_is_over(w.server.session));
	assert_int_equal(h2_session_abuse(w.server.session), H2_ABUSE_NONE);
	close_wire(&w);
}

static void
a_field_too_much_ends_the_connection(void **state)
{
	struct wire w;

	(void)state;
	open_wire(&w, 65535);
	settle(&w);
	w.server.fields_max = 3;
	(void)request(&w, NULL);
	assert_int_equal(h2_session_abuse(w.server.session), H2_ABUSE_HEADERS);
	assert_int_equal(w.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_true(h2_session_is_over(w.server.session));
	close_wire(&w);
}

static void
resets_without_end_end_the_connection(void **state)
{
	struct wire w;
	int n = 0;

	(void)state;
	open_wire(&w, 65535);
	while (
	    n < 10000 && h2_session_abuse(w.server.session) == H2_ABUSE_NONE) {
		struct stream *st = request(&w, NULL);

		assert_int_equal(nghttp2_submit_rst_stream(
				     w.client, 0, st->id, NGHTTP2_CANCEL),
		    0);
		settle(&w);
		assert_int_equal(st->n_closed, 1);
		n++;
	}
	assert_in_range(n, 100, 1000);
	assert_int_equal(h2_session_abuse(w.server.session), H2_ABUSE_RESETS);
	assert_int_equal(w.goaway, NGHTTP2_ENHANCE_YOUR_CALM);
	close_wire(&w);
}

static void
what_is_not_http2_is_told_so(void **state)
{
	struct wire w;

	(void)state;
	open_wire(&w, 65535);
	to_server(&w, SLICE("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
	assert_int_equal(h2_session_abuse(w.server.session), H2_ABUSE_PROTOCOL);
	h2_session_send(w.server.session);
	assert_true(h2_session_is_over(w.server.session));
	assert_true(w.server.out.len > 0);
	/* deaf from now on */
	to_server(&w, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	assert_int_equal(w.server.n_streams, 0);
	close_wire(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_is_told_and_answered),
	    cmocka_unit_test(a_body_that_comes_in_pieces_waits_for_each),
	    cmocka_unit_test(trailers_follow_a_body_and_an_empty_one),
	    cmocka_unit_test(a_cut_is_a_reset_and_no_end),
	    cmocka_unit_test(a_head_past_every_limit_is_refused),
	    cmocka_unit_test(windows_open_as_bytes_are_consumed),
	    cmocka_unit_test(a_widened_stream_may_send_more_at_once),
	    cmocka_unit_test(a_shut_window_holds_the_body_back),
	    cmocka_unit_test(what_is_full_is_written_no_more),
	    cmocka_unit_test(leaving_is_noticed_then_said_and_streams_go_on),
	    cmocka_unit_test(a_field_too_much_ends_the_connection),
	    cmocka_unit_test(resets_without_end_end_the_connection),
	    cmocka_unit_test(what_is_not_http2_is_told_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
