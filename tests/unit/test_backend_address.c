#include <string.h>

#include "base/mem.h"
#include "router/control/backend_address.h"
#include "tests/unit/test.h"

static void
backends_are_read_in_every_form(void **state)
{
	static const struct {
		const char *in, *text;
		int weight;
		enum backend_protocol protocol;
	} cases[] = {
	    {"10.0.0.5:3000", "10.0.0.5:3000", 1, BACKEND_HTTP1},
	    {"10.0.0.5:3000*20", "10.0.0.5:3000", 20, BACKEND_HTTP1},
	    {"[2001:DB8:0::1]:80", "[2001:db8::1]:80", 1, BACKEND_HTTP1},
	    {"h2c://10.0.0.5:3000*2", "h2c://10.0.0.5:3000", 2, BACKEND_H2C},
	    {"https://10.0.0.5:443", "https://10.0.0.5:443", 1, BACKEND_HTTPS},
	    {"http://10.0.0.5:80", "10.0.0.5:80", 1, BACKEND_HTTP1},
	    {"unix:/run/app.sock", "unix:/run/app.sock", 1, BACKEND_HTTP1},
	    {"h2c://unix:/run/g", "h2c://unix:/run/g", 1, BACKEND_H2C},
	    {"App.Internal.:3000*2", "app.internal:3000", 2, BACKEND_HTTP1},
	    {"localhost:3000", "localhost:3000", 1, BACKEND_HTTP1},
	    {"h2c://grpc:50051", "h2c://grpc:50051", 1, BACKEND_H2C},
	    {"https://b\xc3\xbc.example", "https://xn--b-eha.example:443", 1,
		BACKEND_HTTPS},
	    {"https://10.0.0.5", "https://10.0.0.5:443", 1, BACKEND_HTTPS},
	    {"https://[::1]", "https://[::1]:443", 1, BACKEND_HTTPS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct backend_address a;
		struct fault f = {0};

		assert_int_equal(
		    backend_address_parse(slice_str(cases[i].in), &a, &f),
		    ERR_OK);
		assert_string_equal(a.text, cases[i].text);
		assert_int_equal(a.weight, cases[i].weight);
		assert_int_equal(a.protocol, cases[i].protocol);
	}
}

static void
what_is_no_backend_is_refused_with_n19(void **state)
{
	static const char *const cases[] = {"", "nowhere", "10.0.0.1",
	    "10.0.0.1:0", "10.0.0.1:99999", "10.0.0.1:+80", "10.0.0.1:80*0",
	    "10.0.0.1:80*1001", "10.0.0.1:80*x", "unix:relative",
	    "unix:/run/../etc/x", "unix:/run/x *7", "unix:/run/a b",
	    "unix://run/x", "ftp://10.0.0.1:21", "localhost", "-x:80",
	    "a..b:80", "*.example.com:80", "example.com:0", "1.2.3:80",
	    "https://example.com:443/x", "http://example.com",
	    "10.0.0.1:80/path"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct backend_address a;
		struct fault f = {0};

		assert_int_equal(
		    backend_address_parse(slice_str(cases[i]), &a, &f),
		    ERR_SYNTAX);
		assert_string_equal(fault_code_name(f.code), "N19");
	}
}

static void
towpaths_own_sockets_are_refused(void **state)
{
	static const struct {
		const char *in;
		enum err expected;
	} cases[] = {
	    {"127.0.0.1:8080", ERR_DENIED}, /* listens there */
	    {"[::ffff:127.0.0.1]:8080", ERR_DENIED},
	    {"127.0.0.1:8081", ERR_OK},
	    {"10.0.0.1:8080", ERR_OK},
	    {"127.0.0.1:443", ERR_DENIED},  /* on every address */
	    {"192.0.2.10:443", ERR_DENIED}, /* the platform's address */
	    {"192.0.2.11:443", ERR_OK},
	    {"unix:/run/towpath/control.sock", ERR_DENIED},
	    {"unix:/run/towpath/other.sock", ERR_OK},
	    {"169.254.169.254:80", ERR_DENIED},
	    {"[fe80::1]:80", ERR_DENIED},
	    {"0.0.0.0:80", ERR_DENIED},
	    {"224.0.0.1:80", ERR_DENIED},
	};
	struct addr sockets[2], addresses[1];
	struct backend_own own = {.sockets = sockets,
	    .n_sockets = 2,
	    .addresses = addresses,
	    .n_addresses = 1,
	    .control_socket = "/run/towpath/control.sock"};

	(void)state;
	assert_int_equal(
	    addr_parse(SLICE("127.0.0.1:8080"), &sockets[0]), ERR_OK);
	assert_int_equal(addr_parse(SLICE("0.0.0.0:443"), &sockets[1]), ERR_OK);
	assert_int_equal(
	    addr_parse_ip(SLICE("192.0.2.10"), 0, &addresses[0]), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct backend_address a;
		struct fault f = {0};

		assert_int_equal(
		    backend_address_parse(slice_str(cases[i].in), &a, &f),
		    ERR_OK);
		assert_int_equal(
		    backend_address_check(&a, &own, &f), cases[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(backends_are_read_in_every_form),
	    cmocka_unit_test(what_is_no_backend_is_refused_with_n19),
	    cmocka_unit_test(towpaths_own_sockets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
