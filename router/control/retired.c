#include "router/control/retired.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "router/control/control.h"

/* {"192.0.2.10": 0, "192.0.2.9": 1795000000}: when it was taken out; 0: it is
 * configured. */
#define SETTING "platform_addresses"

static json_t *
load(struct control *c)
{
	static const char sql[] =
	    "SELECT value FROM setting WHERE name = '" SETTING "'";
	struct stmt *s = db_stmt(c->db, sql);
	json_t *o = NULL;

	if (stmt_step(s) != ERR_OK ||
	    json_parse(stmt_get(s, 0), &o, NULL) != ERR_OK)
		o = NULL;
	stmt_done(s);
	return o == NULL ? json_object() : o;
}

static enum err
save(struct control *c, const json_t *o)
{
	static const char sql[] =
	    "INSERT INTO setting (name, value) VALUES ('" SETTING "', ?1)"
	    " ON CONFLICT (name) DO UPDATE SET value = ?1";
	struct stmt *s = db_stmt(c->db, sql);
	char *text = json_text(o);
	enum err e;

	stmt_str(s, 1, text);
	e = stmt_run(s);
	free(text);
	return e;
}

static bool
is_configured(const struct control *c, const char *text)
{
	char own[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < c->config.platform.addresses.n; i++)
		if (strcmp(addr_format_ip(
			       &c->config.platform.addresses.items[i], own),
			text) == 0)
			return true;
	return false;
}

static bool
still_counts(int64_t retired_at, int64_t now)
{
	return retired_at <= now && now - retired_at < RETIRED_FOR_S;
}

enum err
retired_note(struct control *c)
{
	json_t *old = load(c), *new = json_object(), *value;
	int64_t now = clock_now();
	char own[ADDR_TEXT_SIZE];
	const char *text;
	enum err e;

	json_object_foreach(old, text, value)
	{
		int64_t at = json_integer_value(value);

		if (at == 0)
			at = now;
		if (!is_configured(c, text) && still_counts(at, now))
			json_put_int(new, text, at);
	}
	for (size_t i = 0; i < c->config.platform.addresses.n; i++)
		json_put_int(new,
		    addr_format_ip(&c->config.platform.addresses.items[i], own),
		    0);
	e = json_equal(old, new) ? ERR_OK : save(c, new);
	json_decref(old);
	json_decref(new);
	return e;
}

size_t
retired_addresses(struct control *c, struct addr out[RETIRED_MAX])
{
	json_t *all = load(c), *value;
	int64_t now = clock_now();
	const char *text;
	size_t n = 0;

	json_object_foreach(all, text, value)
	{
		int64_t at = json_integer_value(value);

		if (at != 0 && still_counts(at, now) && n < RETIRED_MAX &&
		    addr_parse_ip(slice_str(text), 0, &out[n]) == ERR_OK)
			n++;
	}
	json_decref(all);
	return n;
}
