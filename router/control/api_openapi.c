#include "router/control/api_openapi.h"

#include <stdlib.h>

#include "base/mem.h"

/* A schema by name: its members with their types, in words.  `?` behind a type:
 * may be null or absent; `[]` in front: a list; a capital letter: another
 * schema. */
struct schema {
	const char *name;
	const char *members; /* "name:type name:type ..."; "": any object */
};

static const struct schema schemas[] = {
    {"Problem", "type:string title:string status:integer detail:string "
		"code:string action:string"},
    {"Fault", "code:string text:string action:string"},
    {"FaultCount", "code:string text:string action:string domains:integer"},
    {"App", "name:string host:string? settings:object backends:[]Backend "
	    "domains:integer created_at:time"},
    {"NewApp", "name:string backends:[]string? settings:object?"},
    {"Settings", "settings:object"},
    {"Backend", "id:integer address:string weight:integer state:string "
		"since:time fault:Fault? addresses:[]string active:integer"},
    {"Backends", "backends:[]string"},
    {"BackendState", "state:string"},
    {"Record", "do:string type:string name:string value:string was:string? "
	       "ttl:integer"},
    {"Domain",
	"host:string app:string origin:string? automatic:boolean ca:string "
	"reference:string? status:string status_since:time dns:string "
	"dns_checked_at:time? serving:string expires_at:time? renews_at:time? "
	"next_attempt_at:time? renewal:Renewal? fault:Fault? "
	"fallback:Fallback? "
	"records:[]Record set:NameSet? "
	"resolvers:[]Resolver? cached_for:integer? "
	"created_at:time certificate:Certificate? dns_change:DnsChanged?"},
    {"Renewal", "window:Window? at:time? explanation_url:string? "
		"asked_at:time? answered_at:time? next_at:time? fault:Fault?"},
    {"Window", "start:time end:time"},
    {"NameSet", "number:integer names:[]string auto_renew:boolean"},
    {"NewOrder", "names:[]string auto_renew:boolean?"},
    {"Order", "number:integer? names:[]string auto_renew:boolean "
	      "status:string fault:Fault? created_at:time "
	      "certificate:Certificate?"},
    {"NewDomain", "host:string app:string? origin:string? automatic:boolean? "
		  "ca:string? reference:string? certificate:Upload? "
		  "set_dns:boolean? repair_caa:boolean?"},
    {"DomainChange", "app:string? origin:string? automatic:boolean? "
		     "ca:string? reference:string?"},
    {"DnsChange", "agreed:[]Record? repair_caa:boolean?"},
    {"DnsChanged", "changes:[]Record applied:boolean fault:Fault?"},
    {"Challenge", "type:string url:string? body:string? name:string? "
		  "value:string? expires_at:time?"},
    {"NewChallenge", "done:boolean? type:string?"},
    {"Diagnosis", "host:string eligible:boolean message:string fault:Fault? "
		  "records:[]Record checked_at:time? cached_for:integer? "
		  "cdn:boolean? probe:Probe? resolvers:[]Resolver? "
		  "caa:[]CaaVerdict?"},
    {"CaaVerdict", "ca:string? directory:string allowed:boolean? "
		   "fault:Fault?"},
    {"Resolver", "resolver:string sees:string a:string aaaa:string "
		 "chain:[]Link addresses:[]Address ttl:integer? "
		 "denial_ttl:integer?"},
    {"Link", "name:string ttl:integer"},
    {"Address", "type:string address:string ours:boolean ttl:integer"},
    {"Probe", "address:string came_back:boolean text:string"},
    {"Certificate",
	"number:integer? source:string common_name:string names:[]string "
	"issuer:string not_before:time not_after:time serial:string "
	"fingerprint_sha256:string key_type:string chain_length:integer "
	"trusted:boolean trust_fault:string? predecessor:integer? "
	"revoked_at:time? installed_at:time? removed_at:time? "
	"installed_by:string"},
    {"Upload", "certificate:string chain:string? private_key:string? "
	       "passphrase:string? bypass:boolean? complete:boolean? "
	       "all_covered:boolean?"},
    {"Uploaded", "certificate:Certificate replaces:integer? hosts:[]string "
		 "names_gained:[]string names_lost:[]LostName "
		 "dropped:[]string warnings:[]Fault fallback:Fallback "
		 "before:Certificate?"},
    {"LostName", "name:string requests_24h:integer"},
    {"Fallback", "ready:boolean fault:Fault? stands_by:boolean?"},
    {"Rollback", "to:integer?"},
    {"NewRequest", "key_type:string? subject:string? names:[]string? "
		   "all_domains:boolean?"},
    {"Request", "number:integer key_type:string names:[]string csr:string "
		"created_at:time"},
    {"Download", "certificate:string chain:string"},
    {"PrivateKey", "private_key:string"},
    {"Event", "request_identifier:string sequence:integer name:string at:time "
	      "by:string host:string? secure_status:string? fault:Fault? "
	      "domain:Domain? certificate:Certificate? app:App? "
	      "backend:Backend?"},
    {"Imported", "taken:integer refused:integer dry_run:boolean "
		 "lines:[]ImportedLine"},
    {"ImportedLine", "line:integer ok:boolean fault:Fault?"},
    {"LogLine", ""},
    {"Explanation",
	"request:LogLine? sni:string? certificate_id:integer? rule:string? "
	"tries:[]Try? why:[]string? host:string? now:time? domain:Domain? "
	"dns:DnsSeen? caa:[]CaaVerdict? budget:object? orders:[]Order? "
	"serving:Served? history:[]Certificate? "
	"fallback:Fallback? events:[]Happened? next:[]Next? answers:Answers? "
	"commands:[]string?"},
    {"DnsSeen", "state:string? reaches:boolean checked_at:time? "
		"check_at:time? fault:Fault? records:[]Record "
		"cached_for:integer? cdn:boolean? probe:Probe? "
		"resolvers:[]Resolver?"},
    {"Order", "order:integer state:string names:[]string directory:string "
	      "challenge:string? created_at:time updated_at:time "
	      "ended_at:time? fault:Fault? challenges:[]Challenge "
	      "said:Said? said_url:string?"},
    {"Challenge", "type:string host:string url:string created_at:time"},
    {"Said", "type:string? detail:string?"},
    {"Served", "serving:string is_valid:boolean candidates:[]Candidate"},
    {"Candidate", "chosen:boolean from:string why:string "
		  "certificate:Certificate?"},
    {"Happened", "sequence:integer at:time name:string by:string "
		 "fault:Fault?"},
    {"Next", "at:time what:string text:string"},
    {"Answers", "by:string? app:string? host:string?"},
    {"Try", "backend:string code:string? ms:integer"},
    {"Stats", ""},
    {"Status", ""},
    {"Acme", ""},
    {"Rollover", "ca:string? new_account:boolean?"},
    {"Revocation", "reason:string? force:boolean?"},
    {"Ca", "ca:string directory:string account:string? key_since:time? "
	   "key_changing:boolean terms_agreed:boolean orders_in_flight:integer "
	   "refuses_until:time? "
	   "fault:Fault?"},
    {"Description", ""},
};

