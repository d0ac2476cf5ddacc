#include "admin-tui/cert.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin-tui/answer.h"
#include "base/host.h"
#include "base/mem.h"

/* trust_fault is a fault object, or (an older daemon) its sentence. */
static char *
read_trust_fault(const json_t *o)
{
	struct fault f;
	answer_fault(o, "trust_fault", &f);
	if (f.text[0] == '\0')
		return answer_str(o, "trust_fault");
	char text[FAULT_TEXT_SIZE + 8];
	snprintf(text, sizeof(text), "%s %s", fault_code_name(f.code), f.text);
	return xstrdup(text);
}

/* "CN=Let's Encrypt\, E7,O=..." to "Let's Encrypt, E7". */
static char *
read_issuer_name(const json_t *o)
{
	const char *all = json_str(o, "issuer");
	const char *cn =
	    strncmp(all, "CN=", 3) == 0 ? all : strstr(all, ",CN=");
	if (cn == NULL)
		return xstrdup(all);
	cn += *cn == ',' ? 4 : 3;
	char *name = xstrdup(cn);
	size_t n = 0;
	for (; *cn != '\0' && *cn != ','; cn++) {
		if (*cn == '\\' && cn[1] != '\0')
			cn++;
		name[n++] = *cn;
	}
	name[n] = '\0';
	return name;
}

void
cert_read(struct cert *c, const json_t *o)
{
	*c = (struct cert){
	    .number = json_int(o, "number"),
	    .predecessor = json_int(o, "predecessor"),
	    .is_custom = strcmp(json_str(o, "source"), "custom") == 0,
	    .common_name = answer_str(o, "common_name"),
	    .issuer = answer_str(o, "issuer"),
	    .issuer_name = read_issuer_name(o),
	    .serial = answer_str(o, "serial"),
	    .fingerprint = answer_str(o, "fingerprint_sha256"),
	    .key_type = answer_str(o, "key_type"),
	    .trust_fault = read_trust_fault(o),
	    .installed_by = answer_str(o, "installed_by"),
	    .not_before = answer_time(o, "not_before"),
	    .not_after = answer_time(o, "not_after"),
	    .installed_at = answer_time(o, "installed_at"),
	    .removed_at = answer_time(o, "removed_at"),
	    .chain_length = json_int(o, "chain_length"),
	    .is_trusted = json_bool(o, "trusted"),
	};
	c->names = answer_strs(o, "names", &c->n_names);
}

void
cert_clear(struct cert *c)
{
	free(c->common_name);
	free(c->issuer);
	free(c->issuer_name);
	free(c->serial);
	free(c->fingerprint);
	free(c->key_type);
	free(c->trust_fault);
	free(c->installed_by);
	answer_strs_free(c->names, c->n_names);
	*c = (struct cert){0};
}

bool
cert_is_valid(const struct cert *c, int64_t now)
{
	return c->not_before <= now && now <= c->not_after;
}

bool
cert_has_name(const struct cert *c, const char *name)
{
	for (size_t i = 0; i < c->n_names; i++)
		if (host_matches(slice_str(c->names[i]), slice_str(name)))
			return true;
	return false;
}

char *
cert_short_fingerprint(const struct cert *c, char out[CERT_SHORT_SIZE])
{
	size_t n = strlen(c->fingerprint);
	if (n < 16)
		snprintf(out, CERT_SHORT_SIZE, "%s", c->fingerprint);
	else
		snprintf(out, CERT_SHORT_SIZE, "%.8s:\xe2\x80\xa6%s",
		    c->fingerprint, c->fingerprint + n - 3);
	return out;
}
