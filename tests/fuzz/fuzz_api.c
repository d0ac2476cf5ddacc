/*
 * A request on the control socket, as far as it is read without the store: the
 * head, the route, its parameters and query, the body and what is said in it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/http1.h"
#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/app_settings.h"
#include "router/control/backend_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_host(const char *text)
{
	char host[HOST_SIZE], again[HOST_SIZE];
	struct fault f;

	if (host_normalise(slice_str(text), host, &f) != ERR_OK)
		return;
	/* what is stored is stored once */
	assert(host_normalise(slice_str(host), again, &f) == ERR_OK);
	assert(strcmp(host, again) == 0);
}

static void
read_backend(const char *text)
{
	struct backend_address a, again;
	struct fault f;

	if (backend_address_parse(slice_str(text), &a, &f) != ERR_OK)
		return;
	assert(backend_address_parse(slice_str(a.text), &again, &f) == ERR_OK);
	assert(strcmp(a.text, again.text) == 0);
}

static void
read_body(struct slice body)
{
	json_t *o, *settings = json_object();
	struct fault f;

	if (json_parse(body, &o, &f) == ERR_OK) {
		(void)!app_settings_apply(
		    settings, json_object_get(o, "settings"), &f);
		read_host(json_str(o, "host"));
		read_backend(json_str(o, "address"));
		json_decref(o);
	}
	json_decref(settings);
}

static void
read_route(const struct http1_head *h)
{
	struct api_call *call = xcalloc(1, sizeof(*call));
	struct slice query = h->target, path;
	char allow[API_ALLOW_SIZE], value[256];
	struct fault f = {0};

	slice_cut(&query, '?', &path);
	if (api_route_find(call, h->method, path, allow, &f) == ERR_OK)
		read_host(call->params[0]);
	else
		assert(fault_is_set(&f));
	if (url_query(query, "after", value, sizeof(value)) == ERR_OK)
		read_host(value);
	free(call);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct http1 *reader = http1_new(HTTP1_REQUEST);
	struct http1_head head;
	size_t used;

	if (http1_head(reader, in, &head, &used) == ERR_OK) {
		read_route(&head);
		read_body(slice_from(in, used));
	}
	http1_free(reader);
	return 0;
}
