#include "acme/dns/route53_xml.h"
#include "base/mem.h"
#include "tests/unit/test.h"

#define NS "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\""
#define ZONE(id, name, private)                                                \
	"<HostedZone><Id>/hostedzone/" id "</Id><Name>" name "</Name><Config>" \
	"<PrivateZone>" private "</PrivateZone></Config></HostedZone>"
#define ZONES(all)                                                             \
	"<?xml version=\"1.0\"?>\n<ListHostedZonesByNameResponse " NS ">"      \
	"<HostedZones>" all "</HostedZones></ListHostedZonesByNameResponse>"
#define SET(name, type, more)                                                  \
	"<ResourceRecordSet><Name>" name "</Name><Type>" type "</Type>" more   \
	"</ResourceRecordSet>"
#define SETS(all)                                                              \
	"<ListResourceRecordSetsResponse " NS "><ResourceRecordSets>" all      \
	"</ResourceRecordSets></ListResourceRecordSetsResponse>"
#define TWO_VALUES                                                             \
	"<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>\"a\"</Value>"   \
	"</ResourceRecord><ResourceRecord><Value>\"b &amp; c\"</Value>"        \
	"</ResourceRecord></ResourceRecords>"

static void
zone_is_public_and_of_exactly_that_name(void **state)
{
	static const char xml[] = ZONES(ZONE("P1", "a.test.", "true") ZONE(
	    "Z2", "a.test.", "false") ZONE("Z3", "b.a.test.", "false"));
	char id[ROUTE53_ID_SIZE];

	(void)state;
	assert_int_equal(
	    route53_read_zone(slice_str(xml), "a.test", id), ERR_OK);
	assert_string_equal(id, "Z2");
	assert_int_equal(
	    route53_read_zone(slice_str(xml), "test", id), ERR_NOT_FOUND);
}

static void
answers_that_are_none_are_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "no XML",
	    "<html/>",
	    ZONES(ZONE("../../x", "a.test.", "false")),
	    "<!DOCTYPE x [<!ENTITY e \"a.test.\">]>" ZONES(
		ZONE("Z1", "&e;", "false")),
	};
	char id[ROUTE53_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(
		    route53_read_zone(slice_str(texts[i]), "a.test", id),
		    ERR_SYNTAX);
}

static void
set_is_read_with_all_its_values(void **state)
{
	static const char xml[] = SETS(SET("\\052.a.test.", "TXT", TWO_VALUES));
	struct route53_set s;

	(void)state;
	assert_int_equal(
	    route53_read_set(slice_str(xml), "*.a.test", "TXT", &s), ERR_OK);
	assert_int_equal(s.n_values, 2);
	assert_string_equal(s.values[1], "\"b & c\"");
	assert_int_equal(s.ttl_s, 60);
	assert_false(s.is_special);
	route53_set_clear(&s);
	assert_int_equal(
	    route53_read_set(slice_str(xml), "a.test", "TXT", &s), ERR_OK);
	assert_int_equal(s.n_values, 0);
}

static void
alias_is_told_apart(void **state)
{
	static const char xml[] = SETS(SET("a.test.", "A",
	    "<AliasTarget><DNSName>x.</DNSName></AliasTarget>"));
	struct route53_set s;

	(void)state;
	assert_int_equal(
	    route53_read_set(slice_str(xml), "a.test", "A", &s), ERR_OK);
	assert_true(s.is_special);
}

static void
errors_have_a_code_and_a_message(void **state)
{
	static const char error[] =
	    "<ErrorResponse " NS "><Error><Type>Sender"
	    "</Type><Code>Throttling</Code><Message>Rate exceeded</Message>"
	    "</Error></ErrorResponse>";
	static const char batch[] =
	    "<InvalidChangeBatch " NS "><Messages>"
	    "<Message>no</Message></Messages></InvalidChangeBatch>";
	char code[32], message[64];

	(void)state;
	assert_int_equal(route53_read_error(slice_str(error), code,
			     sizeof(code), message, sizeof(message)),
	    ERR_OK);
	assert_string_equal(code, "Throttling");
	assert_string_equal(message, "Rate exceeded");
	assert_int_equal(route53_read_error(slice_str(batch), code,
			     sizeof(code), message, sizeof(message)),
	    ERR_OK);
	assert_string_equal(code, "InvalidChangeBatch");
}

static void
change_is_written_in_the_order_of_the_schema(void **state)
{
	static const char wanted[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<ChangeResourceRecordSetsRequest " NS "><ChangeBatch><Comment>"
	    "towpath</Comment><Changes><Change><Action>UPSERT</Action>"
	    "<ResourceRecordSet><Name>a.test</Name><Type>TXT</Type><TTL>60"
	    "</TTL><ResourceRecords><ResourceRecord><Value>&quot;v&quot;</"
	    "Value>"
	    "</ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
	    "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>\n";
	char value[] = "\"v\"";
	struct route53_set was = {.ttl_s = 5}, set = {.name = "a.test",
						   .type = "TXT",
						   .ttl_s = 60,
						   .values = {value},
						   .n_values = 1};
	struct buf b;

	(void)state;
	buf_init(&b, ROUTE53_XML_MAX);
	assert_int_equal(route53_write_change(&b, &was, &set), ERR_OK);
	(void)buf_add_char(&b, '\0');
	assert_string_equal(b.p, wanted);
	buf_clear(&b);
	/* nothing is left: what was is deleted, to the letter */
	set.n_values = 0;
	was = (struct route53_set){.name = "a.test",
	    .type = "TXT",
	    .ttl_s = 5,
	    .values = {value},
	    .n_values = 1};
	assert_int_equal(route53_write_change(&b, &was, &set), ERR_OK);
	(void)buf_add_char(&b, '\0');
	assert_non_null(strstr(b.p, "<Action>DELETE</Action>"));
	assert_non_null(strstr(b.p, "<TTL>5</TTL>"));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zone_is_public_and_of_exactly_that_name),
	    cmocka_unit_test(answers_that_are_none_are_refused),
	    cmocka_unit_test(set_is_read_with_all_its_values),
	    cmocka_unit_test(alias_is_told_apart),
	    cmocka_unit_test(errors_have_a_code_and_a_message),
	    cmocka_unit_test(change_is_written_in_the_order_of_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