static bool
is_schema(struct slice type)
{
	return type.n > 0 && type.p[0] >= 'A' && type.p[0] <= 'Z';
}

static json_t *
reference(struct slice name)
{
	json_t *o = json_object();
	char *path =
	    xasprintf("#/components/schemas/%" SLICE_FMT, SLICE_ARG(name));

	json_put_str(o, "$ref", path);
	free(path);
	return o;
}

/* "[]Record", "string", "time". */
static json_t *
type_json(struct slice type)
{
	json_t *o;

	if (slice_starts_with(type, SLICE("[]"))) {
		o = json_object();
		json_put_str(o, "type", "array");
		json_put(o, "items", type_json(slice_from(type, 2)));
		return o;
	}
	if (is_schema(type))
		return reference(type);
	o = json_object();
	if (slice_eq(type, SLICE("time"))) {
		json_put_str(o, "type", "string");
		json_put_str(o, "format", "date-time");
	} else {
		json_put_slice(o, "type", type);
	}
	return o;
}

static json_t *
or_null(json_t *type)
{
	json_t *o = json_object(), *list = json_array(), *null = json_object();

	json_put_str(null, "type", "null");
	json_array_append_new(list, type);
	json_array_append_new(list, null);
	json_put(o, "anyOf", list);
	return o;
}

