#include "base/buf.h"
#include "base/ini.h"
#include "base/mem.h"
#include "tests/unit/test.h"

/* Writes "section.key=value;" for each; refuses the key "bad". */
static enum err
note(void *ctx, struct slice section, struct slice key, struct slice value,
    struct fault *f)
{
	if (slice_eq(key, SLICE("bad"))) {
		fault_set(f, FAULT_S11_CONFIG_UNKNOWN_KEY, "no such key");
		return ERR_NOT_FOUND;
	}
	return buf_printf(ctx, "%" SLICE_FMT ".%" SLICE_FMT "=%" SLICE_FMT ";",
	    SLICE_ARG(section), SLICE_ARG(key), SLICE_ARG(value));
}

static enum err
read_text(struct slice text, struct buf *out, struct fault *f)
{
	buf_init(out, 16384);
	*f = (struct fault){0};
	return ini_read("t.conf", text, note, out, f);
}

static void
keys_come_in_order_with_their_section(void **state)
{
	static const struct {
		const char *text, *seen;
	} cases[] = {{"", ""}, {"\n\n", ""}, {"# c\n ; x = 1", NULL},
	    {"[a]\nk = v\nk=w\n[b]\nk = \n", "a.k=v;a.k=w;b.k=;"},
	    {"[a]\r\nk = v\r\n", "a.k=v;"},
	    {"[a] # c\nk = v # c\n#x = 1\n", "a.k=v;"},
	    {"[a]\nk = v#1 #2", "a.k=v#1;"}, {"[a]\nk =#v", "a.k=#v;"},
	    {"[a]\n\tk\t=\tx y\t\n", "a.k=x y;"}, {"[a]\nk = a=b", "a.k=a=b;"},
	    {" [ a.b ] \nk=v", "a.b.k=v;"}, {"\xef\xbb\xbf[a]\nk=v", "a.k=v;"}};
	struct fault f;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		enum err e = read_text(slice_str(cases[i].text), &out, &f);

		assert_int_equal(e == ERR_OK, cases[i].seen != NULL);
		if (cases[i].seen != NULL &&
		    !slice_eq(buf_slice(&out), slice_str(cases[i].seen)))
			fail_msg("%s: %" SLICE_FMT, cases[i].text,
			    SLICE_ARG(buf_slice(&out)));
		buf_clear(&out);
	}
}

static void
a_bad_line_is_named_with_its_number(void **state)
{
	static const struct {
		const char *text, *start;
	} cases[] = {{"[a]\n\nx\n", "t.conf:3: "}, {"[a]\n= v", "t.conf:2: "},
	    {"[a\nk=v", "t.conf:1: "}, {"[]", "t.conf:1: "},
	    {"[a]]", "t.conf:1: "}, {"[", "t.conf:1: "},
	    {"[a]\nk k = v", "t.conf:2: "}, {"k = v", "t.conf:1: "},
	    {"[a]\nk = \x01", "t.conf:2: "}};
	struct fault f;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(
		    read_text(slice_str(cases[i].text), &out, &f), ERR_SYNTAX);
		assert_int_equal(f.code, FAULT_S10_CONFIG_SYNTAX);
		if (strncmp(f.text, cases[i].start, strlen(cases[i].start)) !=
		    0)
			fail_msg("%s", f.text);
		buf_clear(&out);
	}
}

static void
a_nul_is_refused(void **state)
{
	struct fault f;
	struct buf out;

	(void)state;
	assert_int_equal(read_text(SLICE("[a]\nk=\0"), &out, &f), ERR_SYNTAX);
	buf_clear(&out);
}

static void
the_visitors_refusal_gets_the_place_and_stops(void **state)
{
	struct fault f;
	struct buf out;

	(void)state;
	assert_int_equal(
	    read_text(SLICE("[a]\nk=1\nbad=1\nk=2"), &out, &f), ERR_NOT_FOUND);
	assert_int_equal(f.code, FAULT_S11_CONFIG_UNKNOWN_KEY);
	assert_string_equal(f.text, "t.conf:3: no such key");
	assert_true(slice_eq(buf_slice(&out), SLICE("a.k=1;")));
	buf_clear(&out);
}

static void
a_line_has_at_most_4096_bytes(void **state)
{
	char text[INI_LINE_MAX + 8];
	struct fault f;
	struct buf out;

	(void)state;
	memset(text, 'v', sizeof(text));
	for (size_t i = 0; i < 6; i++)
		text[i] = "[a]\nk="[i];
	assert_int_equal(
	    read_text(slice_of(text, 4 + INI_LINE_MAX), &out, &f), ERR_OK);
	buf_clear(&out);
	assert_int_equal(
	    read_text(slice_of(text, 5 + INI_LINE_MAX), &out, &f), ERR_SYNTAX);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_come_in_order_with_their_section),
	    cmocka_unit_test(a_bad_line_is_named_with_its_number),
	    cmocka_unit_test(a_nul_is_refused),
	    cmocka_unit_test(the_visitors_refusal_gets_the_place_and_stops),
	    cmocka_unit_test(a_line_has_at_most_4096_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
