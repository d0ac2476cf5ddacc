#include "router/edge/error_page.h"

#include "base/http1.h"

/* A q value in thousandths; 1000 when there is none or it is malformed. */
static int
quality(struct slice parameters)
{
	struct slice p;

	while (slice_cut(&parameters, ';', &p)) {
		int q, digit = 100;

		p = slice_trim(p);
		if (p.n < 3 || (p.p[0] != 'q' && p.p[0] != 'Q') ||
		    p.p[1] != '=')
			continue;
		q = p.p[2] == '0' ? 0 : 1000;
		for (size_t i = 4; i < p.n && digit > 0; i++, digit /= 10)
			if (q < 1000 && p.p[i] >= '0' && p.p[i] <= '9')
				q += (p.p[i] - '0') * digit;
		return q;
	}
	return 1000;
}

/* How much `accept` wants the type: exactly named, else by a wildcard. */
static int
wanted(struct slice accept, struct slice type, struct slice family)
{
	int exact = -1, wide = -1, any = -1;
	struct slice range;

	while (slice_cut(&accept, ',', &range)) {
		struct slice name;
		int q;

		if (!slice_cut(&range, ';', &name))
			continue;
		q = quality(range);
		name = slice_trim(name);
		if (slice_eq_nocase(name, type))
			exact = q;
		else if (slice_eq_nocase(name, family))
			wide = q;
		else if (slice_eq(name, SLICE("*/*")))
			any = q;
	}
	if (exact < 0)
		exact = wide >= 0 ? wide : any;
	return exact > 0 ? exact : -1; /* q=0 is a refusal */
}

bool
accept_prefers_json(struct slice accept)
{
	int json =
	    wanted(accept, SLICE("application/json"), SLICE("application/*"));
	int problem = wanted(
	    accept, SLICE("application/problem+json"), SLICE("application/*"));
	int html = wanted(accept, SLICE("text/html"), SLICE("text/*"));

	return (json > problem ? json : problem) > html;
}

/* One sentence for a visitor, who cannot help it and may not know the app. */
static const char *
sentence(enum code code, int status)
{
	switch (code) {
	case CODE_T10:
		return "There is no site at this address.";
	case CODE_T11:
		return "There were too many requests from your address. "
		       "Please try again in a moment.";
	case CODE_H80:
		return "This site is down for maintenance. Please come back "
		       "soon.";
	case CODE_H81:
	case CODE_H14:
		return "There is nothing running here yet.";
	case CODE_H26:
		return "The request could not be understood or is not allowed.";
	case CODE_H31:
		return "This address is not served on this connection.";
	case CODE_T12:
		return "This site is not open to your address.";
	case CODE_NONE:
		return "";
	case CODE_H10:
	case CODE_H11:
	case CODE_H12:
	case CODE_H13:
	case CODE_H15:
	case CODE_H17:
	case CODE_H18:
	case CODE_H19:
	case CODE_H20:
	case CODE_H21:
	case CODE_H22:
	case CODE_H24:
	case CODE_H25:
	case CODE_H27:
	case CODE_H28:
	case CODE_H99:
	case CODES:
		break;
	}
	return status == 502 ? "The site gave an answer that cannot be shown."
			     : "The site cannot answer right now. Please try "
			       "again in a moment.";
}

static struct slice
html(struct arena *a, enum code code, int status, struct slice request_id)
{
	const char *reason = http1_reason(status);

	return arena_printf(a,
	    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>%d %s</title>\n"
	    "<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;"
	    "margin:18vh auto 0;padding:0 1.5rem;color:#222;background:#fff}"
	    "small{color:#777}@media(prefers-color-scheme:dark){"
	    "body{color:#ddd;background:#1b1b1b}}</style>\n"
	    "<h1>%s</h1>\n<p>%s</p>\n<p><small>%s &middot; %" SLICE_FMT
	    "</small></p>\n</html>\n",
	    status, reason, reason, sentence(code, status),
	    code_row(code)->name, SLICE_ARG(request_id));
}

/* A problem document (RFC 9457).  Nothing in it needs escaping: the id was
 * made or checked by us. */
static struct slice
json(struct arena *a, enum code code, int status, struct slice request_id)
{
	return arena_printf(a,
	    "{\"status\":%d,\"title\":\"%s\",\"detail\":\"%s\","
	    "\"code\":\"%s\",\"request_id\":\"%" SLICE_FMT "\"}\n",
	    status, http1_reason(status), sentence(code, status),
	    code_row(code)->name, SLICE_ARG(request_id));
}

struct error_page
error_page(struct arena *a, enum code code, int status, struct slice accept,
    struct slice request_id)
{
	if (accept_prefers_json(accept))
		return (struct error_page){SLICE("application/problem+json"),
		    json(a, code, status, request_id)};
	return (struct error_page){SLICE("text/html; charset=utf-8"),
	    html(a, code, status, request_id)};
}
