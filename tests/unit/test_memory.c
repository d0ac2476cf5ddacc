#include "router/edge/memory.h"
#include "tests/unit/test.h"

static void
memory_is_short_before_it_is_over(void **state)
{
	(void)state;
	assert_int_equal(memory_judge(MEMORY_EASY, 0, 800), MEMORY_EASY);
	assert_int_equal(memory_judge(MEMORY_EASY, 699, 800), MEMORY_EASY);
	assert_int_equal(memory_judge(MEMORY_EASY, 700, 800), MEMORY_SHORT);
	assert_int_equal(memory_judge(MEMORY_EASY, 799, 800), MEMORY_SHORT);
	assert_int_equal(memory_judge(MEMORY_SHORT, 800, 800), MEMORY_OVER);
	assert_int_equal(memory_judge(MEMORY_EASY, 5000, 800), MEMORY_OVER);
}

static void
memory_is_easy_again_only_with_room_to_spare(void **state)
{
	(void)state;
	assert_int_equal(memory_judge(MEMORY_OVER, 799, 800), MEMORY_SHORT);
	assert_int_equal(memory_judge(MEMORY_SHORT, 650, 800), MEMORY_SHORT);
	assert_int_equal(memory_judge(MEMORY_SHORT, 599, 800), MEMORY_EASY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_short_before_it_is_over),
	    cmocka_unit_test(memory_is_easy_again_only_with_room_to_spare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
