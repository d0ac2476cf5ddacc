#include "admin-tui/filter.h"

#include <stdio.h>

#define NAME_SIZE 16

bool
filter_has(const char *text, struct slice word)
{
	size_t n = strlen(text);
	for (size_t i = 0; i + word.n <= n; i++)
		if (slice_eq_nocase(slice_of(text + i, word.n), word))
			return true;
	return false;
}

/* "status:x" looks in status, if there is such a column; else it is a word
 * like any other. */
static bool
match_word(struct slice word, filter_text *text, const void *ctx, size_t row)
{
	char in[FILTER_TEXT_SIZE], name[NAME_SIZE];
	size_t colon = slice_find(word, ':');
	if (colon > 0 && colon < word.n && colon < NAME_SIZE) {
		snprintf(name, sizeof(name), "%.*s", (int)colon, word.p);
		if (text(ctx, row, name, in))
			return filter_has(in, slice_from(word, colon + 1));
	}
	return text(ctx, row, "", in) && filter_has(in, word);
}

bool
filter_match(
    struct slice filter, filter_text *text, const void *ctx, size_t row)
{
	struct slice word;
	while (slice_word(&filter, &word)) {
		bool wanted = word.p[0] != '-' || word.n == 1;
		if (!wanted)
			word = slice_from(word, 1);
		if (match_word(word, text, ctx, row) != wanted)
			return false;
	}
	return true;
}
