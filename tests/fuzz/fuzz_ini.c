/*
 * A configuration file of any bytes.  What the visitor sees is clean, lies in
 * the text, and comes the same with either end of line; a refusal has its
 * place.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/ini.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		assert((unsigned char)s.p[i] >= 0x20 || s.p[i] == '\t');
	assert(slice_eq(s, slice_trim(s)));
}

static enum err
note(void *ctx, struct slice section, struct slice key, struct slice value,
    struct fault *f)
{
	check(section);
	check(key);
	check(value);
	assert(section.n > 0 && key.n > 0);
	assert(slice_find(key, '=') == key.n);
	if (slice_eq(key, SLICE("refused"))) {
		fault_set(f, FAULT_S11_CONFIG_UNKNOWN_KEY, NULL);
		return ERR_NOT_FOUND;
	}
	return buf_printf(ctx,
	    "[%" SLICE_FMT "]%" SLICE_FMT "=%" SLICE_FMT "\n",
	    SLICE_ARG(section), SLICE_ARG(key), SLICE_ARG(value));
}

static char *
seen_in(struct slice text)
{
	struct fault f = {0};
	struct buf seen;
	enum err e;

	buf_init(&seen, SIZE_MAX / 2);
	e = ini_read("fuzz", text, note, &seen, &f);
	assert((e != ERR_OK) == fault_is_set(&f));
	assert(e == ERR_OK ||
	       slice_starts_with(slice_str(f.text), SLICE("fuzz:")));
	(void)buf_printf(&seen, "%s %s", err_name(e), f.text);
	return buf_take(&seen);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = slice_of(data, n), line, rest = text;
	char *seen, *again;
	struct buf dos;

	buf_init(&dos, SIZE_MAX / 2);
	for (bool is_first = true; slice_cut(&rest, '\n', &line);) {
		(void)buf_add_str(&dos, is_first ? "" : "\r\n");
		(void)buf_add(&dos, line);
		is_first = false;
	}
	seen = seen_in(text);
	/* a line that ended with CR has two of them now */
	if (memchr(data, '\r', n) == NULL) {
		again = seen_in(buf_slice(&dos));
		assert(strcmp(seen, again) == 0);
		free(again);
	}
	free(seen);
	buf_clear(&dos);
	return 0;
}
