#include "acme/dns/dns.h"

#include <sys/random.h>

#include <assert.h>
#include <stdlib.h>

#include "acme/dns/dns_inside.h"
#include "acme/dns/dns_message.h"
#include "base/mem.h"

#define QUESTIONS 2    /* per resolver: A and AAAA */
#define GRACE_S   2.5  /* a resolver that is down costs no more than this */
#define FLAGS_AT  3    /* of a message: its second byte of flags... */
#define FLAG_CD   0x10 /* ...of which this is "checking disabled" */

/* A SERVFAIL is often a passing one, and a broken signature is one too: the
 * same is asked again with DNSSEC unchecked, and if that gives an answer, once
 * more as at first (RFC 4035, 3.2.2). */
enum try {
	TRY_FIRST,
	TRY_UNCHECKED,
	TRY_LAST
};

struct question {
	struct dns_query *query;
	struct resolver *resolver;
	unsigned type;
	enum try try;
	bool is_answered;
	enum dns_result result;
	struct dns_walk walk;
};

struct dns_query {
	struct list link; /* in dns' open or finished */
	struct question questions[DNS_RESOLVERS_MAX * QUESTIONS];
	size_t n_questions;
	size_t n_open;
	ev_timer grace; /* of those that are late, when one has answered */
	bool is_hasty;  /* the first addresses will do */
	bool is_told;   /* nobody waits for what is still open */
	bool is_cancelled;
	dns_done *done;
	void *ctx;
};

/* --- one question -------------------------------------------------------- */

/* Both questions to a resolver are answered, and there are addresses. */
static bool
has_addresses(const struct dns_query *q)
{
	for (size_t i = 0; i + 1 < q->n_questions; i += QUESTIONS) {
		const struct question *a = &q->questions[i], *aaaa = a + 1;

		if (a->is_answered && aaaa->is_answered &&
		    a->walk.n_addresses + aaaa->walk.n_addresses > 0)
			return true;
	}
	return false;
}

/* To be told from the loop. */
static void
finish_query(struct dns *d, struct dns_query *q)
{
	ev_timer_stop(d->loop, &q->grace);
	list_remove(&q->link);
	list_append(&d->finished, &q->link);
	if (!ev_is_active(&d->deliver)) {
		ev_timer_set(&d->deliver, 0., 0.);
		ev_timer_start(d->loop, &d->deliver);
	}
}

static void
on_grace(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct dns_query *q = container_of(w, struct dns_query, grace);

	(void)loop;
	(void)revents;
	finish_query(q->questions[0].resolver->dns, q);
}

/* A resolver has said all it will. */
static bool
is_answer_whole(const struct question *qu)
{
	const struct dns_query *q = qu->query;
	size_t at = (size_t)(qu - q->questions) / QUESTIONS * QUESTIONS;

	return q->questions[at].is_answered &&
	       q->questions[at + 1].is_answered &&
	       q->questions[at].result != DNS_TIMEOUT &&
	       q->questions[at + 1].result != DNS_TIMEOUT;
}

static void
finish_question(struct question *qu, enum dns_result result)
{
	struct dns_query *q = qu->query;
	struct dns *d = qu->resolver->dns;

	qu->result = result;
	qu->is_answered = true;
	qu->resolver->is_silent = result == DNS_TIMEOUT;
	q->n_open--;
	if (q->n_open == 0 ||
	    (q->is_hasty && !q->is_told && has_addresses(q))) {
		finish_query(d, q);
	} else if (!q->is_told && !ev_is_active(&q->grace) &&
		   is_answer_whole(qu)) {
		ev_timer_set(&q->grace, GRACE_S, 0.);
		ev_timer_start(d->loop, &q->grace);
	}
}

