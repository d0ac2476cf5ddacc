#include "base/http1_judge.h"

#include "base/host.h"

/* What is counted while walking the fields, and no part of the result. */
struct walk {
	size_t n_host, n_length, n_coding;
	bool says_close, says_keep_alive, says_upgrade, has_upgrade;
	bool is_other_coding;
};

static bool
is_name(struct slice name, struct slice wanted)
{
	/* most names differ in length, and that costs one comparison */
	return name.n == wanted.n && slice_eq_nocase(name, wanted);
}

static enum http1_cause
take_length(struct http1_head *head, struct walk *w, struct slice value)
{
	uint64_t length;

	/* a second one is refused even when it is equal: who forwards it
	 * might take another one than we do */
	if (w->n_length++ > 0 || slice_to_u64(value, &length) != ERR_OK ||
	    length > INT64_MAX)
		return HTTP1_BAD_FRAMING;
	head->content_length = (int64_t)length;
	return HTTP1_FINE;
}

static enum http1_cause
take_coding(struct http1_head *head, struct walk *w, struct slice value)
{
	struct slice coding;

	while (slice_cut(&value, ',', &coding)) {
		coding = slice_trim(coding);
		if (coding.n == 0 || head->is_chunked)
			return HTTP1_BAD_FRAMING;
		if (slice_eq_nocase(coding, SLICE("chunked")))
			head->is_chunked = true;
		else
			w->is_other_coding = true;
	}
	w->n_coding++;
	return HTTP1_FINE;
}

static void
take_connection(struct walk *w, struct slice value)
{
	struct slice option;

	while (slice_cut(&value, ',', &option)) {
		option = slice_trim(option);
		if (slice_eq_nocase(option, SLICE("close")))
			w->says_close = true;
		else if (slice_eq_nocase(option, SLICE("keep-alive")))
			w->says_keep_alive = true;
		else if (slice_eq_nocase(option, SLICE("upgrade")))
			w->says_upgrade = true;
	}
}

static enum http1_cause
take_field(struct http1_head *head, struct walk *w, struct http1_field *f)
{
	if (is_name(f->name, SLICE("Host"))) {
		head->host = f->value;
		w->n_host++;
	} else if (is_name(f->name, SLICE("Content-Length"))) {
		return take_length(head, w, f->value);
	} else if (is_name(f->name, SLICE("Transfer-Encoding"))) {
		return take_coding(head, w, f->value);
	} else if (is_name(f->name, SLICE("Connection"))) {
		take_connection(w, f->value);
	} else if (is_name(f->name, SLICE("Upgrade"))) {
		w->has_upgrade = true;
	} else if (is_name(f->name, SLICE("Expect"))) {
		head->expects_continue =
		    slice_eq_nocase(f->value, SLICE("100-continue"));
	}
	return HTTP1_FINE;
}

/* The authority of an absolute-form target, .p NULL when it has none. */
static struct slice
authority_of(struct slice target)
{
	static const struct slice schemes[] = {{"http://", 7}, {"https://", 8}};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct slice scheme = schemes[i];
		size_t n = 0;

		if (target.n < scheme.n ||
		    !slice_eq_nocase(slice_of(target.p, scheme.n), scheme))
			continue;
		target = slice_from(target, scheme.n);
		while (n < target.n && target.p[n] != '/' &&
		       target.p[n] != '?' && target.p[n] != '#')
			n++;
		return slice_of(target.p, n);
	}
	return slice_of(NULL, 0);
}

/* RFC 9112, 3.2: one Host, whatever the target says; the target's authority
 * then wins.  HTTP/1.0 knew no Host. */
static enum http1_cause
judge_host(struct http1_head *head, const struct walk *w)
{
	char host[HOST_SIZE];

	if (w->n_host > 1 || (w->n_host == 0 && head->minor > 0))
		return HTTP1_BAD_HOST;
	if (w->n_host == 1 && host_canonical(head->host, host) != ERR_OK)
		return HTTP1_BAD_HOST;
	if (head->target.p[0] == '/' ||
	    (slice_eq(head->target, SLICE("*")) &&
		slice_eq(head->method, SLICE("OPTIONS"))))
		return HTTP1_FINE;
	head->host = slice_eq(head->method, SLICE("CONNECT"))
			 ? head->target
			 : authority_of(head->target);
	if (head->host.p == NULL)
		return HTTP1_BAD_SYNTAX;
	return host_canonical(head->host, host) == ERR_OK ? HTTP1_FINE
							  : HTTP1_BAD_HOST;
}

/* RFC 9112, 6.1 and 6.3.  Both kinds of framing at once, a coding that hides
 * the length, or a coding in HTTP/1.0 are how requests are smuggled. */
static enum http1_cause
judge_framing(const struct http1_head *head, const struct walk *w)
{
	if (w->n_coding == 0)
		return HTTP1_FINE;
	if (w->n_length > 0 || w->n_coding > 1 || head->minor == 0)
		return HTTP1_BAD_FRAMING;
	if (w->is_other_coding)
		return HTTP1_BAD_CODING;
	return HTTP1_FINE;
}

static enum http1_cause
judge_request(struct http1_head *head, const struct walk *w)
{
	enum http1_cause why = judge_host(head, w);

	if (why != HTTP1_FINE)
		return why;
	head->has_body = head->is_chunked || head->content_length > 0;
	head->is_upgrade = w->says_upgrade && w->has_upgrade && head->minor > 0;
	/* what followed would be taken for the tunnel's bytes by some */
	if (head->has_body && slice_eq(head->method, SLICE("CONNECT")))
		return HTTP1_BAD_FRAMING;
	return HTTP1_FINE;
}

static void
judge_response(struct http1_head *head, const struct walk *w, bool was_head)
{
	bool is_bare = head->status / 100 == 1 || head->status == 204;

	head->is_upgrade =
	    head->status == 101 && w->says_upgrade && w->has_upgrade;
	if (is_bare || head->status == 304 || was_head) {
		/* some send one all the same: let it not be taken for the
		 * next response */
		if (is_bare && (head->is_chunked || head->content_length > 0))
			head->keep_alive = false;
		return;
	}
	head->until_close = w->n_coding == 0 && w->n_length == 0;
	head->has_body =
	    head->is_chunked || head->content_length > 0 || head->until_close;
	if (head->until_close)
		head->keep_alive = false;
}

enum http1_cause
http1_judge(struct http1_head *head, bool was_head)
{
	struct walk w = {0};
	enum http1_cause why;

	head->host = slice_of("", 0);
	head->content_length = -1;
	for (size_t i = 0; i < head->n_fields; i++) {
		why = take_field(head, &w, &head->fields[i]);
		if (why != HTTP1_FINE)
			return why;
	}
	why = judge_framing(head, &w);
	if (why != HTTP1_FINE)
		return why;
	head->keep_alive =
	    !w.says_close && (head->minor > 0 || w.says_keep_alive);
	if (head->minor == 0)
		head->expects_continue = false;
	if (head->kind == HTTP1_REQUEST)
		return judge_request(head, &w);
	judge_response(head, &w, was_head);
	return HTTP1_FINE;
}
