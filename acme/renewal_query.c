#include <stdlib.h>

#include "acme/ca_call.h"
#include "acme/renewal.h"
#include "base/mem.h"

struct renewal_query {
	struct ca *ca;
	char ari_id[ARI_ID_SIZE];
	struct ca_call *know;
	struct fetch_call *fetch;
	ca_done *done;
	void *ctx;
};

static void
finish(struct renewal_query *q, const struct acme_response *r,
    const struct problem *p)
{
	ca_done *done = q->done;
	void *ctx = q->ctx;

	free(q);
	done(ctx, r, p);
}

/* Its going wrong says nothing about orders: the CA is not marked as away. */
static void
on_answer(void *ctx, enum err e, const struct fetch_response *response,
    const struct fault *why)
{
	struct renewal_query *q = ctx;
	struct fault f;
	struct acme_response r = ca_response_of(q->ca, e, response, why, &f);

	q->fetch = NULL;
	finish(q, &r, NULL);
}

static void
on_known(void *ctx, const struct acme_response *r, const struct problem *p)
{
	struct renewal_query *q = ctx;
	const char *base = ca_directory(q->ca)->renewal_info;
	char *url;

	(void)r;
	q->know = NULL;
	if (p != NULL || base[0] == '\0') {
		finish(q, NULL, p);
		return;
	}
	url = xasprintf("%s/%s", base, q->ari_id); /* RFC 9773, 4.1 */
	q->fetch = ca_request(
	    q->ca, "GET", url, (struct slice){NULL, 0}, on_answer, q);
	free(url);
}

struct renewal_query *
renewal_ask(struct ca *ca, const char *ari_id, ca_done *done, void *ctx)
{
	struct renewal_query *q = xcalloc(1, sizeof(*q));

	q->ca = ca;
	memcpy(q->ari_id, ari_id, strnlen(ari_id, ARI_ID_SIZE - 1));
	q->done = done;
	q->ctx = ctx;
	q->know = ca_know(ca, on_known, q);
	return q;
}

void
renewal_cancel(struct renewal_query *q)
{
	if (q == NULL)
		return;
	ca_cancel(q->know);
	if (q->fetch != NULL)
		fetch_cancel(q->fetch);
	free(q);
}
