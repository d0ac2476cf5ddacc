#include "admin-tui/verdict.h"

#include <stdio.h>

#include "admin-tui/answer.h"
#include "admin-tui/words.h"

static void
certificate(struct page *p, const struct model *m, const json_t *o)
{
	char from[WORDS_SIZE], to[WORDS_SIZE], until[WORDS_SIZE];
	struct cert c;
	cert_read(&c, o);
	page_line(p, ROLE_TITLE, 1, "CERTIFICATE");
	page_pair(p, "issuer", "%s", c.issuer);
	page_pair(p, "valid", "%s to %s, expires %s",
	    words_date(c.not_before, from), words_date(c.not_after, to),
	    words_until(c.not_after, m->now, until));
	page_pair(p, "key", "%s", c.key_type);
	page_pair(p, "names", "%s", c.n_names > 0 ? c.names[0] : "-");
	for (size_t i = 1; i < c.n_names; i++)
		page_pair(p, "", "%s", c.names[i]);
	page_line(p, ROLE_TITLE, 1, "CHECKS");
	page_mark(p, GLYPH_OK, ROLE_OK, "key matches, handshake works");
	if (c.is_trusted)
		page_mark(p, GLYPH_OK, ROLE_OK,
		    "chain of %d, trusted by browsers", (int)c.chain_length);
	else /* the warnings say why */
		page_mark(p, "!", ROLE_WARN,
		    "chain of %d, not trusted by browsers",
		    (int)c.chain_length);
	cert_clear(&c);
}

static bool
has_string(const json_t *list, const char *s)
{
	const json_t *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) &&
		    strcmp(json_string_value(item), s) == 0)
			return true;
	}
	return false;
}

static void
dropped(struct page *p, const json_t *answer)
{
	const json_t *list = json_obj(answer, "dropped"), *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		if (json_is_string(item))
			page_mark(p, "-", ROLE_DIM, "%s is left out",
			    json_string_value(item));
	}
}

/* The domains that get it, and other names that are new. */
static void
users(struct page *p, const json_t *answer, const char *host)
{
	const json_t *hosts = json_obj(answer, "hosts"), *item;
	const json_t *gained = json_obj(answer, "names_gained");
	size_t i;
	if (!has_string(hosts, host))
		page_mark(p, GLYPH_OK, ROLE_OK, "%s", host);
	json_array_foreach(hosts, i, item)
	{
		if (json_is_string(item))
			page_mark(p, GLYPH_OK, ROLE_OK, "%s",
			    json_string_value(item));
	}
	json_array_foreach(gained, i, item)
	{
		const char *name = json_string_value(item);
		if (name != NULL && strcmp(name, host) != 0 &&
		    !has_string(hosts, name))
			page_mark(p, "+", ROLE_NEW, "%s is covered too", name);
	}
}

/* What visitors get until then. */
static void
before(struct page *p, const struct model *m, const json_t *o)
{
	char until[WORDS_SIZE];
	struct cert c;
	cert_read(&c, o);
	page_pair(p, "now", "#%d %s, %s, %s, expires %s%s", (int)c.number,
	    c.is_custom ? "custom" : "automatic", c.issuer_name, c.key_type,
	    words_until(c.not_after, m->now, until),
	    c.is_trusted ? "" : ", not trusted");
	cert_clear(&c);
}

static void
lost(struct page *p, const json_t *answer)
{
	const json_t *list = json_obj(answer, "names_lost"), *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		page_mark(p, "!", ROLE_BAD,
		    "%s loses its cover: %lld requests in 24 h",
		    json_str(item, "name"),
		    (long long)json_int(item, "requests_24h"));
	}
}

static void
warnings(struct page *p, const json_t *answer)
{
	const json_t *list = json_obj(answer, "warnings"), *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		page_mark(p, "!", ROLE_WARN, "%s %s", json_str(item, "code"),
		    json_str(item, "text"));
		page_line(p, ROLE_DIM, 5, "%s", json_str(item, "action"));
	}
}

static void
fallback(struct page *p, const json_t *answer)
{
	const json_t *o = json_obj(answer, "fallback");
	struct fault f;
	answer_fault(o, "fault", &f);
	if (!json_is_object(o))
		return;
	page_line(p, ROLE_TITLE, 1, "WHEN IT EXPIRES OR IS REMOVED");
	if (json_bool(o, "ready"))
		page_mark(p, GLYPH_OK, ROLE_OK,
		    "the automatic certificate takes over at once");
	else
		page_mark(p, "!", ROLE_WARN,
		    "no automatic certificate is ready: %s %s",
		    fault_code_name(f.code), f.text);
	if (!json_bool(o, "ready") && f.action[0] != '\0')
		page_line(p, ROLE_DIM, 5, "%s", f.action);
}

void
verdict_page(struct page *p, const struct model *m, const char *host,
    const json_t *answer)
{
	const struct domain *d = model_find(m, host);
	const json_t *o = json_obj(answer, "certificate");
	certificate(p, m, o);
	dropped(p, answer);
	warnings(p, answer);
	page_line(p, ROLE_TITLE, 1, "WHO WILL USE IT");
	users(p, answer, host);
	lost(p, answer);
	if (json_is_object(json_obj(answer, "before")))
		before(p, m, json_obj(answer, "before"));
	else if (d != NULL && d->has_certificate)
		page_pair(p, "now", "#%d %s, %s", (int)d->certificate.number,
		    d->certificate.is_custom ? "custom" : "automatic",
		    d->certificate.issuer_name);
	fallback(p, answer);
}

void
verdict_refused(struct page *p, const struct fault *f)
{
	page_line(p, ROLE_TITLE, 1, "IT CANNOT BE USED");
	page_mark(
	    p, GLYPH_BAD, ROLE_BAD, "%s %s", fault_code_name(f->code), f->text);
	if (f->action[0] != '\0')
		page_line(p, ROLE_TEXT, 5, "%s", f->action);
	page_line(p, ROLE_TEXT, 0, "%s", "");
	page_line(p, ROLE_TEXT, 1,
	    "Nothing was changed. Esc goes back to the files.");
}
