#include "base/mem.h"
#include "router/edge/trailers.h"
#include "tests/unit/test.h"

static void
what_frames_routes_or_authenticates_is_no_trailer(void **state)
{
	static const char *const refused[] = {"Content-Length", "HOST",
	    "transfer-encoding", "Trailer", "Connection", "Authorization",
	    "Cookie", "Set-Cookie", "Content-Type", "Cache-Control", "Date",
	    "X-Forwarded-For", "x-forwarded-anything", "X-Towpath-Error",
	    "X-Real-IP", "X-Request-Id", "Via", ""};
	static const char *const fine[] = {"grpc-status", "Grpc-Message",
	    "ETag", "Digest", "Server-Timing", "X-Checksum", "X-Forwarded"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (trailer_may_pass(slice_str(refused[i])))
			fail_msg("%s passes", refused[i]);
	for (size_t i = 0; i < COUNT_OF(fine); i++)
		if (!trailer_may_pass(slice_str(fine[i])))
			fail_msg("%s does not pass", fine[i]);
}

static void
what_may_pass_is_kept_in_order(void **state)
{
	static const struct http1_field fields[] = {
	    {{"A", 1}, {"1", 1}},
	    {{"Host", 4}, {"evil", 4}},
	    {{"B", 1}, {"", 0}},
	};
	struct header items[HTTP1_TRAILERS_MAX];
	struct headers h = trailers_sift(fields, COUNT_OF(fields), items);
	const struct headers *kept;
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	assert_int_equal(h.n, 2);
	kept = trailers_keep(&a, &h);
	assert_non_null(kept);
	assert_int_equal(kept->n, 2);
	assert_true(slice_eq(kept->items[0].value, SLICE("1")));
	assert_true(slice_eq(kept->items[1].name, SLICE("B")));
	assert_ptr_not_equal(kept->items[0].name.p, fields[0].name.p);
	h.n = 0;
	assert_null(trailers_keep(&a, &h));
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_frames_routes_or_authenticates_is_no_trailer),
	    cmocka_unit_test(what_may_pass_is_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
