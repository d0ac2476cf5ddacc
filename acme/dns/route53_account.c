#include "acme/dns/route53_account.h"

#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#include "acme/dns/route53_xml.h"
#include "base/mem.h"

#define ENDPOINT   "https://route53.amazonaws.com"
#define VERSION    "/2013-04-01"
#define REGION     "us-east-1" /* of all that is not China's */
#define TIMEOUT_MS 30000
#define CONNECT_MS 10000

void
route53_account_init(struct route53_account *a, struct fetch *fetch,
    const struct route53_config *config)
{
	*a = (struct route53_account){
	    .fetch = fetch,
	    .user = xstrdup(config->access_key_id),
	    .password = xstrdup(config->secret_access_key),
	    .endpoint = xstrdup(
		config->endpoint[0] == '\0' ? ENDPOINT : config->endpoint),
	    .signed_for = xasprintf("aws:amz:%s:route53",
		config->region[0] == '\0' ? REGION : config->region),
	};
	if (config->session_token[0] != '\0')
		a->session = xasprintf(
		    "X-Amz-Security-Token: %s", config->session_token);
}

void
route53_account_clear(struct route53_account *a)
{
	free(a->user);
	secret_free(a->password, strlen(a->password));
	free(a->endpoint);
	free(a->signed_for);
	if (a->session != NULL)
		secret_free(a->session, strlen(a->session));
}

struct fetch_call *
route53_request(const struct route53_account *a, const char *path,
    struct slice body, fetch_done *done, void *ctx)
{
	const char *headers[3] = {NULL};
	size_t n = 0;
	char *url = xasprintf("%s" VERSION "%s", a->endpoint, path);
	struct fetch_request q = {
	    .method = body.p == NULL ? "GET" : "POST",
	    .url = url,
	    .headers = headers,
	    .body = body,
	    .aws_sigv4 = a->signed_for,
	    .user = a->user,
	    .password = a->password,
	    .timeout_ms = TIMEOUT_MS,
	    .connect_timeout_ms = CONNECT_MS,
	    .body_max = ROUTE53_XML_MAX,
	    .done = done,
	    .ctx = ctx,
	};
	struct fetch_call *call;

	if (body.p != NULL)
		headers[n++] = "Content-Type: text/xml";
	if (a->session != NULL)
		headers[n++] = a->session;
	call = fetch_start(a->fetch, &q);
	free(url);
	return call;
}

double
route53_jittered(double seconds)
{
	uint16_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		die("no random bytes");
	return seconds * (0.5 + random / (2. * UINT16_MAX));
}
