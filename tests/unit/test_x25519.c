#include <dlfcn.h>

#include <gnutls/gnutls.h>

#include "base/mem.h"
#include "router/edge/x25519.h"
#include "tests/unit/test.h"

/* RFC 7748, 5.2 and 6.1. */
static void
the_vectors_of_the_rfc_hold(void **state)
{
	static const struct {
		const char *scalar, *point, *product;
	} cases[] = {
	    {"\xa5\x46\xe3\x6b\xf0\x52\x7c\x9d\x3b\x16\x15\x4b\x82\x46\x5e\xdd"
	     "\x62\x14\x4c\x0a\xc1\xfc\x5a\x18\x50\x6a\x22\x44\xba\x44\x9a\xc4",
		"\xe6\xdb\x68\x67\x58\x30\x30\xdb\x35\x94\xc1\xa4\x24\xb1\x5f"
		"\x7c\x72\x66\x24\xec\x26\xb3\x35\x3b\x10\xa9\x03\xa6\xd0\xab"
		"\x1c\x4c",
		"\xc3\xda\x55\x37\x9d\xe9\xc6\x90\x8e\x94\xea\x4d\xf2\x8d\x08"
		"\x4f\x32\xec\xcf\x03\x49\x1c\x71\xf7\x54\xb4\x07\x55\x77\xa2"
		"\x85\x52"},
	    {"\x4b\x66\xe9\xd4\xd1\xb4\x67\x3c\x5a\xd2\x26\x91\x95\x7d\x6a\xf5"
	     "\xc1\x1b\x64\x21\xe0\xea\x01\xd4\x2c\xa4\x16\x9e\x79\x18\xba\x0d",
		"\xe5\x21\x0f\x12\x78\x68\x11\xd3\xf4\xb7\x95\x9d\x05\x38\xae"
		"\x2c\x31\xdb\xe7\x10\x6f\xc0\x3c\x3e\xfc\x4c\xd5\x49\xc7\x15"
		"\xa4\x93",
		"\x95\xcb\xde\x94\x76\xe8\x90\x7d\x7a\xad\xe4\x5c\xb4\xb8\x73"
		"\xf8\x8b\x59\x5a\x68\x79\x9f\xa1\x52\xe6\xf8\xf7\x64\x7a\xac"
		"\x79\x57"},
	    {"\x77\x07\x6d\x0a\x73\x18\xa5\x7d\x3c\x16\xc1\x72\x51\xb2\x66\x45"
	     "\xdf\x4c\x2f\x87\xeb\xc0\x99\x2a\xb1\x77\xfb\xa5\x1d\xb9\x2c\x2a",
		"\xde\x9e\xdb\x7d\x7b\x7d\xc1\xb4\xd3\x5b\x61\xc2\xec\xe4\x35"
		"\x37\x3f\x83\x43\xc8\x5b\x78\x67\x4d\xad\xfc\x7e\x14\x6f\x88"
		"\x2b\x4f",
		"\x4a\x5d\x9d\x5b\xa4\xce\x2d\xe1\x72\x8e\x3b\xf4\x80\x35\x0f"
		"\x25\xe0\x7e\x21\xc9\x47\xd1\x9e\x33\x76\xf0\x9b\x3c\x1e\x16"
		"\x17\x42"},
	};
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    nettle_curve25519_mul(out, (const uint8_t *)cases[i].scalar,
			(const uint8_t *)cases[i].point),
		    1);
		assert_memory_equal(out, cases[i].product, 32);
	}
}

/* RFC 7748, 6.1: nothing of the private key may come out. */
static void
a_point_of_small_order_gives_zero(void **state)
{
	static const uint8_t zero[32], order4[32] = {1}, scalar[32] = {8};
	uint8_t out[32] = {1};

	(void)state;
	(void)nettle_curve25519_mul(out, scalar, zero);
	assert_memory_equal(out, zero, 32);
	out[0] = 1;
	(void)nettle_curve25519_mul(out, scalar, order4);
	assert_memory_equal(out, zero, 32);
}

/* Who asks for the name as GnuTLS does finds ours before nettle's. */
static void
gnutls_is_given_ours(void **state)
{
	void *found = dlsym(RTLD_DEFAULT, "nettle_curve25519_mul");
	void *gnutls = dlsym(RTLD_DEFAULT, "gnutls_global_init");

	(void)state;
	assert_non_null(gnutls_check_version("3.7.0"));
	assert_non_null(gnutls);
	assert_true(found == (void *)nettle_curve25519_mul);
}

static int
set_up(void **state)
{
	(void)state;
	x25519_set_up();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_vectors_of_the_rfc_hold),
	    cmocka_unit_test(a_point_of_small_order_gives_zero),
	    cmocka_unit_test(gnutls_is_given_ours),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
