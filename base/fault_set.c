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

/* HOST as a word of its own: not in HOST:PORT. */
static const char *
find_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word)) != NULL) {
		bool begins = at == text || at[-1] == ' ';
		bool ends = strchr(" `,;", at[n]) != NULL; /* or the NUL */

		if (begins && ends)
			return at;
		at += n;
	}
	return NULL;
}

void
fault_name(struct fault *f, const char *word, const char *name)
{
	const char *quote = strchr(name, '*') == NULL ? "" : "'";
	char out[FAULT_ACTION_SIZE];
	const char *rest = f->action, *at;
	size_t n = 0;

	if (name[0] == '\0')
		return;
	while ((at = find_word(rest, word)) != NULL && n < sizeof(out)) {
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s%s%s%s",
		    (int)(at - rest), rest, quote, name, quote);
		rest = at + strlen(word);
	}
	if (n >= sizeof(out))
		return; /* rather without names than cut */
	n += (size_t)snprintf(out + n, sizeof(out) - n, "%s", rest);
	if (n < sizeof(out))
		fault_action(f, "%s", out);
}

void
fault_clear(struct fault *f)
{
	if (f != NULL)
		*f = (struct fault){0};
}
