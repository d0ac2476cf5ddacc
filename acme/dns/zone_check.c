#include "acme/dns/zone_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/dns/provider.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define SERVERS_MAX 16 /* addresses; more tell nothing new */
#define DNS_PORT    53
#define FIRST_S     0.25 /* between two rounds; doubles up to... */
#define LONGEST_S   8.

enum view {
	VIEW_NONE, /* it cannot be asked */
	VIEW_LACKS,
	VIEW_HAS,
};

/* One address of one of the zone's servers. */
struct server {
	struct zone_check *check;
	const char *name;
	struct addr addr;
	struct dns *dns; /* a resolver that is this server */
	struct dns_lookup *lookup;
	enum view view;
};

struct zone_check {
	struct ev_loop *loop;
	struct dns *dns;
	const struct zone_check_config *config;
	char name[PROVIDER_NAME_SIZE], value[PROVIDER_VALUE_SIZE];
	char zone[PROVIDER_NAME_SIZE]; /* the candidate, then the zone */
	char names[DNS_NAMES_MAX][256];
	size_t n_names, at; /* the one whose addresses are looked up */
	struct server servers[SERVERS_MAX];
	size_t n_servers, n_open;
	bool by_resolvers, is_asked; /* in this round */
	enum view resolvers_view;
	struct dns_lookup *lookup;
	struct dns_query *query;
	ev_timer round; /* all have answered, or it is time to ask again */
	double pause_s;
	int64_t give_up_ms; /* monotonic */
	zone_check_done *done;
	void *ctx;
};

/* --- the end -------------------------------------------------------------- */

void
zone_check_cancel(struct zone_check *z)
{
	if (z == NULL)
		return;
	ev_timer_stop(z->loop, &z->round);
	dns_lookup_cancel(z->lookup);
	if (z->query != NULL)
		dns_cancel(z->query);
	for (size_t i = 0; i < z->n_servers; i++)
		dns_free(z->servers[i].dns);
	free(z);
}

/* From a timer of ours only: a server's answer comes from within its dns. */
static void
finish(struct zone_check *z, const struct fault *f)
{
	zone_check_done *done = z->done;
	void *ctx = z->ctx;

	zone_check_cancel(z);
	done(ctx, f);
}

static void
round_in(struct zone_check *z, double seconds)
{
	ev_timer_stop(z->loop, &z->round);
	ev_timer_set(&z->round, seconds, 0.);
	ev_timer_start(z->loop, &z->round);
}

/* --- what was seen -------------------------------------------------------- */

bool
zone_check_is_text(struct slice rdata, const char *text)
{
	const unsigned char *p = (const unsigned char *)rdata.p;
	size_t left = rdata.n, rest = strlen(text);

	while (left > 0) {
		size_t n = *p++;

		if (n > --left || n > rest || memcmp(p, text, n) != 0)
			return false;
		p += n;
		left -= n;
		text += n;
		rest -= n;
	}
	return rest == 0;
}

static enum view
view_of(const struct zone_check *z, const struct dns_records *r)
{
	if (r->result != DNS_OK && r->result != DNS_NXDOMAIN)
		return VIEW_NONE;
	for (size_t i = 0; r->result == DNS_OK && i < r->n; i++)
		if (zone_check_is_text(r->rdata[i], z->value))
			return VIEW_HAS;
	return VIEW_LACKS;
}

/* --- a round of questions ------------------------------------------------- */

static void
end_question(struct zone_check *z)
{
	if (--z->n_open == 0)
		round_in(z, 0.);
}

static void
on_server(void *ctx, const struct dns_records *r)
{
	struct server *s = ctx;

	s->lookup = NULL;
	s->view = view_of(s->check, r);
	end_question(s->check);
}

static void
on_resolver(void *ctx, const struct dns_records *r)
{
	struct zone_check *z = ctx;

	z->lookup = NULL;
	z->resolvers_view = view_of(z, r);
	end_question(z);
}

static void
ask_resolvers(struct zone_check *z)
{
	if (!z->by_resolvers) {
		z->by_resolvers = true;
		z->give_up_ms =
		    clock_mono_ms() + z->config->resolver_patience_ms;
		log_debug("acme: no server of the zone can be asked name=%s",
		    z->name);
	}
	z->n_open = 1;
	z->lookup = dns_lookup(z->dns, z->name, DNS_TYPE_TXT, on_resolver, z);
}

/* Those that have it, or cannot be asked, are not asked again. */
static void
ask_servers(struct zone_check *z)
{
	z->n_open = 1; /* until all are asked */
	for (size_t i = 0; i < z->n_servers; i++) {
		struct server *s = &z->servers[i];

		if (s->view != VIEW_LACKS)
			continue;
		z->n_open++;
		s->lookup =
		    dns_lookup(s->dns, z->name, DNS_TYPE_TXT, on_server, s);
	}
	end_question(z);
}

static const struct server *
find(const struct zone_check *z, enum view view)
{
	for (size_t i = 0; i < z->n_servers; i++)
		if (z->servers[i].view == view)
			return &z->servers[i];
	return NULL;
}

