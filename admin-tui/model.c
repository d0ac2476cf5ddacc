#include "admin-tui/model.h"

#include <stdlib.h>

#include "admin-tui/answer.h"
#include "base/map.h"
#include "base/mem.h"

void
model_init(struct model *m, const char *where)
{
	*m = (struct model){.where = xstrdup(where), .n_total = -1};
	m->node = xstrdup("");
	m->version = xstrdup("");
}

static void
free_domains(struct domain **domains, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		domain_clear(&(*domains)[i]);
	free(*domains);
	*domains = NULL;
	*n = 0;
}

static void
free_history(struct model *m)
{
	for (size_t i = 0; i < m->n_history; i++)
		cert_clear(&m->history[i]);
	free(m->history);
	m->history = NULL;
	m->n_history = 0;
}

static void
free_events(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct event *e = &list->items[i];
		free(e->name);
		free(e->host);
		free(e->by);
		free(e->text);
	}
	free(list->items);
	*list = (struct event_list){0};
}

void
model_clear(struct model *m)
{
	model_close(m);
	free_domains(&m->domains, &m->n_domains);
	free_domains(&m->staged, &m->n_staged);
	free(m->where);
	free(m->node);
	free(m->version);
	*m = (struct model){0};
}

void
model_begin(struct model *m)
{
	free_domains(&m->staged, &m->n_staged);
}

void
model_add(struct model *m, const json_t *page)
{
	size_t n = json_array_size(page);
	if (n > MODEL_DOMAINS_MAX - m->n_staged)
		n = MODEL_DOMAINS_MAX - m->n_staged;
	if (n == 0)
		return;
	m->staged = xrealloc(m->staged, (m->n_staged + n) * sizeof(*m->staged));
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(page, i);
		if (json_str(o, "host")[0] != '\0')
			domain_read(&m->staged[m->n_staged++], o);
	}
}

/* The order of the list: urgency, then host.  Kept beside the domain, so that
 * the comparison needs no clock. */
struct ranked {
	int urgency;
	struct domain domain;
};

static int
compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->urgency != y->urgency)
		return x->urgency < y->urgency ? -1 : 1;
	return strcmp(x->domain.host, y->domain.host);
}

/* The pages overlap: a problem is among the others too. */
static size_t
without_doubles(struct domain *domains, size_t n)
{
	struct map seen;
	size_t kept = 0;
	map_init(&seen, MODEL_DOMAINS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct slice host = slice_str(domains[i].host);
		if (map_get(&seen, host) != NULL ||
		    map_put(&seen, host, domains) != ERR_OK) {
			domain_clear(&domains[i]);
			continue;
		}
		struct domain d = domains[i];
		domains[kept++] = d;
	}
	map_clear(&seen);
	return kept;
}

static void
sort(struct model *m)
{
	struct ranked *ranked = xcalloc(m->n_domains + 1, sizeof(*ranked));
	for (size_t i = 0; i < m->n_domains; i++)
		ranked[i] = (struct ranked){
		    domain_urgency(&m->domains[i], m->now), m->domains[i]};
	qsort(ranked, m->n_domains, sizeof(*ranked), compare);
	for (size_t i = 0; i < m->n_domains; i++)
		m->domains[i] = ranked[i].domain;
	free(ranked);
}

/* Until the daemon's own count is there (or in place of it), that of the
 * list. */
static void
count(struct model *m)
{
	memset(m->by_status, 0, sizeof(m->by_status));
	for (size_t i = 0; i < m->n_domains; i++)
		m->by_status[m->domains[i].status]++;
	m->n_total = (int64_t)m->n_domains;
}

void
model_commit(struct model *m)
{
	free_domains(&m->domains, &m->n_domains);
	m->domains = m->staged;
	m->n_domains = without_doubles(m->staged, m->n_staged);
	m->staged = NULL;
	m->n_staged = 0;
	m->has_domains = true;
	sort(m);
	if (!m->has_status)
		count(m);
}

static void
replace(char **text, char *with)
{
	free(*text);
	*text = with;
}

void
model_status(struct model *m, const json_t *status)
{
	const json_t *domains = json_obj(status, "domains");
	replace(&m->node, answer_str(status, "node"));
	replace(&m->version, answer_str(status, "version"));
	m->is_test_clock = json_bool(status, "test_clock");
	m->n_problems = json_int(status, "problems");
	if (!json_is_object(domains))
		return;
	int64_t total = 0;
	for (size_t i = 1; i < STATUSES; i++) {
		m->by_status[i] =
		    json_int(domains, domain_status_word((enum status)i));
		total += m->by_status[i];
	}
	m->n_total = total;
	m->has_status = true;
}

