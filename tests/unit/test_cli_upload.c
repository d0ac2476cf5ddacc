#include "admin-tui/cli_upload.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void
der_is_told_by_its_first_elements(void **state)
{
	static const struct {
		struct slice bytes;
		const char *label; /* NULL: not DER of ours */
	} cases[] = {
	    /* SEQUENCE { SEQUENCE { [0] ...: a certificate of version 3 */
	    {{"\x30\x82\x03\x00\x30\x82\x02\x00\xa0\x03", 10}, "CERTIFICATE"},
	    /* SEQUENCE { SEQUENCE { INTEGER: version 1 */
	    {{"\x30\x82\x03\x00\x30\x82\x02\x00\x02\x01\x05", 11},
		"CERTIFICATE"},
	    {{"\x30\x81\x87\x02\x01\x00\x30\x13", 8}, "PRIVATE KEY"},
	    {{"\x30\x82\x04\xa4\x02\x01\x00\x02\x82", 9}, "RSA PRIVATE KEY"},
	    {{"\x30\x77\x02\x01\x01\x04\x20", 7}, "EC PRIVATE KEY"},
	    {{"\x30\x82\x05\x00\x30\x50\x06\x09", 8}, "ENCRYPTED PRIVATE KEY"},
	    /* PKCS#12 is version 3, and stays what it is */
	    {{"\x30\x82\x09\x00\x02\x01\x03\x30\x82", 9}, NULL},
	    {{"\x00\x01\x02", 3}, NULL},
	    {{"\x30\x80\x30\x80", 4}, NULL},
	    {{"\x30\x89\x01", 3}, NULL},
	    {{"\x30", 1}, NULL},
	    {{"", 0}, NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *label = upload_pem_label(cases[i].bytes);
		assert_int_equal(label == NULL, cases[i].label == NULL);
		if (label != NULL)
			assert_string_equal(label, cases[i].label);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(der_is_told_by_its_first_elements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
