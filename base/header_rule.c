#include "base/header_rule.h"

#include "base/mem.h"

static const struct slice hop_by_hop[] = {
    {"connection", 10},
    {"content-length", 14},
    {"keep-alive", 10},
    {"proxy-authenticate", 18},
    {"proxy-authorization", 19},
    {"proxy-connection", 16},
    {"te", 2},
    {"trailer", 7},
    {"transfer-encoding", 17},
    {"upgrade", 7},
};

static const struct slice ours[HEADER_NAMES_OURS] = {
    {"host", 4},
    {"via", 3},
    {"x-forwarded-for", 15},
    {"x-forwarded-host", 16},
    {"x-forwarded-ip", 14},
    {"x-forwarded-port", 16},
    {"x-forwarded-proto", 17},
    {"x-real-ip", 9},
    {"x-request-id", 12},
    {"x-request-start", 15},
    {"x-towpath-forwarded-host", 24},
};

/* Lengths differ almost always, so that a comparison is rare. */
static bool
is_in(const struct slice *table, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].n == name.n && slice_eq_nocase(table[i], name))
			return true;
	return false;
}

bool
header_name_is_hop_by_hop(struct slice name)
{
	return is_in(hop_by_hop, COUNT_OF(hop_by_hop), name);
}

bool
header_name_is_ours(struct slice name)
{
	return is_in(ours, COUNT_OF(ours), name);
}

/* --- rules ---------------------------------------------------------------- */

/* RFC 9110, 5.6.2. */
static bool
is_token(struct slice s)
{
	static const char good[] = "!#$%&'*+-.^_`|~0123456789"
				   "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < s.n; i++)
		if (memchr(good, s.p[i], sizeof(good) - 1) == NULL)
			return false;
	return s.n > 0;
}

/* Printable ASCII, blanks and tabs: nothing that a reader could take for the
 * end of the field. */
static bool
is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\t' && (s.p[i] < ' ' || s.p[i] > '~'))
			return false;
	return s.n > 0;
}

/* Framing, hop-by-hop and ours; and of requests what the exchange itself acts
 * on. */
static bool
is_untouchable(enum header_rule_side side, struct slice name)
{
	if (header_name_is_hop_by_hop(name))
		return true;
	if (side == HEADER_RULE_REQUEST)
		return header_name_is_ours(name) ||
		       slice_eq_nocase(name, SLICE("expect"));
	return slice_eq_nocase(name, SLICE("via")) ||
	       slice_eq_nocase(name, SLICE("x-request-id")) ||
	       slice_eq_nocase(name, SLICE("x-towpath-error"));
}

enum err
header_rule_parse(struct slice text, enum header_rule_side side,
    struct header_rule *out, const char **why)
{
	struct slice rest = slice_trim(text);

	*out = (struct header_rule){.op = HEADER_RULE_SET};
	*why = NULL;
	if (rest.n > 0 && (rest.p[0] == '-' || rest.p[0] == '+')) {
		out->op =
		    rest.p[0] == '-' ? HEADER_RULE_REMOVE : HEADER_RULE_ADD;
		rest = slice_from(rest, 1);
	}
	(void)slice_cut(&rest, ':', &out->name);
	out->value = slice_trim(rest);
	if (text.n > HEADER_RULE_TEXT_MAX)
		*why = "it is too long";
	else if (!is_token(out->name))
		*why = "it does not begin with the name of a header";
	else if (out->op == HEADER_RULE_REMOVE && rest.p != NULL)
		*why = "what is removed has no value";
	else if (out->op != HEADER_RULE_REMOVE && out->value.n == 0)
		*why = "it has no value; -NAME removes a header";
	else if (out->value.n > 0 && !is_field_value(out->value))
		*why = "its value has more than printable ASCII";
	if (*why != NULL)
		return ERR_SYNTAX;
	if (!is_untouchable(side, out->name))
		return ERR_OK;
	*why = "that header is the router's own";
	return ERR_DENIED;
}
