#include <string.h>

#include "router/control/api_openapi.h"
#include "tests/unit/test.h"

/* Every "$ref" below names a schema that is there. */
static void
assert_references(const json_t *in, const json_t *schemas)
{
	static const char prefix[] = "#/components/schemas/";
	const char *key;
	json_t *value;
	size_t i;

	json_array_foreach(in, i, value)
	{
		assert_references(value, schemas);
	}
	json_object_foreach((json_t *)in, key, value)
	{
		if (strcmp(key, "$ref") == 0) {
			const char *path = json_string_value(value);

			assert_memory_equal(path, prefix, sizeof(prefix) - 1);
			if (json_object_get(
				schemas, path + sizeof(prefix) - 1) == NULL)
				fail_msg("no schema %s", path);
		}
		assert_references(value, schemas);
	}
}

static void
every_route_is_described_and_every_schema_is_there(void **state)
{
	json_t *o = api_openapi_json(), *paths = json_obj(o, "paths");
	const struct api_route *r;

	(void)state;
	assert_references(
	    paths, json_obj(json_obj(o, "components"), "schemas"));
	assert_references(json_obj(o, "components"),
	    json_obj(json_obj(o, "components"), "schemas"));
	for (size_t i = 0; (r = api_route_at(i)) != NULL; i++) {
		const json_t *path = json_object_get(paths, r->pattern);

		assert_non_null(path);
		assert_non_null(r->summary);
	}
	assert_string_equal(
	    json_str(json_obj(json_obj(paths, "/v1/apps"), "get"), "summary"),
	    "the apps");
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		every_route_is_described_and_every_schema_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
