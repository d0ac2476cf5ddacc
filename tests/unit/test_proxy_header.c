#include <stdlib.h>

#include "base/mem.h"
#include "router/edge/proxy_header.h"
#include "tests/unit/test.h"

#define V2  "\r\n\r\n\0\r\nQUIT\n"
#define IP4 "\xc0\0\2\1\xc6\x33\x64\1\xdc\4\1\xbb" /* 192.0.2.1:56324 */
#define IP6                                                                    \
	"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7"                                \
	"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\xdc\4\1\xbb"
#define BYTES(literal)                                                         \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

static const struct {
	const char *name;
	struct slice in;
	const char *source; /* NULL: the peer counts */
} good[] = {
    {"TCP4", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"),
	"192.0.2.1:56324"},
    {"TCP6", BYTES("PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"),
	"[2001:db8::7]:56324"},
    {"unknown", BYTES("PROXY UNKNOWN\r\n"), NULL},
    {"unknown with more", BYTES("PROXY UNKNOWN a b c d e f g\r\n"), NULL},
    {"2, TCP4", BYTES(V2 "\x21\x11\0\x0c" IP4), "192.0.2.1:56324"},
    {"2, TCP4, more behind", BYTES(V2 "\x21\x11\0\x10" IP4 "\4\0\1x"),
	"192.0.2.1:56324"},
    {"2, TCP6", BYTES(V2 "\x21\x21\0\x24" IP6), "[2001:db8::7]:56324"},
    {"2, local", BYTES(V2 "\x20\0\0\0"), NULL},
    {"2, local with an address", BYTES(V2 "\x20\x11\0\x0c" IP4), NULL},
    {"2, another family", BYTES(V2 "\x21\x31\0\1x"), NULL},
};

static void
headers_name_the_client(void **state)
{
	static const char next[] = {'G', 'E', 'T', ' ', '/'};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		char text[ADDR_TEXT_SIZE], more[256];
		struct addr source;
		struct slice in;
		bool is_known;
		size_t used;

		/* what is behind it is not looked at */
		memcpy(more, good[i].in.p, good[i].in.n);
		memcpy(more + good[i].in.n, next, sizeof(next));
		in = slice_of(more, good[i].in.n + sizeof(next));
		if (proxy_header_read(in, &source, &is_known, &used) != ERR_OK)
			fail_msg("refused: %s", good[i].name);
		assert_int_equal(used, good[i].in.n);
		assert_int_equal(is_known, good[i].source != NULL);
		if (is_known)
			assert_string_equal(
			    addr_format(&source, text), good[i].source);
	}
}

static void
every_part_of_a_header_wants_more(void **state)
{
	struct addr source;
	bool is_known;
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		for (size_t n = 0; n < good[i].in.n; n++)
			assert_int_equal(
			    proxy_header_read((struct slice){good[i].in.p, n},
				&source, &is_known, &used),
			    ERR_AGAIN);
}

static void
what_is_no_header_is_refused(void **state)
{
	static const struct {
		const char *name;
		struct slice in;
	} cases[] = {
	    {"HTTP", BYTES("GET / HTTP/1.1\r\n")},
	    {"TLS", BYTES("\x16\3\1")},
	    {"bare LF", BYTES("PROXY UNKNOWN\n")},
	    {"UDP", BYTES("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n")},
	    {"a word less", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n")},
	    {"a word more", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n")},
	    {"two blanks", BYTES("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n")},
	    {"wrong family", BYTES("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n")},
	    {"no address", BYTES("PROXY TCP4 a.example 2.2.2.2 1 2\r\n")},
	    {"port too large", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n")},
	    {"endless", BYTES("PROXY UNKNOWN ........................."
			      "........................................"
			      "........................................")},
	    {"2, version 1", BYTES(V2 "\x11\x11\0\x0c" IP4)},
	    {"2, unknown command", BYTES(V2 "\x22\x11\0\x0c" IP4)},
	    {"2, address cut", BYTES(V2 "\x21\x11\0\x0b" IP4)},
	    {"2, address of 6 cut", BYTES(V2 "\x21\x21\0\x0c" IP4)},
	    {"2, too long", BYTES(V2 "\x21\x11\xff\xff")},
	};
	struct addr source;
	bool is_known;
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (proxy_header_read(cases[i].in, &source, &is_known, &used) !=
		    ERR_SYNTAX)
			fail_msg("taken: %s", cases[i].name);
}

static void
what_is_written_is_read_again(void **state)
{
	static const struct {
		const char *source, *dest, *v1, *read;
	} cases[] = {
	    {"192.0.2.1:56324", "198.51.100.1:443",
		"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
		"192.0.2.1:56324"},
	    {"[2001:db8::7]:56324", "[2001:db8::1]:443",
		"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n",
		"[2001:db8::7]:56324"},
	    {"192.0.2.1:1", "[2001:db8::1]:443",
		"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 443\r\n",
		"192.0.2.1:1"},
	    {"192.0.2.1:1", "unix:/run/x", "PROXY UNKNOWN\r\n", NULL},
	};
	void (*const write[])(
	    struct buf *, const struct addr *, const struct addr *) = {
	    proxy_header_write_v1, proxy_header_write_v2};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		struct addr source, dest, found, wanted;
		bool is_known;
		struct buf b;
		size_t used;

		buf_init(&b, PROXY_HEADER_MAX);
		assert_int_equal(
		    addr_parse(slice_str(cases[i / 2].source), &source),
		    ERR_OK);
		assert_int_equal(
		    addr_parse(slice_str(cases[i / 2].dest), &dest), ERR_OK);
		write[i % 2](&b, &source, &dest);
		if (i % 2 == 0)
			assert_memory_equal(
			    b.p, cases[i / 2].v1, strlen(cases[i / 2].v1));
		assert_int_equal(
		    proxy_header_read(buf_slice(&b), &found, &is_known, &used),
		    ERR_OK);
		assert_int_equal(used, b.len);
		assert_int_equal(is_known, cases[i / 2].read != NULL);
		if (is_known) {
			assert_int_equal(
			    addr_parse(slice_str(cases[i / 2].read), &wanted),
			    ERR_OK);
			assert_true(addr_eq_ip(&found, &wanted));
			assert_int_equal(addr_port(&found), addr_port(&wanted));
		}
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read_again),
	    cmocka_unit_test(headers_name_the_client),
	    cmocka_unit_test(every_part_of_a_header_wants_more),
	    cmocka_unit_test(what_is_no_header_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
