#include "admin-tui/screen.h"

#include <stdarg.h>
#include <stdio.h>

void
screen_free(struct screen *s)
{
	if (s != NULL)
		s->ops->free(s);
}

const struct domain *
screen_domain(const struct screen *s)
{
	const char *host = s->ops->host(s);
	return host == NULL ? NULL : model_find(s->model, host);
}

void
screen_crumbs(struct canvas c, const char *fmt, ...)
{
	char text[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	canvas_text(c, 0, 1, ROLE_TITLE, text);
}