enum dns_result
dns_result_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
		return DNS_OK;
	case ARES_ENOTFOUND:
		return DNS_NXDOMAIN;
	case ARES_ESERVFAIL:
		return DNS_SERVFAIL;
	case ARES_EREFUSED:
	case ARES_ENOTIMP:
		return DNS_REFUSED;
	case ARES_EFORMERR:
	case ARES_EBADRESP:
	case ARES_EBADNAME:
	case ARES_EBADQUERY:
		return DNS_MALFORMED;
	default: /* nobody there, or no way to it */
		return DNS_TIMEOUT;
	}
}

static void ask(struct question *qu);

/* What comes after a resolver failed, or said something unchecked; false:
 * nothing, what it says is the result. */
static bool
try_again(struct question *qu, enum dns_result *result)
{
	bool has_answer = *result == DNS_OK || *result == DNS_NXDOMAIN;

	switch (qu->try) {
	case TRY_FIRST:
		if (*result != DNS_SERVFAIL)
			return false;
		qu->try = TRY_UNCHECKED;
		break;
	case TRY_UNCHECKED:
		*result = DNS_SERVFAIL;
		if (!has_answer)
			return false;
		qu->try = TRY_LAST;
		break;
	case TRY_LAST:
		if (*result == DNS_SERVFAIL)
			*result = DNS_BOGUS;
		return false;
	}
	ask(qu);
	return true;
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *answer, int size)
{
	struct question *qu = arg;
	enum dns_result result = dns_result_of(status), walked = DNS_OK;
	size_t links = qu->walk.n_chain;

	(void)timeouts;
	if (qu->resolver->dns->is_closing || try_again(qu, &result))
		return;
	if ((result == DNS_OK || result == DNS_NXDOMAIN) && answer != NULL)
		walked = dns_walk_on(
		    &qu->walk, slice_of(answer, (size_t)size), qu->type);
	if (walked != DNS_OK) {
		finish_question(qu, walked);
	} else if (result == DNS_OK && qu->walk.n_addresses == 0 &&
		   qu->walk.n_chain > links) {
		qu->try = TRY_FIRST;
		ask(qu); /* a server that does not follow CNAMEs itself */
	} else {
		finish_question(qu, result);
	}
}

/* c-ares looks at the RCODE of its own questions, not of those it only sends.
 */
static void
on_unchecked(
    void *arg, int status, int timeouts, unsigned char *answer, int size)
{
	static const int statuses[] = {[1] = ARES_EFORMERR,
	    ARES_ESERVFAIL,
	    ARES_ENOTFOUND,
	    ARES_ENOTIMP,
	    ARES_EREFUSED};
	unsigned rcode =
	    answer != NULL && size > FLAGS_AT ? answer[FLAGS_AT] & 0xfu : 0;

	if (status == ARES_SUCCESS && rcode != 0)
		status = rcode < COUNT_OF(statuses) ? statuses[rcode]
						    : ARES_ESERVFAIL;
	on_answer(arg, status, timeouts, answer, size);
}

/* With the bit CD set: what does not validate is given all the same. */
static void
ask_unchecked(struct question *qu)
{
	unsigned char *message = NULL;
	unsigned short id;
	int size = 0, status;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		die("no random bytes");
	status = ares_create_query(qu->walk.name, DNS_CLASS_IN, (int)qu->type,
	    id, 1, &message, &size, DNS_EDNS_SIZE);
	if (status != ARES_SUCCESS) {
		on_answer(qu, status, 0, NULL, 0);
		return;
	}
	message[FLAGS_AT] |= FLAG_CD;
	ares_send(qu->resolver->channel, message, size, on_unchecked, qu);
	ares_free_string(message);
}

/* May call on_answer at once; the chain's limit bounds the depth. */
static void
ask(struct question *qu)
{
	if (qu->try == TRY_UNCHECKED) {
		ask_unchecked(qu);
		return;
	}
	ares_query(qu->resolver->channel, qu->walk.name, DNS_CLASS_IN,
	    (int)qu->type, on_answer, qu);
}

/* --- the query: every resolver, both types ------------------------------- */

