#include "base/addr.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static struct addr
addr(const char *text)
{
	struct addr a = {0};

	assert_int_equal(addr_parse(slice_str(text), &a), ERR_OK);
	return a;
}

static struct addr
ip(const char *text)
{
	struct addr a = {0};

	assert_int_equal(addr_parse_ip(slice_str(text), 0, &a), ERR_OK);
	return a;
}

static void
an_address_is_written_as_it_was_read(void **state)
{
	static const char *const cases[] = {"192.0.2.1:80", "[2001:db8::1]:443",
	    "[::]:65535", "unix:/run/towpath/app.sock"};
	char text[ADDR_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a = addr(cases[i]);

		assert_string_equal(addr_format(&a, text), cases[i]);
	}
}

#define TEN       "0123456789"
#define LONG_PATH TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const cases[] = {"", ":", "192.0.2.1",
	    "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:+80",
	    "192.0.2.1:8 0", "192.0.2.1:000080", "192.0.2:80", "192.0.2.01:80",
	    "host:80", "2001:db8::1:80", "[2001:db8::1]", "[2001:db8::1]80",
	    "[2001:db8::1:80", "[192.0.2.1]:80", "[fe80::1%eth0]:80", "[]:80",
	    "[", "unix:", "unix:run/x", "unix:@x", "unix:/" LONG_PATH};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    addr_parse(slice_str(cases[i]), &a), ERR_SYNTAX);
}

static void
an_address_without_port_gets_the_default(void **state)
{
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse_ip(SLICE("2001:db8::5"), 53, &a), ERR_OK);
	assert_int_equal(addr_port(&a), 53);
	assert_int_equal(addr_parse_ip(SLICE("[2001:db8::5]"), 5, &a), ERR_OK);
	assert_int_equal(addr_port(&a), 5);
	assert_int_equal(addr_parse_ip(SLICE("192.0.2.1"), 53, &a), ERR_OK);
	assert_int_equal(addr_port(&a), 53);
	assert_int_equal(
	    addr_parse_ip(SLICE("192.0.2.1:80"), 53, &a), ERR_SYNTAX);
	assert_int_equal(addr_parse_ip(SLICE(""), 53, &a), ERR_SYNTAX);
}

static void
ipv4_mapped_is_shown_and_compared_as_ipv4(void **state)
{
	struct addr mapped = ip("::ffff:192.0.2.1"), plain = ip("192.0.2.1");
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_string_equal(addr_format_ip(&mapped, text), "192.0.2.1");
	assert_true(addr_eq_ip(&mapped, &plain));
	assert_true(addr_eq(&mapped, &plain));
}

static void
equal_needs_the_same_port_and_equal_ip_does_not(void **state)
{
	struct addr a = addr("192.0.2.1:80"), b = addr("192.0.2.1:81");
	struct addr x = addr("unix:/a"), y = addr("unix:/a"), z;

	(void)state;
	assert_false(addr_eq(&a, &b));
	assert_true(addr_eq_ip(&a, &b));
	assert_true(addr_eq(&x, &y));
	z = addr("unix:/b");
	assert_false(addr_eq(&x, &z));
	assert_false(addr_eq(&x, &a));
	assert_int_equal(addr_port(&x), 0);
}

static void
only_addresses_of_the_internet_are_not_special(void **state)
{
	static const struct {
		const char *ip;
		bool is_special;
	} cases[] = {{"8.8.8.8", false}, {"1.1.1.1", false},
	    {"172.15.0.1", false}, {"172.32.0.1", false},
	    {"100.128.0.1", false}, {"223.255.255.255", false},
	    {"2606:4700::1111", false}, {"2a00:1450::1", false},
	    {"64:ff9b::8.8.8.8", false}, {"0.0.0.0", true}, {"10.1.2.3", true},
	    {"100.64.0.1", true}, {"127.0.0.53", true},
	    {"169.254.169.254", true}, {"172.16.0.1", true},
	    {"172.31.255.255", true}, {"192.0.2.1", true},
	    {"192.168.1.1", true}, {"198.19.0.1", true}, {"224.0.0.1", true},
	    {"255.255.255.255", true}, {"::", true}, {"::1", true},
	    {"::127.0.0.1", true}, {"::ffff:127.0.0.1", true},
	    {"::ffff:8.8.8.8", false}, {"64:ff9b::10.0.0.1", true},
	    {"fc00::1", true}, {"fd12::1", true}, {"fe80::1", true},
	    {"fec0::1", true}, {"ff02::1", true}, {"2001::1", true},
	    {"2001:db8::1", true}, {"2002:7f00:1::", true}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a = ip(cases[i].ip);

		if (addr_is_special(&a) != cases[i].is_special)
			fail_msg("%s", cases[i].ip);
	}
}

static void
link_local_is_told_in_every_form(void **state)
{
	struct addr a = ip("169.254.1.1"), b = ip("fe80::1");
	struct addr c = ip("::ffff:169.254.1.1"), d = ip("10.0.0.1");

	(void)state;
	assert_true(addr_is_link_local(&a));
	assert_true(addr_is_link_local(&b));
	assert_true(addr_is_link_local(&c));
	assert_false(addr_is_link_local(&d));
}

static void
a_network_has_the_addresses_of_its_prefix(void **state)
{
	static const struct {
		const char *network, *ip;
		bool has;
	} cases[] = {{"10.0.0.0/8", "10.255.0.1", true},
	    {"10.0.0.0/8", "11.0.0.1", false},
	    {"10.0.0.0/8", "::ffff:10.0.0.1", true},
	    {"192.0.2.128/25", "192.0.2.129", true},
	    {"192.0.2.128/25", "192.0.2.127", false},
	    {"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false},
	    {"0.0.0.0/0", "8.8.8.8", true}, {"0.0.0.0/0", "2a00::1", false},
	    {"::/0", "2a00::1", true}, {"::/0", "8.8.8.8", false},
	    {"2001:db8::/33", "2001:db8::1", true},
	    {"2001:db8::/33", "2001:db8:8000::1", false},
	    {"::ffff:10.0.0.0/104", "10.9.9.9", true}};
	struct network net;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a = ip(cases[i].ip);

		assert_int_equal(
		    network_parse(slice_str(cases[i].network), &net), ERR_OK);
		if (network_has(&net, &a) != cases[i].has)
			fail_msg("%s in %s", cases[i].ip, cases[i].network);
	}
}

static void
what_is_no_network_is_refused(void **state)
{
	static const char *const cases[] = {"", "/8", "10.0.0.0/",
	    "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8",
	    "x"};
	struct network net;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    network_parse(slice_str(cases[i]), &net), ERR_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_written_as_it_was_read),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(an_address_without_port_gets_the_default),
	    cmocka_unit_test(ipv4_mapped_is_shown_and_compared_as_ipv4),
	    cmocka_unit_test(equal_needs_the_same_port_and_equal_ip_does_not),
	    cmocka_unit_test(only_addresses_of_the_internet_are_not_special),
	    cmocka_unit_test(link_local_is_told_in_every_form),
	    cmocka_unit_test(a_network_has_the_addresses_of_its_prefix),
	    cmocka_unit_test(what_is_no_network_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
