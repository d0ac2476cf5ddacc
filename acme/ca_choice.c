#include "acme/ca_choice.h"

#include "base/mem.h"

#define AWAY_S     300   /* until a CA that was away is tried again */
#define REFUSED_S  1800  /* an account that is refused: people are slower */
#define NAME_S     86400 /* what it says of a name */
#define PATIENCE_S 600   /* a limit that passes sooner is waited for */

/* --- which --------------------------------------------------------------- */

static int64_t
ready_at(const struct ca_view *v)
{
	return v->all_ready_at > v->name_ready_at ? v->all_ready_at
						  : v->name_ready_at;
}

enum ca_seat
ca_choose(enum wish_ca wish, const struct ca_view views[CA_SEATS], int64_t now)
{
	int64_t first = ready_at(&views[CA_FIRST]);
	int64_t fallback = ready_at(&views[CA_FALLBACK]);

	if (wish == WISH_CA_FALLBACK && views[CA_FALLBACK].is_able)
		return CA_FALLBACK;
	if (!views[CA_FALLBACK].is_able)
		return views[CA_FIRST].is_able ? CA_FIRST : CA_SEATS;
	if (!views[CA_FIRST].is_able)
		return CA_FALLBACK;
	if (wish == WISH_CA_FIRST || first <= now)
		return CA_FIRST;
	return fallback < first ? CA_FALLBACK : CA_FIRST;
}

enum ca_seat
ca_move(enum wish_ca wish, enum ca_seat from,
    const struct ca_view views[CA_SEATS], int64_t now)
{
	enum ca_seat to = from == CA_FIRST ? CA_FALLBACK : CA_FIRST;

	if (wish != WISH_CA_AUTO || !views[to].is_able ||
	    views[to].all_ready_at > now)
		return CA_SEATS;
	return to;
}

/* --- how long ------------------------------------------------------------ */

enum shun_kind {
	SHUN_AWAY,    /* all, shortly */
	SHUN_ACCOUNT, /* all, until a person acts */
	SHUN_NAME,    /* this name */
	SHUN_LIMIT,   /* as long as it says */
};

struct row {
	enum fault_code code;
	enum shun_kind kind;
};

static const struct row rows[] = {
    {FAULT_A10_TERMS_NOT_AGREED, SHUN_ACCOUNT},
    {FAULT_A11_CA_UNREACHABLE, SHUN_AWAY},
    {FAULT_A12_CA_ANSWER_MALFORMED, SHUN_AWAY},
    {FAULT_A13_RATE_LIMITED, SHUN_LIMIT},
    {FAULT_A14_PAUSED, SHUN_NAME},
    {FAULT_A15_CAA, SHUN_NAME},
    {FAULT_A16_REJECTED_IDENTIFIER, SHUN_NAME},
    {FAULT_A20_ACCOUNT_REFUSED, SHUN_ACCOUNT},
    {FAULT_A21_EAB_REQUIRED, SHUN_ACCOUNT},
    {FAULT_A24_CERTIFICATE_UNFIT, SHUN_NAME},
    {FAULT_A25_CA_INTERNAL, SHUN_AWAY},
    {FAULT_A29_CA_WANTS_PERSON, SHUN_ACCOUNT},
};

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct ca_shun
ca_shun_of(
    enum fault_code code, bool is_account_wide, int64_t retry_at, int64_t now)
{
	struct ca_shun out = {0};
	size_t i = 0;

	while (i < COUNT_OF(rows) && rows[i].code != code)
		i++;
	if (i == COUNT_OF(rows))
		return out;
	switch (rows[i].kind) {
	case SHUN_AWAY:
		return (struct ca_shun){later(now + AWAY_S, retry_at), true};
	case SHUN_ACCOUNT:
		return (struct ca_shun){now + REFUSED_S, true};
	case SHUN_NAME:
		return (struct ca_shun){now + NAME_S, false};
	case SHUN_LIMIT:
		if (retry_at > now + PATIENCE_S)
			out = (struct ca_shun){retry_at, is_account_wide};
		return out;
	}
	return out;
}

/* --- words --------------------------------------------------------------- */

static const char *const words[] = {
    [WISH_CA_AUTO] = "auto",
    [WISH_CA_FIRST] = "first",
    [WISH_CA_FALLBACK] = "fallback",
};

const char *
wish_ca_text(enum wish_ca wish)
{
	return words[wish];
}

bool
wish_ca_read(const char *text, enum wish_ca *out)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*out = (enum wish_ca)i;
			return true;
		}
	return false;
}
