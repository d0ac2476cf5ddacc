#include "base/ini.h"

#include <stdio.h>

/* Without a comment: `#` at the start or after a blank. */
static struct slice
without_comment(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' &&
		    (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return slice_of(line.p, i);
	return line;
}

static bool
is_section_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", s.p[i]) ==
			NULL ||
		    s.p[i] == '\0')
			return false;
	return s.n > 0;
}

static enum err
read_line(struct slice line, struct slice *section, ini_visit *visit, void *ctx,
    struct fault *f)
{
	struct slice key, value;
	size_t at;

	if (line.n > INI_LINE_MAX) {
		fault_set(f, FAULT_S10_CONFIG_SYNTAX,
		    "the line has more than %d bytes", INI_LINE_MAX);
		return ERR_SYNTAX;
	}
	line = slice_trim(without_comment(line));
	if (line.n == 0)
		return ERR_OK;
	if (line.p[0] == '[') {
		if (line.p[line.n - 1] != ']' ||
		    !is_section_name(slice_of(line.p + 1, line.n - 2))) {
			fault_set(f, FAULT_S10_CONFIG_SYNTAX,
			    "a section is written [name]");
			return ERR_SYNTAX;
		}
		*section = slice_of(line.p + 1, line.n - 2);
		return ERR_OK;
	}
	at = slice_find(line, '=');
	key = slice_trim(slice_of(line.p, at));
	if (at == line.n || key.n == 0) {
		fault_set(f, FAULT_S10_CONFIG_SYNTAX,
		    "a line is written `key = value`");
		return ERR_SYNTAX;
	}
	value = slice_trim(slice_from(line, at + 1));
	return visit(ctx, *section, key, value, f);
}

enum err
ini_read(const char *name, struct slice text, ini_visit *visit, void *ctx,
    struct fault *f)
{
	struct slice section = SLICE(""), line;
	int number = 0;

	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL) {
		fault_set(f, FAULT_S10_CONFIG_SYNTAX,
		    "%s: the file holds NUL bytes: is it text?", name);
		return ERR_SYNTAX;
	}
	while (slice_cut(&text, '\n', &line)) {
		enum err e;

		number++;
		e = read_line(line, &section, visit, ctx, f);
		if (e != ERR_OK) {
			fault_prefix(f, "%s:%d", name, number);
			return e;
		}
	}
	return ERR_OK;
}
