#include "base/ini.h"

struct reader {
	const char *name;
	size_t line; /* from 1 */
	struct slice section;
	ini_visit *visit;
	void *ctx;
	struct fault *f;
};

static enum err
refuse(struct reader *r, const char *what)
{
	fault_set(r->f, FAULT_S10_CONFIG_SYNTAX, "%s", what);
	return ERR_SYNTAX;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What is before a comment. */
static struct slice
without_comment(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || is_blank(line.p[i - 1])))
			return slice_of(line.p, i);
	return line;
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static enum err
read_section(struct reader *r, struct slice line)
{
	struct slice name;

	if (line.p[line.n - 1] != ']')
		return refuse(r, "a section begins with [ and ends with ]");
	name = slice_trim(slice_of(line.p + 1, line.n - 2));
	if (name.n == 0 || slice_find(name, '[') < name.n ||
	    slice_find(name, ']') < name.n)
		return refuse(r, "a section needs a name, like [listen]");
	r->section = name;
	return ERR_OK;
}

static enum err
read_key(struct reader *r, struct slice line)
{
	size_t at = slice_find(line, '=');
	struct slice key = slice_trim(slice_of(line.p, at));
	struct slice value = slice_trim(slice_from(line, at + 1));

	if (at == line.n)
		return refuse(r, "this is neither `key = value` nor a section");
	if (key.n == 0)
		return refuse(r, "there is no key before the =");
	if (slice_find(key, ' ') < key.n || slice_find(key, '\t') < key.n)
		return refuse(r, "a key has no blanks in it");
	if (r->section.n == 0)
		return refuse(r, "the key stands before the first [section]");
	return r->visit(r->ctx, r->section, key, value, r->f);
}

static enum err
read_line(struct reader *r, struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n > INI_LINE_MAX)
		return refuse(r, "the line is longer than 4096 bytes");
	if (has_control(line))
		return refuse(r, "the line has a control byte in it");
	line = slice_trim(without_comment(line));
	if (line.n == 0)
		return ERR_OK;
	return line.p[0] == '[' ? read_section(r, line) : read_key(r, line);
}

enum err
ini_read(const char *name, struct slice text, ini_visit *visit, void *ctx,
    struct fault *f)
{
	struct reader r = {.name = name, .visit = visit, .ctx = ctx, .f = f};
	struct slice bom = SLICE("\xef\xbb\xbf"), line;

	/* some editors put a byte order mark in front */
	if (slice_starts_with(text, bom))
		text = slice_from(text, bom.n);
	while (slice_cut(&text, '\n', &line)) {
		enum err e;

		r.line++;
		e = read_line(&r, line);
		if (e != ERR_OK) {
			fault_prefix(f, "%s:%zu", name, r.line);
			return e;
		}
	}
	return ERR_OK;
}
