#include "acme/ari.h"

#include <stdio.h>

#include "acme/base64url.h"
#include "acme/directory.h"
#include "base/clock.h"

#define TRIES_MAX 3 /* of what may pass, before it counts as lasting */

enum err
ari_id(const struct certificate *leaf, char out[ARI_ID_SIZE])
{
	const struct certificate_bytes *key = &leaf->issuer_key_id;
	const struct certificate_bytes *serial = &leaf->serial_bytes;
	struct buf b;
	enum err e;

	out[0] = '\0';
	if (key->n == 0 || serial->n == 0)
		return ERR_NOT_FOUND;
	buf_init(&b, ARI_ID_SIZE - 1);
	e = base64url_add(&b, slice_of(key->p, key->n));
	if (e == ERR_OK)
		e = buf_add_str(&b, ".");
	if (e == ERR_OK)
		e = base64url_add(&b, slice_of(serial->p, serial->n));
	if (e == ERR_OK)
		e = slice_to_str(buf_slice(&b), out, ARI_ID_SIZE);
	buf_clear(&b);
	return e;
}

static enum err
read_time(const json_t *window, const char *member, int64_t *out)
{
	return clock_parse(slice_str(json_str(window, member)), out);
}

static enum err
read_window(struct slice body, struct ari_window *out)
{
	json_t *document = NULL;
	const json_t *window;
	const char *url;
	enum err e = json_parse(body, &document, NULL);

	*out = (struct ari_window){0};
	window = json_obj(document, "suggestedWindow");
	if (e == ERR_OK)
		e = read_time(window, "start", &out->start_at);
	if (e == ERR_OK)
		e = read_time(window, "end", &out->end_at);
	if (e == ERR_OK && out->end_at <= out->start_at)
		e = ERR_SYNTAX;
	url = json_str(document, "explanationURL");
	if (e == ERR_OK && acme_url_is_sane(url) &&
	    strlen(url) < sizeof(out->explanation))
		memcpy(out->explanation, url, strlen(url) + 1);
	json_decref(document);
	return e;
}

static int64_t
clamp(int64_t seconds)
{
	if (seconds < ARI_POLL_MIN_S)
		return ARI_POLL_MIN_S;
	return seconds > ARI_POLL_MAX_S ? ARI_POLL_MAX_S : seconds;
}

/* 1 min, 10 min, 100 min; then as what lasts (4.3.3). */
static int64_t
pause_after(int failures, bool may_pass)
{
	int64_t pause = ARI_POLL_MIN_S;

	if (!may_pass || failures >= TRIES_MAX)
		return ARI_LONG_S;
	for (int i = 0; i < failures; i++)
		pause *= 10;
	return pause;
}

static enum err
refuse(const struct acme_response *r, struct fault *why)
{
	struct problem p;

	problem_read(r, &p);
	fault_set(
	    why, p.fault.code, "Renewal information: %.400s", p.fault.text);
	return ERR_PEER;
}

enum err
ari_read(const struct acme_response *r, int failures, struct ari_window *out,
    int64_t *poll_at, struct fault *why)
{
	int64_t told = problem_retry_at(r->retry_after, r->now);
	bool may_pass = r->status == 0 || r->status == 429 || r->status >= 500;

	*poll_at = r->now + pause_after(failures, may_pass);
	if (may_pass && told > *poll_at)
		*poll_at = r->now + clamp(told - r->now);
	if (r->status != 200)
		return refuse(r, why);
	if (read_window(r->body, out) != ERR_OK) {
		fault_set(why, FAULT_A12_CA_ANSWER_MALFORMED,
		    "What the certificate authority gives as renewal "
		    "information is none");
		return ERR_SYNTAX;
	}
	/* told nothing, or nonsense: that lasts, says 4.3.3 */
	*poll_at = r->now + (told == 0 ? ARI_LONG_S : clamp(told - r->now));
	return ERR_OK;
}

int64_t
ari_choose(const struct ari_window *w, uint64_t random)
{
	uint64_t width = (uint64_t)(w->end_at - w->start_at);

	return w->start_at + (int64_t)(random % width);
}
