#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "router/control/api.h"
#include "router/control/api_apps.h"
#include "router/control/api_backends.h"
#include "router/control/api_cas.h"
#include "router/control/api_certificates.h"
#include "router/control/api_challenges.h"
#include "router/control/api_dns.h"
#include "router/control/api_domains.h"
#include "router/control/api_events.h"
#include "router/control/api_import.h"
#include "router/control/api_logs.h"
#include "router/control/api_openapi.h"
#include "router/control/api_orders.h"
#include "router/control/api_revoke.h"
#include "router/control/api_stats.h"
#include "router/control/api_status.h"

#define APPS     "/v1/apps"
#define APP      APPS "/{app}"
#define BACKENDS APP "/backends"
#define DOMAINS  "/v1/domains"
#define DOMAIN   DOMAINS "/{host}"
#define SLOT     DOMAIN "/certificate"
#define HISTORY  DOMAIN "/certificates"

/* clang-format off */
static const struct api_route routes[] = {
	{"GET", APPS, SCOPE_READ, API_READS, api_apps_list,
	    "the apps", NULL, "[]App"},
	{"POST", APPS, SCOPE_APPS, API_OWN, api_apps_create,
	    "a new app", "NewApp", "App"},
	{"GET", APP, SCOPE_READ, API_READS, api_apps_get,
	    "an app", NULL, "App"},
	{"PATCH", APP, SCOPE_APPS, API_OWN, api_apps_change,
	    "change settings of an app", "Settings", "App"},
	{"DELETE", APP, SCOPE_APPS, API_CHANGES, api_apps_destroy,
	    "remove an app", NULL, NULL},
	{"GET", BACKENDS, SCOPE_READ, API_READS, api_backends_list,
	    "backends of an app", NULL, "[]Backend"},
	{"POST", BACKENDS, SCOPE_APPS, API_OWN, api_backends_add,
	    "send requests there too", "Backends", "[]Backend"},
	{"PUT", BACKENDS, SCOPE_APPS, API_OWN, api_backends_set,
	    "exactly these from now on", "Backends", "[]Backend"},
	{"PATCH", BACKENDS "/{id}", SCOPE_APPS, API_CHANGES, api_backends_change,
	    "drain a backend, or resume it", "BackendState", "Backend"},
	{"DELETE", BACKENDS "/{id}", SCOPE_APPS, API_CHANGES, api_backends_remove,
	    "send no request there any more", NULL, "[]Backend"},
	{"GET", DOMAINS, SCOPE_READ, API_READS, api_domains_list,
	    "domains, filtered", NULL, "[]Domain"},
	{"POST", DOMAINS, SCOPE_DOMAINS, API_OWN, api_domains_add,
	    "serve a host", "NewDomain", "Domain"},
	{"GET", DOMAIN, SCOPE_READ, API_READS, api_domains_get,
	    "a domain", NULL, "Domain"},
	{"PATCH", DOMAIN, SCOPE_DOMAINS, API_OWN, api_domains_change,
	    "change a domain", "DomainChange", "Domain"},
	{"DELETE", DOMAIN, SCOPE_DOMAINS, API_CHANGES, api_domains_remove,
	    "serve a host no more", NULL, NULL},
	{"GET", DOMAIN "/eligibility", SCOPE_READ, API_READS, api_domains_eligibility,
	    "whether a host reaches us, as last seen", NULL, "Diagnosis"},
	{"POST", DOMAIN "/check", SCOPE_DOMAINS, API_OWN, api_domains_check,
	    "look now whether a host reaches us", NULL, "Diagnosis"},
	{"POST", DOMAIN "/dns", SCOPE_DOMAINS, API_OWN, api_dns_set,
	    "make the records that lead the host here at the DNS provider", "DnsChange", "DnsChanged"},
	{"POST", DOMAIN "/renew", SCOPE_CERTS, API_CHANGES, api_domains_renew,
	    "order a new automatic certificate now", NULL, "Domain"},
	{"GET", DOMAIN "/challenges", SCOPE_READ, API_READS, api_challenges_list,
	    "what the CA will look for", NULL, "[]Challenge"},
	{"POST", DOMAIN "/challenges", SCOPE_CERTS, API_OWN, api_challenges_add,
	    "order now, for a challenge that is served elsewhere; or say that it is", "NewChallenge", "[]Challenge"},
	{"POST", DOMAIN "/revoke", SCOPE_CERTS, API_CHANGES, api_certificate_revoke,
	    "a lost key: replace the automatic certificate, then revoke it", "Revocation", "Certificate"},
	{"POST", DOMAIN "/rollback", SCOPE_CERTS, API_CHANGES, api_certificate_roll_back,
	    "back to the custom certificate before", "Rollback", "Certificate"},
	{"POST", DOMAIN "/csr", SCOPE_CERTS, API_CHANGES, api_csr_add,
	    "make a key here and a request for it", "NewRequest", "Request"},
	{"GET", DOMAIN "/csr", SCOPE_READ, API_READS, api_csr_list,
	    "requests whose certificate has not come yet", NULL, "[]Request"},
	{"DELETE", DOMAIN "/csr/{number}", SCOPE_CERTS, API_CHANGES, api_csr_forget,
	    "forget a request and its key", NULL, NULL},
	{"GET", SLOT, SCOPE_READ, API_READS, api_certificate_get,
	    "the custom certificate", NULL, "Certificate"},
	{"POST", SLOT, SCOPE_CERTS, API_OWN, api_certificate_add,
	    "install one where none is", "Upload", "Uploaded"},
	{"PUT", SLOT, SCOPE_CERTS, API_OWN, api_certificate_put,
	    "install one, also in the place of another", "Upload", "Uploaded"},
	{"DELETE", SLOT, SCOPE_CERTS, API_CHANGES, api_certificate_remove,
	    "back to the automatic certificate", NULL, "Domain"},
	{"GET", HISTORY, SCOPE_READ, API_READS, api_certificate_history,
	    "every certificate a host had", NULL, "[]Certificate"},
	{"GET", HISTORY "/{number}/download", SCOPE_READ, API_READS, api_certificate_download,
	    "a certificate and its chain as PEM", NULL, "Download"},
	{"GET", HISTORY "/{number}/private_key", SCOPE_KEYS_EXPORT, API_CHANGES, api_certificate_private_key,
	    "a private key as PEM", NULL, "PrivateKey"},
	{"GET", "/v1/certificates", SCOPE_READ, API_READS, api_certificates_list,
	    "what is served", NULL, "[]Certificate"},
	{"POST", "/v1/certificates", SCOPE_CERTS, API_CHANGES, api_orders_add,
	    "order one certificate for several domains of an app", "NewOrder", "Order"},
	{"GET", "/v1/certificates/{number}", SCOPE_READ, API_READS, api_orders_get,
	    "a certificate of several domains", NULL, "Order"},
	{"GET", "/v1/events", SCOPE_READ, API_READS, api_events,
	    "what happened; as text/event-stream, what happens", NULL, "[]Event"},
	{"GET", "/v1/status", SCOPE_READ, API_READS, api_status,
	    "how everything is", NULL, "Status"},
	{"GET", "/v1/faults", SCOPE_READ, API_READS, api_faults,
	    "domains by fault", NULL, "[]FaultCount"},
	{"GET", "/v1/logs", SCOPE_LOGS, API_OWN, api_logs,
	    "the last router lines; as text/event-stream, those that come", NULL, "[]LogLine"},
	{"GET", "/v1/explain/{id}", SCOPE_LOGS, API_OWN, api_explain,
	    "the story of a host (scope read), or of a request", NULL, "Explanation"},
	{"GET", "/v1/stats", SCOPE_READ, API_OWN, api_stats,
	    "traffic of all apps, or of one", NULL, "Stats"},
	{"GET", "/metrics", SCOPE_READ, API_OWN, api_metrics,
	    "counters in Prometheus' text format", NULL, NULL},
	{"GET", "/v1/acme", SCOPE_READ, API_READS, api_acme,
	    "the CA: account, orders, renewals", NULL, "Acme"},
	{"POST", "/v1/acme/rollover", SCOPE_ADMIN, API_OWN, api_acme_rollover,
	    "another key for the account with a CA", "Rollover", "Ca"},
	{"POST", "/v1/import", SCOPE_ADMIN, API_LINES, api_import,
	    "JSON lines of apps, domains and certificates", NULL, "Imported"},
	{"GET", "/v1/openapi.json", SCOPE_READ, API_READS, api_openapi,
	    "this description", NULL, "Description"},
};
/* clang-format on */

