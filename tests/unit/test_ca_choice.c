#include "acme/ca_choice.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NOW  INT64_C(1000000)
#define LONG (NOW + 86400)

struct sample {
	const char *name;
	enum wish_ca wish;
	struct ca_view views[CA_SEATS];
	enum ca_seat expected;
};

/* clang-format off */
static const struct sample choices[] = {
	{"both are well", WISH_CA_AUTO, {{true, 0, 0}, {true, 0, 0}}, CA_FIRST},
	{"there is one", WISH_CA_AUTO, {{true, LONG, 0}, {false, 0, 0}}, CA_FIRST},
	{"none is able", WISH_CA_AUTO, {{false, 0, 0}, {false, 0, 0}}, CA_SEATS},
	{"the first has no challenge for the name", WISH_CA_AUTO,
	    {{false, 0, 0}, {true, LONG, 0}}, CA_FALLBACK},
	{"the first is away", WISH_CA_AUTO,
	    {{true, NOW + 1, 0}, {true, 0, 0}}, CA_FALLBACK},
	{"the first is back", WISH_CA_AUTO,
	    {{true, NOW, NOW}, {true, 0, 0}}, CA_FIRST},
	{"the first refuses the name", WISH_CA_AUTO,
	    {{true, 0, LONG}, {true, 0, 0}}, CA_FALLBACK},
	{"both refuse, the first for longer", WISH_CA_AUTO,
	    {{true, 0, LONG}, {true, NOW + 1, 0}}, CA_FALLBACK},
	{"both refuse alike", WISH_CA_AUTO,
	    {{true, 0, LONG}, {true, LONG, 0}}, CA_FIRST},
	{"the first is wished for", WISH_CA_FIRST,
	    {{true, LONG, LONG}, {true, 0, 0}}, CA_FIRST},
	{"the fallback is wished for", WISH_CA_FALLBACK,
	    {{true, 0, 0}, {true, LONG, 0}}, CA_FALLBACK},
	{"what is wished for is no longer there", WISH_CA_FALLBACK,
	    {{true, 0, 0}, {false, 0, 0}}, CA_FIRST},
};

static const struct sample moves[] = {
	{"to the fallback", WISH_CA_AUTO,
	    {{true, LONG, 0}, {true, 0, 0}}, CA_FALLBACK},
	{"what it said of the name once does not count", WISH_CA_AUTO,
	    {{true, LONG, 0}, {true, 0, LONG}}, CA_FALLBACK},
	{"there is no fallback", WISH_CA_AUTO,
	    {{true, LONG, 0}, {false, 0, 0}}, CA_SEATS},
	{"the fallback is away too", WISH_CA_AUTO,
	    {{true, LONG, 0}, {true, LONG, 0}}, CA_SEATS},
	{"the first was wished for", WISH_CA_FIRST,
	    {{true, LONG, 0}, {true, 0, 0}}, CA_SEATS},
};
/* clang-format on */

static void
an_order_goes_to_the_first_ca_that_will(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(choices); i++)
		if (ca_choose(choices[i].wish, choices[i].views, NOW) !=
		    choices[i].expected)
			fail_msg("%s", choices[i].name);
}

static void
an_order_that_failed_moves_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(moves); i++)
		if (ca_move(moves[i].wish, CA_FIRST, moves[i].views, NOW) !=
		    moves[i].expected)
			fail_msg("%s", moves[i].name);
	assert_int_equal(
	    ca_move(WISH_CA_AUTO, CA_FALLBACK,
		(struct ca_view[]){{true, 0, LONG}, {true, LONG, 0}}, NOW),
	    CA_FIRST);
}

static void
what_is_the_names_own_fault_never_wanders(void **state)
{
	static const enum fault_code codes[] = {FAULT_A17_CHALLENGE_CONNECTION,
	    FAULT_A18_CHALLENGE_WRONG_ANSWER, FAULT_A19_CHALLENGE_DNS,
	    FAULT_A22_ORDER_INVALID, FAULT_A27_NO_USABLE_CHALLENGE,
	    FAULT_D30_PROVIDER_REFUSED, FAULT_C37_KEYS_AWAY,
	    FAULT_S19_STORE_AWAY};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		assert_int_equal(
		    ca_shun_of(codes[i], false, LONG, NOW).until, 0);
}

static void
an_account_that_is_refused_is_refused_to_all(void **state)
{
	static const enum fault_code codes[] = {FAULT_A10_TERMS_NOT_AGREED,
	    FAULT_A11_CA_UNREACHABLE, FAULT_A20_ACCOUNT_REFUSED,
	    FAULT_A21_EAB_REQUIRED, FAULT_A25_CA_INTERNAL,
	    FAULT_A29_CA_WANTS_PERSON};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct ca_shun shun = ca_shun_of(codes[i], false, 0, NOW);

		assert_true(shun.is_of_all);
		assert_true(shun.until > NOW);
	}
	assert_int_equal(
	    ca_shun_of(FAULT_A25_CA_INTERNAL, false, LONG, NOW).until, LONG);
}

static void
a_name_that_is_refused_is_the_only_one(void **state)
{
	static const enum fault_code codes[] = {
	    FAULT_A14_PAUSED, FAULT_A15_CAA, FAULT_A16_REJECTED_IDENTIFIER};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct ca_shun shun = ca_shun_of(codes[i], false, 0, NOW);

		assert_false(shun.is_of_all);
		assert_true(shun.until > NOW);
	}
}

static void
a_limit_is_waited_for_when_it_passes_soon(void **state)
{
	(void)state;
	assert_int_equal(
	    ca_shun_of(FAULT_A13_RATE_LIMITED, true, NOW + 60, NOW).until, 0);
	assert_int_equal(
	    ca_shun_of(FAULT_A13_RATE_LIMITED, true, LONG, NOW).until, LONG);
	assert_true(
	    ca_shun_of(FAULT_A13_RATE_LIMITED, true, LONG, NOW).is_of_all);
	assert_false(
	    ca_shun_of(FAULT_A13_RATE_LIMITED, false, LONG, NOW).is_of_all);
}

static void
a_wish_is_read_as_it_is_written(void **state)
{
	enum wish_ca wish;

	(void)state;
	for (int i = WISH_CA_AUTO; i <= WISH_CA_FALLBACK; i++) {
		assert_true(wish_ca_read(wish_ca_text((enum wish_ca)i), &wish));
		assert_int_equal(wish, i);
	}
	assert_false(wish_ca_read("second", &wish));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_order_goes_to_the_first_ca_that_will),
	    cmocka_unit_test(an_order_that_failed_moves_once),
	    cmocka_unit_test(what_is_the_names_own_fault_never_wanders),
	    cmocka_unit_test(an_account_that_is_refused_is_refused_to_all),
	    cmocka_unit_test(a_name_that_is_refused_is_the_only_one),
	    cmocka_unit_test(a_limit_is_waited_for_when_it_passes_soon),
	    cmocka_unit_test(a_wish_is_read_as_it_is_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
