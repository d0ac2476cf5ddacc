#include "base/map.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static int values[1000];

static void
a_value_is_found_by_its_key_until_removed(void **state)
{
	struct map m;
	char key[] = "www.example.com";

	(void)state;
	map_init(&m, 10);
	assert_null(map_get(&m, SLICE("x")));
	assert_null(map_remove(&m, SLICE("x")));
	assert_int_equal(map_put(&m, slice_str(key), &values[1]), ERR_OK);
	key[0] = 'X'; /* the map has its own copy */
	assert_ptr_equal(map_get(&m, SLICE("www.example.com")), &values[1]);
	assert_null(map_get(&m, SLICE("www.example.co")));
	assert_int_equal(
	    map_put(&m, SLICE("www.example.com"), &values[2]), ERR_OK);
	assert_int_equal(m.n, 1);
	assert_ptr_equal(map_remove(&m, SLICE("www.example.com")), &values[2]);
	assert_null(map_get(&m, SLICE("www.example.com")));
	assert_int_equal(m.n, 0);
	map_clear(&m);
}

static void
keys_are_bytes_of_any_length(void **state)
{
	uint64_t id = 7, other = 8;
	struct map m;

	(void)state;
	map_init(&m, 10);
	assert_int_equal(map_put(&m, slice_of(NULL, 0), &values[0]), ERR_OK);
	assert_int_equal(map_put(&m, SLICE("a\0b"), &values[1]), ERR_OK);
	assert_int_equal(map_put(&m, SLICE("a\0c"), &values[2]), ERR_OK);
	assert_int_equal(map_put(&m, MAP_KEY(id), &values[3]), ERR_OK);
	assert_ptr_equal(map_get(&m, SLICE("")), &values[0]);
	assert_ptr_equal(map_get(&m, SLICE("a\0b")), &values[1]);
	assert_ptr_equal(map_get(&m, SLICE("a\0c")), &values[2]);
	assert_ptr_equal(map_get(&m, MAP_KEY(id)), &values[3]);
	assert_null(map_get(&m, MAP_KEY(other)));
	map_clear(&m);
}

static void
a_full_map_takes_no_new_key_but_replaces(void **state)
{
	struct map m;

	(void)state;
	map_init(&m, 2);
	assert_int_equal(map_put(&m, SLICE("a"), &values[1]), ERR_OK);
	assert_int_equal(map_put(&m, SLICE("b"), &values[2]), ERR_OK);
	assert_int_equal(map_put(&m, SLICE("c"), &values[3]), ERR_TOO_BIG);
	assert_null(map_get(&m, SLICE("c")));
	assert_int_equal(map_put(&m, SLICE("b"), &values[4]), ERR_OK);
	assert_ptr_equal(map_get(&m, SLICE("b")), &values[4]);
	map_clear(&m);
	assert_int_equal(map_put(&m, SLICE("c"), &values[3]), ERR_OK);
	map_clear(&m);
}

/* Puts and removes at random beside a plain array that does the same. */
static void
it_agrees_with_a_plain_array(void **state)
{
	bool present[1000] = {false};
	uint32_t random = 12345;
	size_t n = 0;
	struct map m;

	(void)state;
	map_init(&m, 1000);
	for (int round = 0; round < 100000; round++) {
		uint32_t i;
		void *was;

		random = random * 1664525u + 1013904223u;
		i = (random >> 16) % 1000;
		was = map_get(&m, MAP_KEY(i));
		assert_ptr_equal(was, present[i] ? &values[i] : NULL);
		if (random & 0x100) {
			assert_int_equal(
			    map_put(&m, MAP_KEY(i), &values[i]), ERR_OK);
			n += !present[i];
			present[i] = true;
		} else {
			assert_ptr_equal(map_remove(&m, MAP_KEY(i)), was);
			n -= present[i];
			present[i] = false;
		}
		assert_int_equal(m.n, n);
	}
	map_clear(&m);
}

static void
a_walk_meets_every_entry_once(void **state)
{
	int seen[300] = {0};
	struct slice key;
	struct map m;
	void *value;
	size_t at = 0;

	(void)state;
	map_init(&m, 300);
	for (uint32_t i = 0; i < 300; i++)
		assert_int_equal(map_put(&m, MAP_KEY(i), &values[i]), ERR_OK);
	while (map_next(&m, &at, &key, &value)) {
		uint32_t i;

		assert_int_equal(key.n, sizeof(i));
		memcpy(&i, key.p, sizeof(i));
		assert_ptr_equal(value, &values[i]);
		seen[i]++;
	}
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		assert_int_equal(seen[i], 1);
	map_clear(&m);
	at = 0;
	assert_false(map_next(&m, &at, &key, &value));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_is_found_by_its_key_until_removed),
	    cmocka_unit_test(keys_are_bytes_of_any_length),
	    cmocka_unit_test(a_full_map_takes_no_new_key_but_replaces),
	    cmocka_unit_test(it_agrees_with_a_plain_array),
	    cmocka_unit_test(a_walk_meets_every_entry_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