const struct api_route *
api_route_at(size_t i)
{
	return i < COUNT_OF(routes) ? &routes[i] : NULL;
}

/* HEAD is GET without its body, which the server leaves out. */
static bool
takes(const struct api_route *r, struct slice method)
{
	return slice_eq(slice_str(r->method), method) ||
	       (slice_eq(method, SLICE("HEAD")) &&
		   strcmp(r->method, "GET") == 0);
}

static enum err
read_params(struct api_call *call, const struct slice *params, size_t n,
    struct fault *f)
{
	for (size_t i = 0; i < n; i++)
		if (url_decode(params[i], call->params[i], API_PARAM_SIZE) !=
		    ERR_OK) {
			fault_set(f, FAULT_P11_FIELD_INVALID,
			    "A part of the path cannot be read");
			return ERR_SYNTAX;
		}
	return ERR_OK;
}

enum err
api_route_find(struct api_call *call, struct slice method, struct slice path,
    char allow[API_ALLOW_SIZE], struct fault *f)
{
	struct slice params[URL_PARAMS_MAX];
	size_t n, used = 0;

	allow[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		if (!url_match(path, routes[i].pattern, params, &n))
			continue;
		if (takes(&routes[i], method)) {
			call->route = &routes[i];
			return read_params(call, params, n, f);
		}
		used += (size_t)snprintf(allow + used, API_ALLOW_SIZE - used,
		    "%s%s", used == 0 ? "" : ", ", routes[i].method);
	}
	if (used > 0)
		fault_set(f, FAULT_P13_METHOD, "This path takes %s", allow);
	else
		fault_set(f, FAULT_P12_NO_SUCH_PATH, NULL);
	return ERR_NOT_FOUND;
}
