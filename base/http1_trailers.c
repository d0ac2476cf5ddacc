#include "base/http1_trailers.h"

#include <stdlib.h>

#include "base/mem.h"

#define TEXT_MAX (16 * 1024)

struct http1_trailers {
	struct buf text; /* names and values, one behind the other */
	size_t n;
	bool name_is_whole; /* of the last field */
	bool is_told;       /* until then fields are lengths: text may move */
	struct http1_field fields[HTTP1_TRAILERS_MAX];
};

static bool
add(struct http1_trailers *t, struct slice *to, struct slice piece)
{
	to->n += piece.n;
	return buf_add(&t->text, piece) == ERR_OK;
}

bool
http1_trailers_name(struct http1_trailers **t, struct slice piece)
{
	if (*t == NULL) {
		*t = xcalloc(1, sizeof(**t));
		buf_init(&(*t)->text, TEXT_MAX);
	}
	if ((*t)->n == 0 || (*t)->name_is_whole) {
		if ((*t)->n == HTTP1_TRAILERS_MAX)
			return false;
		(*t)->name_is_whole = false;
		(*t)->n++;
	}
	return add(*t, &(*t)->fields[(*t)->n - 1].name, piece);
}

bool
http1_trailers_name_end(struct http1_trailers *t)
{
	if (t == NULL || t->n == 0 || t->fields[t->n - 1].name.n == 0)
		return false;
	t->name_is_whole = true;
	return true;
}

bool
http1_trailers_value(struct http1_trailers **t, struct slice piece)
{
	if (*t == NULL || !(*t)->name_is_whole)
		return false;
	return add(*t, &(*t)->fields[(*t)->n - 1].value, piece);
}

size_t
http1_trailers_fields(struct http1_trailers *t, const struct http1_field **out)
{
	struct slice rest;

	*out = t == NULL ? NULL : t->fields;
	if (t == NULL)
		return 0;
	rest = buf_slice(&t->text);
	for (size_t i = 0; i < t->n && !t->is_told; i++) {
		struct http1_field *f = &t->fields[i];

		f->name = slice_of(rest.p, f->name.n);
		rest = slice_from(rest, f->name.n);
		f->value = slice_of(rest.p, f->value.n);
		rest = slice_from(rest, f->value.n);
		f->value = slice_trim(f->value);
	}
	t->is_told = true;
	return t->n;
}

void
http1_trailers_free(struct http1_trailers *t)
{
	if (t == NULL)
		return;
	buf_clear(&t->text);
	free(t);
}
