#include "base/host.h"

#include <idn2.h>
#include <stdlib.h>

#define LABEL_MAX 63

static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

static bool
is_label(struct slice label)
{
	if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!is_host_byte(label.p[i]))
			return false;
	return true;
}

/* Labels of a lower-case name without its wildcard; all_digits: of the last,
 * which then is no TLD but the end of an IP address. */
static bool
is_name(struct slice name, size_t *n_labels, bool *all_digits)
{
	struct slice label;

	*n_labels = 0;
	*all_digits = false;
	while (slice_cut(&name, '.', &label)) {
		uint64_t number;

		if (!is_label(label))
			return false;
		*all_digits = slice_to_u64(label, &number) != ERR_SYNTAX;
		(*n_labels)++;
	}
	return true;
}

static enum err
refuse(struct fault *f, struct slice in)
{
	fault_set(f, FAULT_N10_HOST_INVALID,
	    "\"%.*s\" is not a host name that can be served",
	    in.n > 100 ? 100 : (int)in.n, in.p == NULL ? "" : in.p);
	return ERR_SYNTAX;
}

/* Unicode (UTF-8) to lower-case A-labels, IDNA2008 with TR46 mapping as
 * browsers do. */
static enum err
to_ascii(struct slice name, char out[HOST_SIZE])
{
	char text[HOST_TEXT_SIZE], *ascii = NULL;
	enum err e = ERR_SYNTAX;

	if (slice_to_str(name, text, sizeof(text)) != ERR_OK)
		return ERR_SYNTAX;
	if (idn2_to_ascii_8z(
		text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		e = slice_to_str(slice_str(ascii), out, HOST_SIZE);
	idn2_free(ascii);
	return e == ERR_OK ? ERR_OK : ERR_SYNTAX;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

enum err
host_normalise(struct slice in, char out[HOST_SIZE], struct fault *f)
{
	struct slice name = in;
	bool is_wildcard = slice_starts_with(name, SLICE("*.")), all_digits;
	char ascii[HOST_SIZE];
	size_t n_labels;

	out[0] = '\0';
	if (is_wildcard)
		name = slice_from(name, 2);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || (is_ascii(name) && name.n > HOST_MAX))
		return refuse(f, in);
	if (is_ascii(name)) {
		for (size_t i = 0; i < name.n; i++) {
			char c = name.p[i];

			ascii[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
		}
		ascii[name.n] = '\0';
	} else if (to_ascii(name, ascii) != ERR_OK) {
		return refuse(f, in);
	}
	name = slice_str(ascii);
	if (!is_name(name, &n_labels, &all_digits) || n_labels < 2 ||
	    all_digits || name.n + (is_wildcard ? 2 : 0) > HOST_MAX)
		return refuse(f, in);
	if (is_wildcard)
		memcpy(out, "*.", 2);
	memcpy(out + (is_wildcard ? 2 : 0), ascii, name.n + 1);
	return ERR_OK;
}

enum err
host_canonical(struct slice in, char out[HOST_SIZE])
{
	size_t n = 0;

	out[0] = '\0';
	if (in.n > 0 && in.p[0] == '[') { /* [IPv6]:port: merely unknown */
		in.n = slice_find(in, ']');
		in = slice_from(in, 1);
		for (; n < in.n && n < HOST_MAX; n++) {
			char c = in.p[n];

			if (!is_host_byte((char)(c | 0x20)) && c != ':' &&
			    c != '.')
				return ERR_SYNTAX;
			out[n] = c;
		}
		out[n] = '\0';
		return n == 0 ? ERR_SYNTAX : ERR_OK;
	}
	for (; n < in.n && in.p[n] != ':'; n++) {
		char c = in.p[n];

		if (n >= HOST_MAX)
			return ERR_SYNTAX;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		if (!is_host_byte(c) && c != '.')
			return ERR_SYNTAX;
		out[n] = c;
	}
	for (size_t i = n + 1; i < in.n; i++)
		if (in.p[i] < '0' || in.p[i] > '9')
			return ERR_SYNTAX;
	if (n > 0 && out[n - 1] == '.')
		n--;
	out[n] = '\0';
	return n == 0 ? ERR_SYNTAX : ERR_OK;
}

bool
host_is_wildcard(struct slice host)
{
	return slice_starts_with(host, SLICE("*."));
}

struct slice
host_parent(struct slice host)
{
	size_t dot = slice_find(host, '.');

	return dot == host.n ? slice_of("", 0) : slice_from(host, dot + 1);
}

bool
host_matches(struct slice pattern, struct slice host)
{
	if (slice_eq(pattern, host))
		return true;
	if (!host_is_wildcard(pattern) || host_is_wildcard(host))
		return false;
	return host_parent(host).n > 0 && slice_find(host, '.') > 0 &&
	       slice_eq(host_parent(host), slice_from(pattern, 2));
}

char *
host_display(struct slice host, char out[HOST_TEXT_SIZE])
{
	char text[HOST_SIZE], *unicode = NULL;
	bool is_wildcard = host_is_wildcard(host);

	if (slice_to_str(host, text, sizeof(text)) != ERR_OK ||
	    strstr(text, "xn--") == NULL ||
	    idn2_to_unicode_8z8z(text + (is_wildcard ? 2 : 0), &unicode, 0) !=
		IDN2_OK ||
	    strlen(unicode) + 3 > HOST_TEXT_SIZE) {
		memcpy(out, text, strlen(text) + 1);
	} else {
		size_t at = is_wildcard ? 2 : 0;

		memcpy(out, "*.", 2);
		memcpy(out + at, unicode, strlen(unicode) + 1);
	}
	idn2_free(unicode);
	return out;
}