static struct domain *
find(const struct model *m, const char *host)
{
	for (size_t i = 0; i < m->n_domains; i++)
		if (strcmp(m->domains[i].host, host) == 0)
			return &m->domains[i];
	return NULL;
}

const struct domain *
model_find(const struct model *m, const char *host)
{
	if (m->has_open && strcmp(m->open.host, host) == 0)
		return &m->open;
	return find(m, host);
}

static double
number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

void
model_traffic(struct model *m, const json_t *stats)
{
	const json_t *all = json_obj(stats, "all");
	m->has_traffic = all != NULL;
	m->traffic = (struct traffic_now){
	    .requests = number_of(all, "requests_per_second"),
	    .failures = number_of(all, "failures_per_second"),
	    .p95 = number_of(all, "p95"),
	};
}

void
model_open(struct model *m, const char *host)
{
	model_close(m);
	m->open_host = xstrdup(host);
}

void
model_close(struct model *m)
{
	free(m->open_host);
	m->open_host = NULL;
	domain_clear(&m->open);
	free_history(m);
	free_events(&m->events);
	m->has_open = m->has_history = m->has_events = false;
}

static bool
is_open(const struct model *m, const char *host)
{
	return m->open_host != NULL && strcmp(m->open_host, host) == 0;
}

void
model_domain(struct model *m, const json_t *o)
{
	const char *host = json_str(o, "host");
	struct domain *listed = find(m, host);
	if (listed != NULL) {
		domain_clear(listed);
		domain_read(listed, o);
		sort(m);
	}
	if (!is_open(m, host))
		return;
	domain_clear(&m->open);
	domain_read(&m->open, o);
	m->has_open = true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct cert *x = a, *y = b;
	return x->number > y->number ? -1 : x->number < y->number;
}

void
model_history(struct model *m, const json_t *list)
{
	size_t n = json_array_size(list);
	if (m->open_host == NULL)
		return;
	free_history(m);
	if (n > MODEL_HISTORY_MAX)
		n = MODEL_HISTORY_MAX;
	m->history = xcalloc(n + 1, sizeof(*m->history));
	for (size_t i = 0; i < n; i++)
		if (json_is_object(json_array_get(list, i)))
			cert_read(&m->history[m->n_history++],
			    json_array_get(list, i));
	qsort(m->history, m->n_history, sizeof(*m->history), newest_first);
	m->has_history = true;
}

static void
read_event(struct event *e, const json_t *o)
{
	struct fault f;
	answer_fault(o, "fault", &f);
	*e = (struct event){
	    .sequence = json_int(o, "sequence"),
	    .at = answer_time(o, "at"),
	    .name = answer_str(o, "name"),
	    .host = answer_str(o, "host"),
	    .by = answer_str(o, "by"),
	    .text = xstrdup(f.text),
	};
}

void
model_events(struct model *m, const json_t *list)
{
	size_t n = json_array_size(list), from = 0;
	if (m->open_host == NULL)
		return;
	free_events(&m->events);
	if (n > MODEL_EVENTS_MAX)
		from = n - MODEL_EVENTS_MAX;
	m->events.items = xcalloc(n - from + 1, sizeof(struct event));
	for (size_t i = from; i < n; i++)
		if (json_is_object(json_array_get(list, i)))
			read_event(&m->events.items[m->events.n++],
			    json_array_get(list, i));
	m->has_events = true;
}

void
model_live(struct model *m)
{
	m->link = LINK_LIVE;
	m->data_at = m->now;
	m->away_since = 0;
	fault_clear(&m->away);
}

void
model_away(struct model *m, const struct fault *why, int64_t retry_at)
{
	if (m->link != LINK_AWAY)
		m->away_since = m->now;
	m->link = LINK_AWAY;
	m->away = *why;
	m->retry_at = retry_at;
}

const struct cert *
model_version(const struct model *m, int64_t number)
{
	for (size_t i = 0; i < m->n_history; i++)
		if (m->history[i].number == number)
			return &m->history[i];
	return NULL;
}

/* The custom certificate that is there; after a remove, the removed one. */
static const struct cert *
latest_custom(const struct model *m)
{
	for (size_t i = 0; i < m->n_history; i++) /* newest first */
		if (m->history[i].is_custom)
			return &m->history[i];
	return NULL;
}

const struct cert *
model_predecessor(const struct model *m)
{
	const struct cert *latest = latest_custom(m);
	if (latest == NULL || latest->removed_at != 0)
		return latest;
	return latest->predecessor == 0 ? NULL
					: model_version(m, latest->predecessor);
}