static void
fail_behind(struct zone_check *z, const struct server *s)
{
	char address[ADDR_TEXT_SIZE];
	struct fault f = {0};

	fault_set(&f, FAULT_D33_ZONE_SERVER_BEHIND,
	    "Name server %s (%s) of %s does not have the TXT record at %s",
	    s->name, addr_format(&s->addr, address), z->zone, z->name);
	finish(z, &f);
}

static void
ask_again(struct zone_check *z)
{
	round_in(z, z->pause_s);
	z->pause_s = z->pause_s * 2. < LONGEST_S ? z->pause_s * 2. : LONGEST_S;
	z->is_asked = false;
}

/* All of a round have answered. */
static void
judge(struct zone_check *z)
{
	const struct server *behind = find(z, VIEW_LACKS);
	bool is_late = clock_mono_ms() >= z->give_up_ms;

	if (z->by_resolvers) {
		if (z->resolvers_view != VIEW_LACKS || is_late)
			finish(z, NULL);
		else
			ask_again(z);
	} else if (behind == NULL && find(z, VIEW_HAS) != NULL) {
		finish(z, NULL);
	} else if (behind == NULL) {
		ask_resolvers(z);
	} else if (is_late) {
		fail_behind(z, behind);
	} else {
		ask_again(z);
	}
}

static void
on_round(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct zone_check *z = container_of(w, struct zone_check, round);

	(void)loop;
	(void)revents;
	if (z->is_asked) {
		judge(z);
		return;
	}
	z->is_asked = true;
	if (z->by_resolvers || z->n_servers == 0)
		ask_resolvers(z);
	else
		ask_servers(z);
}

/* --- who serves the zone ---------------------------------------------------
 */

static void find_addresses(struct zone_check *z);
static void find_zone(struct zone_check *z);

static void
begin_rounds(struct zone_check *z)
{
	z->pause_s = FIRST_S;
	round_in(z, 0.);
}

static void
add_server(struct zone_check *z, const char *name, const struct addr *a)
{
	struct server *s = &z->servers[z->n_servers];
	struct fault f = {0};

	if (z->n_servers == SERVERS_MAX)
		return;
	*s = (struct server){
	    .check = z, .name = name, .addr = *a, .view = VIEW_LACKS};
	for (size_t i = 0; i < z->n_servers; i++)
		if (addr_eq(&z->servers[i].addr, &s->addr))
			return;
	if (dns_new(z->loop, &s->addr, 1, &s->dns, &f) == ERR_OK)
		z->n_servers++;
}

/* At the ports that it is known under, else where all are. */
static void
add_address(struct zone_check *z, const char *name, const struct addr *a)
{
	const struct zone_check_config *c = z->config;
	struct addr usual = *a;
	bool is_known = false;

	for (size_t i = 0; i < c->n_known; i++) {
		if (!addr_eq_ip(&c->known[i], a))
			continue;
		is_known = true;
		add_server(z, name, &c->known[i]);
	}
	addr_set_port(&usual, DNS_PORT);
	if (!is_known)
		add_server(z, name, &usual);
}

static void
on_addresses(void *ctx, const struct dns_answer *answers, size_t n)
{
	struct zone_check *z = ctx;

	z->query = NULL;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < answers[i].n_addresses; k++)
			add_address(
			    z, z->names[z->at], &answers[i].addresses[k]);
	z->at++;
	find_addresses(z);
}

static void
find_addresses(struct zone_check *z)
{
	if (z->at < z->n_names)
		z->query =
		    dns_ask_first(z->dns, z->names[z->at], on_addresses, z);
	else
		begin_rounds(z);
}

static void
on_names(void *ctx, const struct dns_records *r)
{
	struct zone_check *z = ctx;
	const char *parent = provider_parent(z->zone);

	z->lookup = NULL;
	if (r->result == DNS_OK && r->n_names > 0) {
		memcpy(z->names, r->names, sizeof(z->names));
		z->n_names = r->n_names;
		find_addresses(z);
	} else if ((r->result == DNS_OK || r->result == DNS_NXDOMAIN) &&
		   parent[0] != '\0') {
		memmove(z->zone, parent, strlen(parent) + 1);
		find_zone(z);
	} else {
		begin_rounds(z); /* nobody tells whose it is */
	}
}

static void
find_zone(struct zone_check *z)
{
	z->lookup = dns_lookup(z->dns, z->zone, DNS_TYPE_NS, on_names, z);
}

struct zone_check *
zone_check_start(struct ev_loop *loop, struct dns *dns,
    const struct zone_check_config *config, const char *const txt[2],
    zone_check_done *done, void *ctx)
{
	struct zone_check *z = xcalloc(1, sizeof(*z));

	z->loop = loop;
	z->dns = dns;
	z->config = config;
	z->done = done;
	z->ctx = ctx;
	z->give_up_ms = clock_mono_ms() + config->patience_ms;
	snprintf(z->name, sizeof(z->name), "%s", txt[0]);
	snprintf(z->zone, sizeof(z->zone), "%s", txt[0]);
	snprintf(z->value, sizeof(z->value), "%s", txt[1]);
	ev_init(&z->round, on_round);
	find_zone(z);
	return z;
}
