#include "base/app_setting.h"

#include "base/mem.h"

#define DAY_S 86400.

/* clang-format off */
static const struct app_setting table[] = {
	{"force_https", SETTING_BOOL, 0, 0, false, NULL, "off",
	    "answer plain HTTP with a redirect to HTTPS"},
	{"hsts", SETTING_SECONDS, 1, 63072000, true, NULL, "0",
	    "max-age of Strict-Transport-Security; 0: not sent"},
	{"canonical_host", SETTING_HOST, 0, 0, false, NULL, "",
	    "redirect the app's other hosts to this one"},
	{"maintenance", SETTING_BOOL, 0, 0, false, NULL, "off",
	    "answer everything with the maintenance page"},
	{"maintenance_page", SETTING_PAGE, 0, 0, false, NULL, "",
	    "what is shown then: HTML, or the URL of it"},
	{"error_page", SETTING_PAGE, 0, 0, false, NULL, "",
	    "shown for the router's errors of 5xx: HTML, or the URL of it"},
	{"balance", SETTING_CHOICE, 0, 0, false, "random2 least roundrobin",
	    "random2", "how a backend is chosen"},
	{"connect_timeout", SETTING_SECONDS, 0.01, 600, false, NULL, "5s",
	    "to connect to a backend"},
	{"first_byte_timeout", SETTING_SECONDS, 0.01, 3600, false, NULL, "30s",
	    "until a response begins"},
	{"idle_timeout", SETTING_SECONDS, 0.01, DAY_S, false, NULL, "55s",
	    "without a byte, once a response has begun"},
	{"max_active", SETTING_COUNT, 1, 1000000, true, NULL, "0",
	    "requests at once on one backend; 0: no limit"},
	{"queue", SETTING_COUNT, 1, 100000, true, NULL, "0",
	    "requests that may wait for a backend; 0: none"},
	{"queue_timeout", SETTING_SECONDS, 0.01, 3600, false, NULL, "30s",
	    "that a request may wait in the queue"},
	{"slow_start", SETTING_SECONDS, 0.1, 600, true, NULL, "10s",
	    "until a new backend gets its whole share; 0: at once"},
	{"sticky", SETTING_BOOL, 0, 0, false, NULL, "off",
	    "send a visitor to the same backend, by a cookie"},
	{"health_path", SETTING_PATH, 0, 0, false, NULL, "",
	    "ask each backend for this, and leave alone who answers badly"},
	{"health_interval", SETTING_SECONDS, 0.1, 3600, false, NULL, "10s",
	    "between two health checks of a backend"},
	{"health_threshold", SETTING_COUNT, 1, 100, false, NULL, "3",
	    "failed health checks in a row until a backend is down"},
	{"rate", SETTING_RATE, 0, 0, true, NULL, "",
	    "requests of one client: 100/s, 600/m, 1000/h; 100/s:20 for 20 "
	    "at once"},
	{"max_body", SETTING_BYTES, 1, 1e12, true, NULL, "0",
	    "of a request; 0: no limit"},
	{"max_headers", SETTING_BYTES, 256, 65536, true, NULL, "0",
	    "of a request's head; 0: the router's own limit"},
	{"min_tls", SETTING_CHOICE, 0, 0, false, "1.2 1.3", "1.2",
	    "oldest version of TLS that is accepted"},
	{"allow", SETTING_NETWORKS, 0, 0, false, NULL, "",
	    "who may come; empty: everybody"},
	{"deny", SETTING_NETWORKS, 0, 0, false, NULL, "",
	    "who may not come, even when allowed"},
	{"request_headers", SETTING_HEADERS, 0, 0, false, NULL, "",
	    "rules for what goes to the backend"},
	{"response_headers", SETTING_HEADERS, 0, 0, false, NULL, "",
	    "rules for what goes to the client"},
	{"backend_ca", SETTING_CA, 0, 0, false, NULL, "",
	    "FILE of CA certificates that https:// backends are vouched for "
	    "by; empty: the system's"},
	{"backend_host", SETTING_HOST, 0, 0, false, NULL, "",
	    "name that the certificate of https:// backends is for; empty: "
	    "the one they are written with"},
	{"proxy_protocol", SETTING_CHOICE, 0, 0, false, "off v1 v2", "off",
	    "PROXY header at the start of each connection to a backend"},
};
/* clang-format on */

const struct app_setting *
app_setting_at(size_t i)
{
	return i < COUNT_OF(table) ? &table[i] : NULL;
}

const struct app_setting *
app_setting_find(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i].key, key) == 0)
			return &table[i];
	return NULL;
}

bool
app_setting_is_list(const struct app_setting *s)
{
	return s->kind == SETTING_NETWORKS || s->kind == SETTING_HEADERS;
}

bool
app_setting_is_url(struct slice page)
{
	return slice_starts_with(page, SLICE("https://")) ||
	       slice_starts_with(page, SLICE("http://"));
}
