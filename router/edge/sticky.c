#include "router/edge/sticky.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/siphash.h"

#define TOKEN_CHARS 16

static enum err
read_hex(struct slice s, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return ERR_SYNTAX;
	}
	*out = value;
	return ERR_OK;
}

enum err
sticky_key_read(struct slice hex, struct sticky_key *out)
{
	enum err e;

	if (hex.n != STICKY_KEY_CHARS)
		return ERR_SYNTAX;
	e = read_hex(slice_of(hex.p, 16), &out->words[0]);
	return e == ERR_OK ? read_hex(slice_from(hex, 16), &out->words[1]) : e;
}

uint64_t
sticky_token(
    const struct sticky_key *key, struct slice app, struct slice backend)
{
	/* the app's hash keys the backend's, so that no two pairs of names
	 * can run together */
	uint64_t inner[2] = {siphash(key->words, app), key->words[1]};
	uint64_t token = siphash(inner, backend);

	return token == 0 ? 1 : token;
}

/* One Cookie field: "a=b; c=d". */
static uint64_t
find_in(struct slice cookies)
{
	struct slice pair, name;
	uint64_t token = 0;

	while (slice_cut(&cookies, ';', &pair)) {
		pair = slice_trim(pair);
		if (!slice_cut(&pair, '=', &name) ||
		    !slice_eq(name, SLICE(STICKY_COOKIE)))
			continue;
		if (pair.n == TOKEN_CHARS && read_hex(pair, &token) == ERR_OK)
			return token;
	}
	return 0;
}

uint64_t
sticky_find(const struct headers *request)
{
	/* HTTP/2 may send the pairs as fields of their own */
	for (size_t i = 0; i < request->n; i++) {
		const struct header *h = &request->items[i];
		uint64_t token = 0;

		if (slice_eq_nocase(h->name, SLICE("cookie")))
			token = find_in(h->value);
		if (token != 0)
			return token;
	}
	return 0;
}

struct slice
sticky_cookie(struct arena *a, uint64_t token, bool is_https)
{
	return arena_printf(a,
	    STICKY_COOKIE "=%016" PRIx64
			  "; Max-Age=%d; Path=/; HttpOnly; SameSite=Lax%s",
	    token, STICKY_SECONDS, is_https ? "; Secure" : "");
}
