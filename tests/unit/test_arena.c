#include <stdalign.h>

#include "base/arena.h"
#include "tests/unit/test.h"

static void
allocations_are_aligned_and_do_not_overlap(void **state)
{
	unsigned char *p[200];
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < 200; i++) {
		p[i] = arena_alloc(&a, i);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
		memset(p[i], (int)i, i);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t n = 0; n < i; n++)
			assert_int_equal(p[i][n], i);
	arena_clear(&a);
}

static void
the_limit_counts_what_was_handed_out(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 8192);
	assert_non_null(arena_alloc(&a, 8000));
	assert_null(arena_alloc(&a, 8000));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_non_null(arena_alloc(&a, 100));
	assert_null(arena_copy(&a, slice_of("", 1000)).p);
	assert_null(arena_printf(&a, "%1000d", 1).p);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 8000));
	arena_clear(&a);
}

static void
a_warm_arena_allocates_nothing(void **state)
{
	struct arena_block *warm;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (int i = 0; i < 100; i++)
		assert_non_null(arena_alloc(&a, 200));
	arena_reset(&a);
	warm = a.blocks;
	assert_non_null(warm);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 60; i++)
			assert_non_null(arena_alloc(&a, 200));
		assert_ptr_equal(a.blocks, warm);
		arena_reset(&a);
	}
	arena_clear(&a);
}

static void
an_unusually_large_block_is_not_kept(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_non_null(arena_alloc(&a, 500000));
	arena_reset(&a);
	assert_null(a.blocks);
	arena_clear(&a);
}

static void
copies_and_texts_are_slices_of_the_arena(void **state)
{
	struct arena a;
	struct slice s;

	(void)state;
	arena_init(&a, 1 << 20);
	s = arena_copy(&a, SLICE("a\0b"));
	assert_true(slice_eq(s, SLICE("a\0b")));
	s = arena_copy(&a, slice_of(NULL, 0));
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	s = arena_printf(&a, "%s-%d", "x", 7);
	assert_true(slice_eq(s, SLICE("x-7")));
	arena_clear(&a);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocations_are_aligned_and_do_not_overlap),
	    cmocka_unit_test(the_limit_counts_what_was_handed_out),
	    cmocka_unit_test(a_warm_arena_allocates_nothing),
	    cmocka_unit_test(an_unusually_large_block_is_not_kept),
	    cmocka_unit_test(copies_and_texts_are_slices_of_the_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
