#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define DEPTH_MAX 32

/* jansson's own limit is 2048 levels; nothing of ours is deeper than a few. */
static bool
is_too_deep(struct slice text)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

enum err
json_parse(struct slice text, json_t **out, struct fault *f)
{
	json_error_t e;

	*out = NULL;
	if (is_too_deep(text)) {
		fault_set(f, FAULT_P10_JSON_SYNTAX,
		    "The JSON is nested deeper than %d levels", DEPTH_MAX);
		return ERR_SYNTAX;
	}
	*out = json_loadb(text.n == 0 ? "" : text.p, text.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (*out == NULL) {
		fault_set(f, FAULT_P10_JSON_SYNTAX,
		    "Not JSON at line %d, column %d: %s", e.line, e.column,
		    e.text);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

char *
json_text(const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		die("no memory for JSON");
	return text;
}

static int
add_piece(const char *piece, size_t n, void *ctx)
{
	return buf_add(ctx, slice_of(piece, n)) == ERR_OK ? 0 : -1;
}

enum err
json_add(struct buf *b, const json_t *j)
{
	return json_dump_callback(
		   j, add_piece, b, JSON_COMPACT | JSON_ENCODE_ANY) == 0
		   ? ERR_OK
		   : ERR_TOO_BIG;
}

/*
 * The member, or NULL when it is absent or null; *e says whether that is
 * allowed and whether the type fits.
 */
static const json_t *
member(const json_t *o, const char *key, enum json_need need, bool fits,
    const char *type, struct fault *f, enum err *e)
{
	const json_t *v = json_object_get(o, key);

	*e = ERR_OK;
	if (!json_is_object(o)) {
		fault_set(
		    f, FAULT_P11_FIELD_INVALID, "A JSON object was expected");
		*e = ERR_SYNTAX;
		return NULL;
	}
	if (v == NULL || json_is_null(v)) {
		if (need == JSON_REQUIRED) {
			fault_set(f, FAULT_P11_FIELD_INVALID,
			    "The field \"%s\" is missing", key);
			*e = ERR_SYNTAX;
		}
		return NULL;
	}
	if (!fits) {
		fault_set(f, FAULT_P11_FIELD_INVALID,
		    "The field \"%s\" is not %s", key, type);
		*e = ERR_SYNTAX;
		return NULL;
	}
	return v;
}

enum err
json_get_str(const json_t *o, const char *key, enum json_need need,
    const char **out, struct fault *f)
{
	const json_t *v;
	enum err e;

	v = member(o, key, need, json_is_string(json_object_get(o, key)),
	    "a string", f, &e);
	if (v != NULL)
		*out = json_string_value(v);
	return e;
}

enum err
json_get_bool(const json_t *o, const char *key, enum json_need need, bool *out,
    struct fault *f)
{
	const json_t *v;
	enum err e;

	v = member(o, key, need, json_is_boolean(json_object_get(o, key)),
	    "true or false", f, &e);
	if (v != NULL)
		*out = json_is_true(v);
	return e;
}

enum err
json_get_int(const json_t *o, const char *key, enum json_need need,
    int64_t *out, struct fault *f)
{
	const json_t *v;
	enum err e;

	v = member(o, key, need, json_is_integer(json_object_get(o, key)),
	    "a whole number", f, &e);
	if (v != NULL)
		*out = json_integer_value(v);
	return e;
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
	json_t *v = json_object_get(o, key);

	return json_is_object(v) || json_is_array(v) ? v : NULL;
}

void
json_put(json_t *o, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(o, key, value) != 0)
		die("no memory for JSON");
}

void
json_put_str(json_t *o, const char *key, const char *value)
{
	json_put_slice(o, key, slice_str(value));
}

void
json_put_slice(json_t *o, const char *key, struct slice value)
{
	json_t *v;

	if (value.p == NULL) {
		json_put(o, key, json_null());
		return;
	}
	v = json_stringn(value.p, value.n);
	/* bytes that are not UTF-8 are shown as what they look like in Latin
	 * letters: never lost, never an error */
	if (v == NULL) {
		char *text = xmalloc(value.n * 2 + 1), *to = text;

		for (size_t i = 0; i < value.n; i++) {
			unsigned char c = (unsigned char)value.p[i];

			if (c >= 0x80) {
				*to++ = (char)(0xc0 | c >> 6);
				c = 0x80 | (c & 0x3f);
			}
			*to++ = (char)c;
		}
		v = json_stringn(text, (size_t)(to - text));
		free(text);
	}
	json_put(o, key, v);
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
	const char *text = json_str(o, "text");
	enum fault_code code = fault_code_parse(json_str(o, "code"));

	/* a problem document (RFC 9457) has its sentence in "detail" */
	if (*text == '\0')
		text = json_str(o, "detail");
	fault_clear(f);
	if (!json_is_object(o))
		return;
	fault_set(f, code == FAULT_NONE ? FAULT_S25_INTERNAL : code, "%s",
	    *text == '\0' ? "(no sentence)" : text);
	fault_action(f, "%s", json_str(o, "action"));
}
