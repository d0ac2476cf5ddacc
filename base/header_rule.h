#ifndef BASE_HEADER_RULE_H
#define BASE_HEADER_RULE_H
/*
 * Header rules of an app, as a person writes them; and the fields that no rule
 * may touch, because they frame a message, end at this hop (RFC 9110, 7.6.1),
 * or are towpath's own word (INTERFACE.md, section 5).
 *
 *   X-Frame-Options: DENY    in the place of any there is
 *   +Link: </a.css>          beside those that are there
 *   -Server                  none of that name goes on
 */
#include "base/err.h"
#include "base/slice.h"

enum header_rule_op {
	HEADER_RULE_SET,
	HEADER_RULE_ADD,
	HEADER_RULE_REMOVE,
};

enum header_rule_side {
	HEADER_RULE_REQUEST, /* what goes to a backend */
	HEADER_RULE_RESPONSE /* what goes to a client */
};

struct header_rule {
	enum header_rule_op op;
	struct slice name, value; /* within the text */
};

/* In their order; items are the owner's. */
struct header_rules {
	struct header_rule *items;
	size_t n;
};

#define HEADER_RULES_MAX 64 /* of one app and side */
#define HEADER_RULE_TEXT_MAX                                                   \
	4096 /* bytes of one: many times a head's field                        \
	      */

/* Reads one rule.  ERR_SYNTAX: *why says in a few words what is wrong with it;
 * ERR_DENIED: no rule may touch that field. */
enum err MUST_USE header_rule_parse(struct slice text,
    enum header_rule_side side, struct header_rule *out, const char **why);

/* Connection, Keep-Alive, Transfer-Encoding...: between two peers only.
 * Content-Length is the writer's business and so ends here too. */
bool header_name_is_hop_by_hop(struct slice name);

/* What we say ourselves to a backend: a client's own are not passed on. */
bool header_name_is_ours(struct slice name);
#define HEADER_NAMES_OURS 11 /* how many of those there are */

#endif
