#include "base/registered.h"

#include <libpsl.h>
#include <string.h>

/* As log's and clock's state: set once, read everywhere. */
static psl_ctx_t *newest;

void
registered_load(void)
{
	if (newest == NULL)
		newest = psl_latest(NULL);
}

void
registered_unload(void)
{
	psl_free(newest);
	newest = NULL;
}

const char *
registered_domain(const char *host)
{
	const psl_ctx_t *list = newest != NULL ? newest : psl_builtin();
	const char *found;

	if (strncmp(host, "*.", 2) == 0)
		host += 2;
	found = psl_registrable_domain(list, host);
	return found != NULL ? found : host;
}
