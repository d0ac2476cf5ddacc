#include "tests/unit/play.h"

const struct challenge_choice play_choice = {
    .types = {CHALLENGE_HTTP_01}, .n = 1};

void
play_start(struct run *run, const char *url)
{
	static const char *const names[] = {HOST};

	*run = (struct run){.mono_ms = 1000};
	run->order = order_new(names, 1, "", &play_choice, url, run->mono_ms);
}

void
play_answer(struct run *run, const struct turn *turn)
{
	struct fault f = {0};
	struct acme_response r = {
	    .status = turn->status,
	    .body = slice_str(turn->body),
	    .location = turn->location == NULL ? "" : turn->location,
	    .retry_after = turn->retry_after == NULL ? "" : turn->retry_after,
	    .fault = &f,
	    .now = NOW,
	    .mono_ms = run->mono_ms,
	};

	fault_set(&f, FAULT_A11_CA_UNREACHABLE, "Connection refused");
	order_answer(run->order, &r);
}

static const char *
step_name(const struct order_action *a)
{
	switch (a->step) {
	case ORDER_PUBLISH:
		return "PUBLISH";
	case ORDER_MAKE_CSR:
		return "CSR";
	case ORDER_TAKE:
		return "TAKE";
	case ORDER_GIVE_UP:
		return "GIVE_UP";
	case ORDER_REQUEST:
	case ORDER_WAIT:
		break;
	}
	return a->url == NULL ? "" : a->url;
}

void
play_next(struct run *run, struct order_action *out)
{
	order_next(run->order, run->mono_ms, out);
	while (out->step == ORDER_WAIT) {
		run->mono_ms += out->wait_ms;
		run->waited_ms += out->wait_ms;
		order_next(run->order, run->mono_ms, out);
	}
}

void
play_turns(struct run *run, const struct turn *turns, size_t n)
{
	struct order_action a;

	for (size_t i = 0; i < n; i++, run->turn++) {
		play_next(run, &a);
		if (!slice_ends_with(slice_str(step_name(&a)),
			slice_str(turns[i].expects)) ||
		    (turns[i].expects[0] == '\0' && a.url != NULL))
			fail_msg("turn %zu: wants \"%s\", not \"%s\" (%s)",
			    run->turn, step_name(&a), turns[i].expects,
			    run->order->problem.fault.text);
		if (a.step == ORDER_REQUEST)
			play_answer(run, &turns[i]);
		else if (a.step == ORDER_PUBLISH)
			order_published(run->order);
		else if (a.step == ORDER_MAKE_CSR)
			order_take_csr(run->order, SLICE("csr"));
	}
}

void
play_end(struct run *run)
{
	order_free(run->order);
}

void
play_assert_failed(struct run *run, const char *code, enum problem_class class)
{
	const struct problem *p = &run->order->problem;

	PLAY(run, {.expects = "GIVE_UP"});
	assert_string_equal(fault_code_name(p->fault.code), code);
	assert_int_equal(p->class, class);
	play_end(run);
}
