#include "router/control/repeats.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "router/control/api.h"

#define KEEP_MS (INT64_C(24) * 3600 * 1000)

struct repeat {
	char *key;
	int64_t at_ms;
	int status;
	char *text;
};

struct repeats {
	struct map by_key;
	struct repeat ring[REPEATS_MAX];
	size_t next;
};

struct repeats *
repeats_new(void)
{
	struct repeats *r = xcalloc(1, sizeof(*r));

	map_init(&r->by_key, REPEATS_MAX);
	return r;
}

static void
forget(struct repeats *r, struct repeat *entry)
{
	if (entry->key != NULL)
		map_remove(&r->by_key, slice_str(entry->key));
	free(entry->key);
	free(entry->text);
	*entry = (struct repeat){0};
}

void
repeats_free(struct repeats *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < REPEATS_MAX; i++)
		forget(r, &r->ring[i]);
	map_clear(&r->by_key);
	free(r);
}

/* NULL: the call has no key. */
static char *
key_of(const struct api_call *call)
{
	struct slice key = http_field(call->x, SLICE("Idempotency-Key"));
	struct slice path = http_path(call->x), query = http_query(call->x);

	if (key.n == 0 || key.n > 256 ||
	    !slice_eq(http_method(call->x), SLICE("POST")))
		return NULL;
	/* the query too: what a dry run answered is not what is done then */
	return xasprintf("%s %" SLICE_FMT "?%" SLICE_FMT " %" SLICE_FMT,
	    call->by, SLICE_ARG(path), SLICE_ARG(query), SLICE_ARG(key));
}

bool
repeats_answer(struct api_call *call)
{
	struct repeats *r = call->control->repeats;
	char *key = key_of(call);
	struct repeat *entry = NULL;
	struct http_reply reply = {.type = "application/json"};

	if (key != NULL)
		entry = map_get(&r->by_key, slice_str(key));
	free(key);
	if (entry == NULL || clock_mono_ms() - entry->at_ms > KEEP_MS)
		return false;
	reply.status = entry->status;
	reply.body = slice_str(entry->text);
	http_answer(call->x, &reply);
	call->x = NULL;
	return true;
}

void
repeats_keep(struct api_call *call, struct slice text)
{
	struct repeats *r = call->control->repeats;
	struct repeat *entry;
	char *key = key_of(call);

	if (key == NULL || text.n > REPEATS_TEXT_MAX) {
		free(key);
		return;
	}
	entry = map_get(&r->by_key, slice_str(key));
	if (entry == NULL)
		entry = &r->ring[r->next++ % REPEATS_MAX];
	forget(r, entry);
	*entry = (struct repeat){
	    key, clock_mono_ms(), call->status, xstrdup_slice(text)};
	(void)map_put(&r->by_key, slice_str(key), entry);
}
