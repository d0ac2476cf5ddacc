#include "router/control/dns_provider.h"

#include <string.h>
#include <unistd.h>

#include "acme/dns/provider.h"
#include "acme/txt_records.h"

#define DNS_PORT 53

static struct provider *
open_route53(struct control *c)
{
	struct route53_config config = {
	    .access_key_id = c->config.dns.route53.access_key_id,
	    .secret_access_key = c->config.dns.route53.secret_access_key,
	    .session_token = c->config.dns.route53.session_token,
	    .region = c->config.dns.route53.region,
	    .endpoint = c->config.dns.route53.endpoint,
	};

	return provider_route53(c->loop, c->fetch, &config);
}

static enum err
open_rfc2136(struct control *c, struct addr *at, struct fault *f)
{
	const char *server = c->config.dns.rfc2136.server;
	struct rfc2136_config config = {
	    .key_name = c->config.dns.rfc2136.key_name,
	    .key_algorithm = c->config.dns.rfc2136.key_algorithm,
	    .key_secret = c->config.dns.rfc2136.key_secret,
	};

	if (addr_parse(slice_str(server), &config.server) != ERR_OK &&
	    addr_parse_ip(slice_str(server), DNS_PORT, &config.server) !=
		ERR_OK) {
		fault_set(f, FAULT_S23_CONFIG_VALUE,
		    "[dns.rfc2136] server = %s is no ADDRESS[:PORT]", server);
		return ERR_SYNTAX;
	}
	*at = config.server;
	return provider_rfc2136(c->loop, &config, &c->provider, f);
}

enum err
dns_provider_open(struct control *c, struct fault *f)
{
	const char *which = c->config.dns.provider;
	struct addr server = {.len = 0};
	enum err e = ERR_OK;

	if (strcmp(which, "route53") == 0)
		c->provider = open_route53(c);
	else if (strcmp(which, "rfc2136") == 0)
		e = open_rfc2136(c, &server, f);
	else if (strcmp(which, "exec") == 0)
		c->provider =
		    provider_exec(c->loop, (int)c->config.dns.exec.timeout_ms);
	if (e == ERR_OK && c->hook >= 0)
		dns_provider_take_hook(c, c->hook);
	if (c->provider == NULL)
		return e;
	c->txt = txt_records_new(c->loop, c->db, c->dns, c->provider);
	txt_records_set_patience(c->txt, c->config.dns.propagation_timeout_ms);
	if (server.len > 0)
		txt_records_know(c->txt, &server);
	for (size_t i = 0; i < c->config.dns.resolvers.n; i++)
		txt_records_know(c->txt, &c->config.dns.resolvers.items[i]);
	return e;
}

/* Before there is a provider the channel waits for it. */
void
dns_provider_take_hook(struct control *c, int fd)
{
	if (c->provider == NULL) {
		if (c->hook >= 0 && c->hook != fd)
			close(c->hook);
		c->hook = fd;
		return;
	}
	c->hook = -1;
	if (strcmp(c->config.dns.provider, "exec") == 0)
		provider_exec_take(c->provider, 0, fd);
	else
		close(fd);
}

struct challenge_choice
dns_provider_choice(const struct control *c, const struct config_acme *acme)
{
	struct challenge_choice choice = {.n = 0};
	enum challenge_type type;

	for (size_t i = 0; i < acme->challenges.n; i++)
		if (challenge_type_read(acme->challenges.items[i], &type) &&
		    (type != CHALLENGE_DNS_01 || c->provider != NULL))
			challenge_choice_add(&choice, type);
	return choice;
}

void
dns_provider_close(struct control *c)
{
	if (c->hook >= 0)
		close(c->hook);
	c->hook = -1;
	txt_records_free(c->txt);
	c->txt = NULL;
	provider_free(c->provider);
	c->provider = NULL;
}
