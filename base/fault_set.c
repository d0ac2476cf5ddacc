#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

static void
clean(char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			*text = ' ';
	}
}

void
fault_set(struct fault *f, enum fault_code code, const char *fmt, ...)
{
	const struct fault_row *row = fault_lookup(code);
	char text[FAULT_TEXT_SIZE];
	va_list ap;

	if (f == NULL)
		return;
	if (fmt == NULL) {
		(void)snprintf(text, sizeof(text), "%s", row->title);
	} else {
		va_start(ap, fmt);
		(void)vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	clean(text);
	f->code = code;
	memcpy(f->text, text, sizeof(text));
	(void)snprintf(f->action, sizeof(f->action), "%s", row->action);
}

void
fault_action(struct fault *f, const char *fmt, ...)
{
	char action[FAULT_ACTION_SIZE];
	va_list ap;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(action, sizeof(action), fmt, ap);
	va_end(ap);
	clean(action);
	memcpy(f->action, action, sizeof(action));
}

void
fault_prefix(struct fault *f, const char *fmt, ...)
{
	char context[FAULT_TEXT_SIZE], text[FAULT_TEXT_SIZE];
	va_list ap;
	size_t n;

	if (f == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	clean(context);
	n = strlen(context);
	memcpy(text, context, n + 1);
	(void)snprintf(text + n, sizeof(text) - n, ": %s", f->text);
	memcpy(f->text, text, sizeof(text));
}

void
fault_clear(struct fault *f)
{
	if (f != NULL)
		*f = (struct fault){0};
}
