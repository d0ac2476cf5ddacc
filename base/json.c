#include "base/json.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

/* Deeper documents are only meant to exhaust the parser's stack. */
#define JSON_DEPTH_MAX 32
/* How documents are written: a number with a point as short as people write
 * it. */
#define JSON_FORM (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9))

/* U+FFFD, for bytes that are not UTF-8. */
#define REPLACEMENT SLICE("\xef\xbf\xbd")

/* The greatest depth of brackets; strings are stepped over. */
static size_t
depth_of(struct slice text)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (in_string && c == '\\') {
			i++;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (!in_string && (c == '[' || c == '{')) {
			if (++depth > deepest)
				deepest = depth;
		} else if (!in_string && (c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return deepest;
}

enum err
json_parse(struct slice text, json_t **out, struct fault *f)
{
	json_error_t why;

	*out = NULL;
	if (depth_of(text) > JSON_DEPTH_MAX) {
		fault_set(f, FAULT_P10_JSON_SYNTAX,
		    "the JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
		return ERR_SYNTAX;
	}
	*out = json_loadb(text.n == 0 ? "" : text.p, text.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (*out == NULL) {
		fault_set(f, FAULT_P10_JSON_SYNTAX, "line %d, column %d: %s",
		    why.line, why.column, why.text);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

static void
wipe_free(void *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void
json_wipe_on_free(void)
{
	json_set_alloc_funcs(malloc, wipe_free);
}

char *
json_text(const json_t *j)
{
	char *text = json_dumps(j, JSON_FORM);

	if (text == NULL)
		die("no memory for a JSON text");
	return text;
}

static int
add_chunk(const char *p, size_t n, void *b)
{
	return buf_add(b, slice_of(p, n)) == ERR_OK ? 0 : -1;
}

enum err
json_add(struct buf *b, const json_t *j)
{
	size_t before = b->len;

	if (json_dump_callback(j, add_chunk, b, JSON_FORM) == 0)
		return ERR_OK;
	b->len = before; /* all or nothing */
	return ERR_TOO_BIG;
}

/*
 * Finds a member.  ERR_NOT_FOUND: absent or null, and that is allowed.
 */
static enum err
member(const json_t *o, const char *key, enum json_need need,
    const json_t **out, struct fault *f)
{
	*out = json_object_get(o, key);
	if (*out != NULL && !json_is_null(*out))
		return ERR_OK;
	if (need == JSON_OPTIONAL)
		return ERR_NOT_FOUND;
	fault_set(f, FAULT_P11_FIELD_INVALID, "\"%s\" is missing", key);
	return ERR_SYNTAX;
}

static enum err
wrong_type(struct fault *f, const char *key, const char *wanted)
{
	fault_set(f, FAULT_P11_FIELD_INVALID, "\"%s\" must be %s", key, wanted);
	return ERR_SYNTAX;
}

enum err
json_get_str(const json_t *o, const char *key, enum json_need need,
    const char **out, struct fault *f)
{
	const json_t *j;
	enum err e = member(o, key, need, &j, f);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (!json_is_string(j))
		return wrong_type(f, key, "a string");
	*out = json_string_value(j);
	return ERR_OK;
}

enum err
json_get_bool(const json_t *o, const char *key, enum json_need need, bool *out,
    struct fault *f)
{
	const json_t *j;
	enum err e = member(o, key, need, &j, f);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (!json_is_boolean(j))
		return wrong_type(f, key, "true or false");
	*out = json_is_true(j);
	return ERR_OK;
}

enum err
json_get_int(const json_t *o, const char *key, enum json_need need,
    int64_t *out, struct fault *f)
{
	const json_t *j;
	enum err e = member(o, key, need, &j, f);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (!json_is_integer(j))
		return wrong_type(f, key, "a whole number");
	*out = json_integer_value(j);
	return ERR_OK;
}

const char *
json_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

int64_t
json_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

bool
json_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

json_t *
json_obj(const json_t *o, const char *key)
{
	json_t *j = json_object_get(o, key);

	return json_is_object(j) || json_is_array(j) ? j : NULL;
}

/* Bytes of the UTF-8 character at the front of s, 0 when it is none (RFC
 * 3629: shortest form, no surrogates).  NUL counts as none. */
static size_t
utf8_length(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t n;

	if (p[0] < 0x80)
		return p[0] == 0 ? 0 : 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (s.n < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

/* A JSON string of bytes that may come from anywhere. */
static json_t *
string_of(struct slice s)
{
	struct buf clean;
	json_t *j;

	buf_init(&clean, SIZE_MAX / 2);
	while (s.n > 0) {
		size_t n = utf8_length(s);

		(void)buf_add(&clean, n == 0 ? REPLACEMENT : slice_of(s.p, n));
		s = slice_from(s, n == 0 ? 1 : n);
	}
	s = buf_slice(&clean);
	j = json_stringn_nocheck(s.p, s.n);
	buf_clear(&clean);
	return j;
}

void
json_put(json_t *o, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(o, key, value) != 0)
		die("no memory for the JSON field %s", key);
}

void
json_put_str(json_t *o, const char *key, const char *value)
{
	json_put_slice(o, key, slice_str(value));
}

void
json_put_slice(json_t *o, const char *key, struct slice value)
{
	json_put(o, key, value.p == NULL ? json_null() : string_of(value));
}

void
json_put_int(json_t *o, const char *key, int64_t value)
{
	json_put(o, key, json_integer(value));
}

void
json_put_bool(json_t *o, const char *key, bool value)
{
	json_put(o, key, json_boolean(value));
}

void
json_put_time(json_t *o, const char *key, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];

	json_put_str(o, key, at == 0 ? NULL : clock_format(at, text));
}

json_t *
json_fault(const struct fault *f)
{
	json_t *o;

	if (!fault_is_set(f))
		return json_null();
	o = json_object();
	json_put_str(o, "code", fault_code_name(f->code));
	json_put_str(o, "text", f->text);
	json_put_str(o, "action", f->action);
	return o;
}

void
json_to_fault(const json_t *o, struct fault *f)
{
	static const char *const texts[] = {"text", "detail", "title"};
	const char *text = "", *action;
	enum fault_code code;

	fault_clear(f);
	if (!json_is_object(o))
		return;
	/* a newer daemon may know codes that this program does not */
	code = fault_code_parse(json_str(o, "code"));
	if (code == FAULT_NONE)
		code = FAULT_S25_INTERNAL;
	for (size_t i = 0; i < COUNT_OF(texts) && text[0] == '\0'; i++)
		text = json_str(o, texts[i]);
	if (text[0] == '\0')
		text = fault_lookup(code)->title;
	fault_set(f, code, "%s", text);
	action = json_string_value(json_object_get(o, "action"));
	if (action != NULL)
		fault_action(f, "%s", action);
}
