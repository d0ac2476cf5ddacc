#include "router/edge/snapshot.h"

#include <stdlib.h>

#include "base/mem.h"

enum err
snapshot_new(struct slice encoded, struct snapshot **out)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));
	enum err e = config_decode(encoded, &s->config);

	if (e != ERR_OK) {
		free(s);
		return e;
	}
	s->refs = 1;
	*out = s;
	return ERR_OK;
}

struct snapshot *
snapshot_ref(struct snapshot *s)
{
	s->refs++;
	return s;
}

void
snapshot_unref(struct snapshot *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	config_clear(&s->config);
	free(s);
}
