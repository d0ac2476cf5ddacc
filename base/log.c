#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

/* Set once at start; the one exception to "no globals" beside the clock. */
static char speaker[64] = "towpath";
static enum log_level threshold = LOG_LEVEL_INFO;

void
log_set_name(const char *name)
{
	(void)snprintf(speaker, sizeof(speaker), "%s", name);
}

void
log_set_level(enum log_level level)
{
	threshold = level;
}

enum err
log_level_parse(struct slice s, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]);
	     i++) {
		if (slice_eq(s, slice_str(level_names[i]))) {
			*out = (enum log_level)i;
			return ERR_OK;
		}
	}
	return ERR_SYNTAX;
}

/* Copies text to out, control bytes as \xNN; returns the bytes written. */
static size_t
escape(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != 0x7f)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
	}
	return n;
}

void
log_write(enum log_level level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 128];
	char when[CLOCK_TEXT_SIZE];
	va_list ap;
	size_t n;
	ssize_t written;

	if (level > threshold)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = (size_t)snprintf(line, sizeof(line),
	    "%s %s %s: ", clock_format(clock_now(), when), level_names[level],
	    speaker);
	n += escape(text, line + n, sizeof(line) - n - 1);
	line[n++] = '\n';
	written = write(STDERR_FILENO, line, n);
	(void)written; /* there is nobody left to tell */
}
