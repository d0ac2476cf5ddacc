#include "acme/dns/hook_request.h"

#include <string.h>

#include "base/mem.h"
#include "base/wire.h"

static const char *const acts[] = {
    [PROVIDER_ADD] = "add",
    [PROVIDER_REMOVE] = "remove",
    [PROVIDER_REPLACE] = "replace",
};

static const char *const types[] = {"TXT", "CNAME", "A", "AAAA", "CAA"};

const char *
hook_act_text(enum provider_act act)
{
	return acts[act];
}

void
hook_request_write(struct buf *b, const struct provider_change *change)
{
	wire_put_u8(b, (uint8_t)change->act);
	wire_put_str(b, change->name);
	wire_put_str(b, change->type);
	wire_put_str(b, change->value);
	wire_put_u32(b, (uint32_t)change->ttl_s);
}

/* A host name as we store it, or the wildcard of one; "_" for
 * _acme-challenge. */
static bool
is_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.";

	if (strncmp(s, "*.", 2) == 0)
		s += 2;
	return s[0] != '\0' && s[0] != '-' && s[strspn(s, letters)] == '\0';
}

static bool
is_type(const char *s)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(types[i], s) == 0)
			return true;
	return false;
}

/* One line of plain text. */
static bool
is_value(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

enum err
hook_request_read(struct slice body, struct hook_request *out)
{
	struct wire w = wire_open(body);
	uint8_t act = wire_u8(&w);
	uint32_t ttl;

	wire_str(&w, out->name, sizeof(out->name));
	wire_str(&w, out->type, sizeof(out->type));
	wire_str(&w, out->value, sizeof(out->value));
	ttl = wire_u32(&w);
	if (wire_end(&w) != ERR_OK || act >= COUNT_OF(acts) ||
	    ttl > HOOK_TTL_MAX || !is_name(out->name) || !is_type(out->type) ||
	    !is_value(out->value) || out->value[0] == '\0')
		return ERR_SYNTAX;
	out->act = (enum provider_act)act;
	out->ttl_s = (int)ttl;
	return ERR_OK;
}
