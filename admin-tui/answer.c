#include "admin-tui/answer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

char *
answer_str(const json_t *o, const char *key)
{
	return xstrdup(json_str(o, key));
}

int64_t
answer_time(const json_t *o, const char *key)
{
	int64_t at = 0;
	if (clock_parse(slice_str(json_str(o, key)), &at) != ERR_OK)
		return 0;
	return at;
}

char **
answer_strs(const json_t *o, const char *key, size_t *n)
{
	const json_t *list = json_obj(o, key);
	size_t all = json_array_size(list);
	*n = 0;
	if (all == 0)
		return NULL;
	if (all > ANSWER_TEXTS_MAX)
		all = ANSWER_TEXTS_MAX;
	char **strs = xcalloc(all, sizeof(*strs));
	for (size_t i = 0; i < all; i++) {
		const char *s = json_string_value(json_array_get(list, i));
		if (s != NULL)
			strs[(*n)++] = xstrdup(s);
	}
	return strs;
}

void
answer_strs_free(char **strs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strs[i]);
	free(strs);
}

void
answer_fault(const json_t *o, const char *key, struct fault *f)
{
	const json_t *fault = json_obj(o, key);
	fault_clear(f);
	if (json_is_object(fault))
		json_to_fault(fault, f);
}
