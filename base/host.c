#include "base/host.h"

#include <idn2.h>

#define LABEL_MAX 63

/* Of a name as a person writes it; its A-labels may be longer or shorter. */
#define INPUT_MAX 1000

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What a byte of a host name is stored as, 0 when no host has it. */
static char
stored_byte(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	if ((c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' ||
	    c == '.')
		return c;
	return '\0';
}

static enum err
refuse(struct fault *f, struct slice in, const char *why)
{
	int shown = in.n > 100 ? 100 : (int)in.n;

	fault_set(f, FAULT_N10_HOST_INVALID, "\"%.*s\" is not a host name: %s",
	    shown, in.p == NULL ? "" : in.p, why);
	return ERR_SYNTAX;
}

/* Does it need libidn2?  Plain names do not, and some of them (with hyphens
 * at the third and fourth place) would be refused by it. */
static bool
needs_idn(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
		if (slice_eq_nocase(
			slice_of(s.p + i, s.n - i < 4 ? s.n - i : 4),
			SLICE("xn--")))
			return true;
	}
	return false;
}

/* A-labels of s, lower case, into out. */
static const char *
to_ascii(struct slice s, char out[HOST_SIZE])
{
	char *ascii = NULL, in[INPUT_MAX + 1];
	const char *why = NULL;
	int rc;

	if (!needs_idn(s)) {
		if (slice_to_str(s, out, HOST_SIZE) != ERR_OK)
			return "it is longer than 253 bytes";
		return NULL;
	}
	if (slice_to_str(s, in, sizeof(in)) != ERR_OK)
		return "it is too long";
	rc =
	    idn2_to_ascii_8z(in, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return idn2_strerror(rc);
	if (slice_to_str(slice_str(ascii), out, HOST_SIZE) != ERR_OK)
		why = "it is longer than 253 bytes";
	idn2_free(ascii);
	return why;
}

static const char *
check_label(struct slice label)
{
	if (label.n == 0)
		return "there is nothing between two dots";
	if (label.n > LABEL_MAX)
		return "a part is longer than 63 bytes";
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return "a part begins or ends with a hyphen";
	if (label.p[0] == '_' || label.p[label.n - 1] == '_')
		return "a part begins or ends with an underscore";
	return NULL;
}

static bool
is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

/* NULL, or why the stored form `name` (without "*.") is none. */
static const char *
check_name(char *name)
{
	struct slice rest, label = {0};
	size_t n_labels = 0;

	for (char *c = name; *c != '\0'; c++) {
		*c = stored_byte(*c);
		if (*c == '\0')
			return "only letters, digits, hyphens and dots can be "
			       "in it";
	}
	for (rest = slice_str(name); slice_cut(&rest, '.', &label);) {
		const char *why = check_label(label);

		if (why != NULL)
			return why;
		n_labels++;
	}
	if (is_number(label))
		return n_labels == 4 ? "it is an IP address"
				     : "the last part is a number";
	return n_labels < 2 ? "it needs at least one dot" : NULL;
}

/* The mistakes people make, told apart before the general answer. */
static const char *
check_mistakes(struct slice s)
{
	if (s.n == 0)
		return "it is empty";
	if (s.n > INPUT_MAX)
		return "it is too long";
	if (memchr(s.p, '\0', s.n) != NULL)
		return "it has a NUL in it";
	if (memmem(s.p, s.n, "://", 3) != NULL)
		return "it is a URL; give the name alone";
	if (s.p[0] == '[' || slice_find(s, ':') < s.n)
		return "it has a port, or is an IP address";
	if (slice_find(s, '/') < s.n)
		return "it has a path; give the name alone";
	if (slice_find(s, '*') < s.n)
		return "a star can only stand for the whole first part, as in "
		       "*.example.com";
	return NULL;
}

enum err
host_normalise(struct slice in, char out[HOST_SIZE], struct fault *f)
{
	struct slice name = slice_trim(in), star = SLICE("*.");
	char ascii[HOST_SIZE] = "";
	const char *why;
	size_t n, skip;

	out[0] = '\0';
	skip = slice_starts_with(name, star) ? star.n : 0;
	name = slice_from(name, skip);
	why = check_mistakes(name);
	if (why == NULL)
		why = to_ascii(name, ascii);
	if (why != NULL)
		return refuse(f, in, why);
	n = strlen(ascii);
	if (n > 1 && ascii[n - 1] == '.')
		ascii[--n] = '\0';
	why = check_name(ascii);
	if (why == NULL && n + skip > HOST_MAX)
		why = "it is longer than 253 bytes";
	if (why != NULL)
		return refuse(f, in, why);
	memcpy(out, star.p, skip);
	memcpy(out + skip, ascii, n + 1);
	return ERR_OK;
}

/* ":443", ":" or nothing. */
static bool
is_port(struct slice s)
{
	if (s.n == 0)
		return true;
	return s.n <= 6 && s.p[0] == ':' && is_number(slice_from(s, 1));
}

/* "[2001:db8::1]", kept with its brackets. */
static enum err
canonical_in6(struct slice in, char out[HOST_SIZE])
{
	size_t end = slice_find(in, ']') + 1;

	if (end > in.n || end > HOST_MAX || !is_port(slice_from(in, end)))
		return ERR_SYNTAX;
	for (size_t i = 0; i < end; i++) {
		char c = in.p[i];

		if (c != '[' && c != ':' && c != ']')
			c = stored_byte(c);
		if (c == '\0')
			return ERR_SYNTAX;
		out[i] = c;
	}
	out[end] = '\0';
	return ERR_OK;
}

static enum err
canonical(struct slice in, char out[HOST_SIZE])
{
	struct slice name = slice_of(in.p, slice_find(in, ':'));
	char before = '.'; /* so that an empty label shows */

	if (!is_port(slice_from(in, name.n)))
		return ERR_SYNTAX;
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n > HOST_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < name.n; i++) {
		char c = stored_byte(name.p[i]);

		if (c == '\0' || (c == '.' && before == '.'))
			return ERR_SYNTAX;
		out[i] = before = c;
	}
	out[name.n] = '\0';
	return before == '.' ? ERR_SYNTAX : ERR_OK;
}

enum err
host_canonical(struct slice in, char out[HOST_SIZE])
{
	enum err e;

	e = in.n > 0 && in.p[0] == '[' ? canonical_in6(in, out)
				       : canonical(in, out);
	if (e != ERR_OK)
		out[0] = '\0';
	return e;
}

bool
host_is_wildcard(struct slice host)
{
	return slice_starts_with(host, SLICE("*."));
}

struct slice
host_parent(struct slice host)
{
	return slice_from(host, slice_find(host, '.') + 1);
}

bool
host_matches(struct slice pattern, struct slice host)
{
	struct slice parent = host_parent(host);

	if (slice_eq_nocase(pattern, host))
		return true;
	return host_is_wildcard(pattern) && parent.n > 0 &&
	       host.n > parent.n + 1 &&
	       slice_eq_nocase(slice_from(pattern, 2), parent);
}

char *
host_display(struct slice host, char out[HOST_TEXT_SIZE])
{
	char in[HOST_SIZE], *unicode = NULL;

	if (slice_to_str(host, in, sizeof(in)) == ERR_OK &&
	    idn2_to_unicode_8z8z(in, &unicode, 0) == IDN2_OK &&
	    slice_to_str(slice_str(unicode), out, HOST_TEXT_SIZE) == ERR_OK) {
		idn2_free(unicode);
		return out;
	}
	idn2_free(unicode);
	if (slice_to_str(host, out, HOST_TEXT_SIZE) != ERR_OK)
		out[0] = '\0';
	return out;
}