static void
add_question(
    struct dns_query *q, struct resolver *r, const char *host, unsigned type)
{
	struct question *qu = &q->questions[q->n_questions++];

	qu->query = q;
	qu->resolver = r;
	qu->type = type;
	qu->result = DNS_TIMEOUT; /* until there is an answer */
	dns_walk_start(&qu->walk, host);
}

static struct dns_query *
begin(struct dns *d, const char *host, dns_done *done, void *ctx, bool is_hasty)
{
	struct dns_query *q = xcalloc(1, sizeof(*q));

	q->done = done;
	q->ctx = ctx;
	q->is_hasty = is_hasty;
	ev_init(&q->grace, on_grace);
	list_append(&d->open, &q->link);
	for (size_t i = 0; i < d->n_resolvers; i++) {
		add_question(q, &d->resolvers[i], host, DNS_TYPE_A);
		add_question(q, &d->resolvers[i], host, DNS_TYPE_AAAA);
	}
	q->n_open = q->n_questions;
	for (size_t i = 0; i < q->n_questions; i++)
		ask(&q->questions[i]);
	for (size_t i = 0; i < d->n_resolvers; i++)
		dns_update_timer(&d->resolvers[i]);
	return q;
}

struct dns_query *
dns_ask(struct dns *d, const char *host, dns_done *done, void *ctx)
{
	return begin(d, host, done, ctx, false);
}

struct dns_query *
dns_ask_first(struct dns *d, const char *host, dns_done *done, void *ctx)
{
	return begin(d, host, done, ctx, true);
}

void
dns_cancel(struct dns_query *q)
{
	q->is_cancelled =
	    true; /* c-ares still points at it: freed at its end */
}

static void
add_addresses(struct dns_answer *out, const struct dns_walk *w)
{
	for (size_t i = 0; i < w->n_addresses; i++) {
		size_t at = out->n_addresses;

		if (at == DNS_ADDRESSES_MAX)
			return;
		out->addresses[at] = w->addresses[i];
		out->address_ttl_s[at] = w->address_ttl_s[i];
		out->n_addresses++;
	}
}

static int
longer(int a, int b)
{
	return a > b ? a : b;
}

/* How long what stands at the name itself is remembered: its CNAME, or the
 * addresses, or that there are none. */
static int
kept_s(const struct dns_answer *a)
{
	int longest = a->denial_s;

	if (a->n_chain > 0)
		return a->chain_ttl_s[0];
	for (size_t i = 0; i < a->n_addresses; i++)
		longest = longer(longest, a->address_ttl_s[i]);
	return longest;
}

/* Two questions to one resolver become one answer. */
static void
merge(struct dns_answer *out, const struct question *a,
    const struct question *aaaa)
{
	const struct dns_walk *further =
	    a->walk.n_chain >= aaaa->walk.n_chain ? &a->walk : &aaaa->walk;

	memset(out, 0, sizeof(*out));
	out->resolver = a->resolver->addr;
	out->a = a->result;
	out->aaaa = aaaa->result;
	add_addresses(out, &a->walk);
	add_addresses(out, &aaaa->walk);
	memcpy(out->chain, further->chain, sizeof(out->chain));
	memcpy(
	    out->chain_ttl_s, further->chain_ttl_s, sizeof(out->chain_ttl_s));
	out->n_chain = further->n_chain;
	if (out->n_addresses == 0)
		out->denial_s =
		    longer(0, longer(a->walk.denial_s, aaaa->walk.denial_s));
	out->kept_s = kept_s(out);
	out->ttl_s = a->walk.ttl_s;
	if (out->ttl_s < 0 ||
	    (aaaa->walk.ttl_s >= 0 && aaaa->walk.ttl_s < out->ttl_s))
		out->ttl_s = aaaa->walk.ttl_s;
	if (out->ttl_s < 0)
		out->ttl_s = 0;
}

