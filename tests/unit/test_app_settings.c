#include <string.h>

#include "base/mem.h"
#include "router/control/app_settings.h"
#include "tests/unit/test.h"

/* The stored form of key=text as JSON, or the fault's code. */
static char *
set(const char *key, const char *json)
{
	json_t *settings = json_object(), *value;
	struct fault f = {0};
	char *out;

	assert_int_equal(json_parse(slice_str(json), &value, &f), ERR_OK);
	if (app_settings_set(settings, key, value, &f) == ERR_OK)
		out = json_text(settings);
	else
		out = xstrdup(fault_code_name(f.code));
	json_decref(value);
	json_decref(settings);
	return out;
}

/* What is set, and what is stored then or the code of the refusal. */
static const struct {
	const char *key, *value, *expected;
} cases[] = {
    {"force_https", "\"on\"", "{\"force_https\":true}"},
    {"force_https", "\"no\"", "{\"force_https\":false}"},
    {"force_https", "true", "{\"force_https\":true}"},
    {"force_https", "\"perhaps\"", "N22"},
    {"idle_timeout", "\"500ms\"", "{\"idle_timeout\":0.5}"},
    {"idle_timeout", "\"5m\"", "{\"idle_timeout\":300}"},
    {"idle_timeout", "\"1.5h\"", "{\"idle_timeout\":5400}"},
    {"idle_timeout", "90", "{\"idle_timeout\":90}"},
    {"idle_timeout", "\"soon\"", "N22"},
    {"idle_timeout", "\"5.\"", "N22"},
    {"idle_timeout", "\"0\"", "N22"},
    {"idle_timeout", "\"-5s\"", "N22"},
    {"idle_timeout", "\"5 s\"", "N22"},
    {"hsts", "\"365d\"", "{\"hsts\":31536000}"},
    {"hsts", "\"off\"", "{\"hsts\":0}"},
    {"max_body", "\"75M\"", "{\"max_body\":78643200}"},
    {"max_body", "\"64k\"", "{\"max_body\":65536}"},
    {"max_body", "\"64kb\"", "N22"},
    {"max_active", "\"1.5\"", "N22"},
    {"max_active", "\"99999999999999999999\"", "N22"},
    {"balance", "\"least\"", "{\"balance\":\"least\"}"},
    {"balance", "\"best\"", "N22"},
    {"min_tls", "\"1.3\"", "{\"min_tls\":\"1.3\"}"},
    {"min_tls", "\"1.1\"", "N22"},
    {"canonical_host", "\"WWW.Example.com.\"",
	"{\"canonical_host\":\"www.example.com\"}"},
    {"canonical_host", "\"*.example.com\"", "N22"},
    {"deny", "\"192.0.2.1, 10.0.0.0/8\"",
	"{\"deny\":[\"192.0.2.1\",\"10.0.0.0/8\"]}"},
    {"deny", "[\"192.0.2.1\"]", "{\"deny\":[\"192.0.2.1\"]}"},
    {"deny", "[]", "{\"deny\":[]}"},
    {"deny", "[7]", "N22"},
    {"deny", "true", "N22"},
    {"allow", "\"localhost\"", "N22"},
    {"allow", "\"10.0.0.0/33\"", "N22"},
    {"response_headers", "\"X-A: b, c\\n-Server\"",
	"{\"response_headers\":[\"X-A: b, c\",\"-Server\"]}"},
    {"response_headers", "[\"X-A: b\"]", "{\"response_headers\":[\"X-A: b\"]}"},
    {"response_headers", "\"Connection: close\"", "N22"},
    {"request_headers", "\"Host: other.example\"", "N22"},
    {"response_headers", "\"Host: fine.example\"",
	"{\"response_headers\":[\"Host: fine.example\"]}"},
    {"request_headers", "\"nonsense\"", "N22"},
    {"max_headers", "\"8k\"", "{\"max_headers\":8192}"},
    {"max_headers", "\"1G\"", "N22"},
    {"max_headers", "[8]", "N22"},
    {"sticky", "\"on\"", "{\"sticky\":true}"},
    {"slow_start", "\"off\"", "{\"slow_start\":0}"},
    {"queue", "\"100\"", "{\"queue\":100}"},
    {"rate", "\"600/m:50\"", "{\"rate\":\"600/m:50\"}"},
    {"rate", "\"\"", "{}"},
    {"rate", "\"600\"", "N22"},
    {"rate", "600", "N22"},
    {"proxy_protocol", "\"v2\"", "{\"proxy_protocol\":\"v2\"}"},
    {"proxy_protocol", "\"on\"", "N22"},
    {"backend_host", "\"Shop.Example\"", "{\"backend_host\":\"shop.example\"}"},
    {"backend_host", "\"*.example.com\"", "N22"},
    {"backend_ca", "\"\"", "{}"},
    {"backend_ca", "\"ca.pem\"", "N22"},
    {"backend_ca", "7", "N22"},
    {"backend_ca",
	"\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END "
	"CERTIFICATE-----\"",
	"N22"},
    {"backend_ca", "\"-----BEGIN CERTIFICATE-----\\nAAAA\"", "N22"},
    {"colour", "\"red\"", "N21"},
    {"max_body", "\"\"", "{}"},
    {"max_body", "null", "{}"},
};

static void
values_are_stored_as_seconds_bytes_and_booleans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = set(cases[i].key, cases[i].value);

		assert_string_equal(text, cases[i].expected);
		free(text);
	}
}

static void
nothing_is_changed_when_one_of_several_is_wrong(void **state)
{
	json_t *settings = json_object(), *changes;
	struct fault f = {0};

	(void)state;
	json_put_int(settings, "max_active", 7);
	assert_int_equal(
	    json_parse(
		SLICE("{\"max_active\":\"9\",\"maintenance\":\"perhaps\"}"),
		&changes, &f),
	    ERR_OK);
	assert_int_equal(app_settings_apply(settings, changes, &f), ERR_SYNTAX);
	assert_string_equal(fault_code_name(f.code), "N22");
	assert_int_equal(json_int(settings, "max_active"), 7);
	assert_null(json_object_get(settings, "maintenance"));
	json_decref(changes);
	json_decref(settings);
}

static void
every_default_fits_its_own_setting(void **state)
{
	const struct app_setting *s;

	(void)state;
	for (size_t i = 0; (s = app_setting_at(i)) != NULL; i++) {
		json_t *value = app_settings_value(NULL, s->key);

		assert_non_null(value);
		assert_ptr_equal(app_setting_find(s->key), s);
		assert_int_equal(json_is_null(value), *s->standard == '\0');
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_stored_as_seconds_bytes_and_booleans),
	    cmocka_unit_test(nothing_is_changed_when_one_of_several_is_wrong),
	    cmocka_unit_test(every_default_fits_its_own_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