static json_t *
schema_json(const struct schema *s)
{
	json_t *o = json_object(), *members = json_object();
	json_t *required = json_array();
	struct slice left = slice_str(s->members), word, name;

	while (slice_word(&left, &word)) {
		bool may_lack = slice_ends_with(word, SLICE("?"));
		char *key;

		word.n -= may_lack;
		slice_cut(&word, ':', &name);
		key = xstrdup_slice(name);
		json_put(members, key,
		    may_lack ? or_null(type_json(word)) : type_json(word));
		if (!may_lack)
			json_array_append_new(required, json_string(key));
		free(key);
	}
	json_put_str(o, "type", "object");
	json_put(o, "properties", members);
	json_put(o, "required", required);
	return o;
}

/* {"description", "content": {type: {"schema"}}} */
static json_t *
content(const char *description, const char *type, const char *schema)
{
	json_t *o = json_object(), *by_type = json_object();
	json_t *one = json_object();

	json_put_str(o, "description", description);
	if (schema == NULL) {
		json_decref(by_type);
		json_decref(one);
		return o;
	}
	json_put(one, "schema", type_json(slice_str(schema)));
	json_put(by_type, type, one);
	json_put(o, "content", by_type);
	return o;
}

/* The segments in braces. */
static json_t *
parameters(const char *pattern)
{
	struct slice left = slice_str(pattern), part;
	json_t *list = json_array();

	while (slice_cut(&left, '/', &part)) {
		json_t *o;

		if (!slice_starts_with(part, SLICE("{")))
			continue;
		o = json_object();
		json_put_slice(o, "name", slice_of(part.p + 1, part.n - 2));
		json_put_str(o, "in", "path");
		json_put_bool(o, "required", true);
		json_put(o, "schema", type_json(SLICE("string")));
		json_array_append_new(list, o);
	}
	return list;
}

static const char *
scope_text(enum api_scope scope)
{
	static const char *const texts[] = {
	    [SCOPE_READ] = "read",
	    [SCOPE_APPS] = "apps",
	    [SCOPE_DOMAINS] = "domains",
	    [SCOPE_CERTS] = "certs",
	    [SCOPE_KEYS_EXPORT] = "keys:export",
	    [SCOPE_ADMIN] = "admin",
	};

	return texts[scope];
}

static json_t *
operation(const struct api_route *r)
{
	json_t *o = json_object(), *answers = json_object();
	bool has_lines = r->kind == API_LINES;

	json_put_str(o, "summary", r->summary);
	json_put_str(o, "x-scope", scope_text(r->scope));
	json_put(o, "parameters", parameters(r->pattern));
	if (has_lines)
		json_put(o, "requestBody",
		    content("JSON, one object a line", "application/x-ndjson",
			"string"));
	else if (r->takes != NULL)
		json_put(o, "requestBody",
		    content("", "application/json", r->takes));
	json_put(answers, "2XX", content("done", "application/json", r->gives));
	json_put(answers, "default",
	    content("not done", "application/problem+json", "Problem"));
	json_put(o, "responses", answers);
	return o;
}

json_t *
api_openapi_json(void)
{
	json_t *o = json_object(), *info = json_object();
	json_t *paths = json_object(), *components = json_object();
	json_t *by_name = json_object(), *path;
	const struct api_route *r;

	json_put_str(info, "title", "towpath");
	json_put_str(info, "version", TOWPATH_VERSION);
	for (size_t i = 0; (r = api_route_at(i)) != NULL; i++) {
		char method[8];
		size_t n = 0;

		path = json_object_get(paths, r->pattern);
		if (path == NULL) {
			path = json_object();
			json_put(paths, r->pattern, path);
		}
		for (; r->method[n] != '\0'; n++)
			method[n] = (char)(r->method[n] | 0x20);
		method[n] = '\0';
		json_put(path, method, operation(r));
	}
	for (size_t i = 0; i < COUNT_OF(schemas); i++)
		json_put(by_name, schemas[i].name, schema_json(&schemas[i]));
	json_put(components, "schemas", by_name);
	json_put_str(o, "openapi", "3.1.0");
	json_put(o, "info", info);
	json_put(o, "paths", paths);
	json_put(o, "components", components);
	return o;
}

enum err
api_openapi(struct api_call *call, struct fault *f)
{
	(void)f;
	call->answer = api_openapi_json();
	return ERR_OK;
}