static void
on_deliver(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct dns *d = container_of(w, struct dns, deliver);
	struct dns_answer answers[DNS_RESOLVERS_MAX];
	struct list *first;

	(void)loop;
	(void)revents;
	while ((first = list_first(&d->finished)) != NULL) {
		struct dns_query *q =
		    container_of(first, struct dns_query, link);
		size_t n = q->n_questions / QUESTIONS;

		list_remove(&q->link);
		assert(d->finished.next != &q->link);
		for (size_t i = 0; i < n; i++)
			merge(&answers[i], &q->questions[QUESTIONS * i],
			    &q->questions[QUESTIONS * i + 1]);
		if (!q->is_cancelled && !q->is_told)
			q->done(q->ctx, answers, n);
		q->is_told = true;
		if (q->n_open == 0)
			free(q);
		else /* c-ares still points at it */
			list_append(&d->open, &q->link);
	}
}

const char *
dns_result_name(enum dns_result r)
{
	static const char *const names[] = {
	    [DNS_OK] = "ok",
	    [DNS_NXDOMAIN] = "nxdomain",
	    [DNS_SERVFAIL] = "servfail",
	    [DNS_REFUSED] = "refused",
	    [DNS_TIMEOUT] = "timeout",
	    [DNS_LOOP] = "loop",
	    [DNS_MALFORMED] = "malformed",
	    [DNS_BOGUS] = "bogus",
	};

	return names[r];
}

const char *
dns_answer_text(const struct dns_answer *a)
{
	static const char *const texts[] = {
	    [DNS_OK] = "has no address in DNS",
	    [DNS_NXDOMAIN] = "is unknown to DNS (NXDOMAIN)",
	    [DNS_SERVFAIL] = "cannot be resolved: its servers fail (SERVFAIL)",
	    [DNS_REFUSED] = "cannot be resolved: the resolver refuses",
	    [DNS_TIMEOUT] = "cannot be resolved: no answer from DNS",
	    [DNS_LOOP] = "cannot be resolved: its CNAMEs go in a circle",
	    [DNS_MALFORMED] = "cannot be resolved: the answer is malformed",
	    [DNS_BOGUS] =
		"cannot be resolved: its DNSSEC signatures are broken",
	};

	return texts[a->a != DNS_OK ? a->a : a->aaaa];
}

/* --- life ------------------------------------------------------------------
 */

enum err
dns_new(struct ev_loop *loop, const struct addr *resolvers, size_t n,
    struct dns **out, struct fault *f)
{
	struct addr found[DNS_RESOLVERS_MAX];
	struct dns *d = xcalloc(1, sizeof(*d));
	enum err e = ERR_OK;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		die("c-ares cannot start");
	d->loop = loop;
	list_init(&d->open);
	list_init(&d->finished);
	list_init(&d->lookups);
	ev_init(&d->deliver, on_deliver);
	if (n == 0) {
		e = dns_system_resolvers(found, &n, f);
		resolvers = found;
	}
	for (size_t i = 0; e == ERR_OK && i < n && i < DNS_RESOLVERS_MAX; i++)
		e = dns_open_resolver(d, &resolvers[i], f);
	if (e != ERR_OK) {
		dns_free(d);
		return e;
	}
	*out = d;
	return ERR_OK;
}

static void
free_queries(struct dns *d, struct list *head)
{
	LIST_FOREACH_SAFE(it, head) {
		struct dns_query *q = container_of(it, struct dns_query, link);

		list_remove(it);
		ev_timer_stop(d->loop, &q->grace);
		free(q);
	}
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	d->is_closing = true;
	for (size_t i = 0; i < d->n_resolvers; i++) {
		ares_destroy(d->resolvers[i].channel);
		ev_timer_stop(d->loop, &d->resolvers[i].timer);
	}
	ev_timer_stop(d->loop, &d->deliver);
	free_queries(d, &d->open);
	free_queries(d, &d->finished);
	dns_free_lookups(d);
	ares_library_cleanup();
	free(d);
}
