/* The part of router/config.h that reads the file; only the parent does. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/json.h"
#include "base/mem.h"
#include "router/config.h"
#include "router/config_table.h"
#include "router/config_value.h"
#include "router/control/app_settings.h"

#define FILE_MAX  (1024U * 1024) /* the whole configuration */
#define VALUE_MAX (16U * 1024)   /* a value read from a file of its own */
#define ROWS_MAX  128
/* All listeners go to a worker in one message, with some room. */
#define LISTENERS_MAX 48

struct reading {
	struct config *config;
	bool is_set[ROWS_MAX]; /* rows the file has had */
};

/* All of a file, at most max bytes. */
static enum err
read_file(const char *path, size_t max, struct buf *out, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	char *to = NULL;

	buf_init(out, max);
	while (fd >= 0 && (to = buf_room(out, 4096)) != NULL &&
	       (n = read(fd, to, 4096)) > 0)
		buf_added(out, (size_t)n);
	if (fd >= 0 && to == NULL)
		errno = EFBIG;
	if (n != 0 || to == NULL)
		fault_set(f, FAULT_S24_FILE_UNREADABLE, "%s: %s", path,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return n == 0 && to != NULL ? ERR_OK : ERR_IO;
}

/* What holds in the file alone: a page is not written out, and only what is a
 * list may be given again. */
static enum err
check_default(const struct config *c, const struct app_setting *s,
    struct slice value, struct fault *f)
{
	if (s->kind == SETTING_PAGE && !app_setting_is_url(value) &&
	    !slice_starts_with(value, SLICE(APP_PAGE_DIGEST))) {
		fault_set(f, FAULT_S23_CONFIG_VALUE,
		    "%s takes the URL of a page here", s->key);
		return ERR_SYNTAX;
	}
	for (size_t i = 0; i < c->defaults.n && !app_setting_is_list(s); i++)
		if (strcmp(c->defaults.items[i].key, s->key) == 0) {
			fault_set(f, FAULT_S23_CONFIG_VALUE,
			    "%s is given twice", s->key);
			return ERR_SYNTAX;
		}
	return ERR_OK;
}

/* [defaults] takes what `apps set` takes, and says the same of it. */
static enum err
add_app_setting(
    struct config *c, struct slice key, struct slice value, struct fault *f)
{
	json_t *scratch = json_object();
	char *name = xstrdup_slice(key);
	json_t *text = json_stringn(value.p, value.n);
	enum err e = app_settings_set(scratch, name, text, f);

	if (e == ERR_OK && value.n > 0)
		e = check_default(c, app_setting_find(name), value, f);
	if (e == ERR_OK)
		config_add_default(c, key, value);
	else
		e = ERR_SYNTAX;
	json_decref(text);
	json_decref(scratch);
	free(name);
	return e;
}

static const struct config_row *
find_row(struct slice section, struct slice key, size_t *at)
{
	const struct config_row *row;

	for (*at = 0; (row = config_row_at(*at)) != NULL; (*at)++)
		if (slice_eq(section, slice_str(row->section)) &&
		    slice_eq(key, slice_str(row->key)))
			return row;
	return NULL;
}

static bool
is_section(struct slice section)
{
	const struct config_row *row;

	for (size_t i = 0; (row = config_row_at(i)) != NULL; i++)
		if (slice_eq(section, slice_str(row->section)))
			return true;
	return false;
}

static enum err
unknown(struct slice section, struct slice key, struct fault *f)
{
	if (!is_section(section))
		fault_set(f, FAULT_S11_CONFIG_UNKNOWN_KEY,
		    "there is no section [%" SLICE_FMT "]", SLICE_ARG(section));
	else
		fault_set(f, FAULT_S11_CONFIG_UNKNOWN_KEY,
		    "[%" SLICE_FMT "] has no key %" SLICE_FMT,
		    SLICE_ARG(section), SLICE_ARG(key));
	return ERR_SYNTAX;
}

/* Sets a value, which is what a file holds when it is written @FILE. */
static enum err
set_value(struct config *c, const struct config_row *row, struct slice value,
    struct fault *f)
{
	struct buf content;
	char *path;
	enum err e;

	if (value.n < 2 || value.p[0] != '@')
		return config_value_set(c, row, value, f);
	path = xstrdup_slice(slice_from(value, 1));
	e = read_file(path, VALUE_MAX, &content, f);
	if (e == ERR_OK)
		e = config_value_set(
		    c, row, slice_trim(buf_slice(&content)), f);
	buf_wipe(&content);
	free(path);
	return e;
}

static enum err
visit(void *ctx, struct slice section, struct slice key, struct slice value,
    struct fault *f)
{
	struct reading *r = ctx;
	const struct config_row *row;
	size_t at;

	if (slice_eq(section, SLICE("defaults")))
		return add_app_setting(r->config, key, value, f);
	row = find_row(section, key, &at);
	if (row == NULL)
		return unknown(section, key, f);
	if (r->is_set[at] && !config_value_is_list(row)) {
		fault_set(
		    f, FAULT_S23_CONFIG_VALUE, "%s is given twice", row->key);
		return ERR_SYNTAX;
	}
	if (!r->is_set[at])
		config_value_clear(r->config, row);
	r->is_set[at] = true;
	return set_value(r->config, row, value, f);
}

/* --- what can only be said of the whole ------------------------------------
 */

/* The line on which a section's key stands; of the section when the key is
 * missing; 1 when both are. */
static int
line_of(struct slice text, const char *section, const char *key)
{
	char *header = xasprintf("[%s]", section);
	struct slice line;
	bool inside = false;
	int found = 1;

	for (int n = 1; slice_cut(&text, '\n', &line); n++) {
		line = slice_trim(line);
		if (line.n > 0 && line.p[0] == '[') {
			inside = slice_starts_with(line, slice_str(header));
			if (inside)
				found = n;
		} else if (inside && slice_eq(slice_trim(slice_of(line.p,
						  slice_find(line, '='))),
					 slice_str(key))) {
			found = n;
			break;
		}
	}
	free(header);
	return found;
}

/* A sentence about a key, and where the key stands. */
struct complaint {
	const char *section, *key, *text;
};

static bool
is_empty(const char *s)
{
	return s[0] == '\0';
}

static bool
check_acme(
    const struct config_acme *a, const char *section, struct complaint *out)
{
	if (is_empty(a->eab_kid) == is_empty(a->eab_hmac_key))
		return true;
	*out = (struct complaint){section,
	    is_empty(a->eab_kid) ? "eab_hmac_key" : "eab_kid",
	    "eab_kid and eab_hmac_key go together"};
	return false;
}

/* Orders are told apart by the CA's directory. */
static bool
check_fallback(const struct config *c, struct complaint *out)
{
	const char *directory = c->acme_fallback.directory;

	if (is_empty(directory) || strcmp(directory, c->acme.directory) != 0)
		return true;
	*out = (struct complaint){"acme.fallback", "directory",
	    "the fallback is another CA than that of [acme]"};
	return false;
}

static bool
check_provider(const struct config *c, struct complaint *out)
{
	const char *p = c->dns.provider;

	*out = (struct complaint){"dns", "provider", NULL};
	if (strcmp(p, "route53") == 0 &&
	    (is_empty(c->dns.route53.access_key_id) ||
		is_empty(c->dns.route53.secret_access_key)))
		out->text = "provider = route53 needs access_key_id and "
			    "secret_access_key in [dns.route53]";
	else if (strcmp(p, "rfc2136") == 0 &&
		 (is_empty(c->dns.rfc2136.server) ||
		     is_empty(c->dns.rfc2136.key_name) ||
		     is_empty(c->dns.rfc2136.key_secret)))
		out->text = "provider = rfc2136 needs server, key_name and "
			    "key_secret in [dns.rfc2136]";
	else if (strcmp(p, "exec") == 0 && is_empty(c->dns.exec.command))
		out->text = "provider = exec needs command in [dns.exec]";
	else if (strcmp(p, "exec") == 0 && c->dns.exec.command[0] != '/')
		*out = (struct complaint){"dns.exec", "command",
		    "command begins with the full path of a program"};
	return out->text == NULL;
}

static bool
share_an_address(const struct config_addrs *a, const struct config_addrs *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (addr_eq(&a->items[i], &b->items[j]))
				return true;
	return false;
}

static bool
check_listen(const struct config *c, struct complaint *out)
{
	const char *text = NULL;

	if (c->listen.http.n + c->listen.https.n == 0)
		text = "nothing to listen on: set http or https";
	else if (c->listen.http.n + c->listen.https.n > LISTENERS_MAX)
		text = "too many addresses to listen on";
	else if (share_an_address(&c->listen.http, &c->listen.https) ||
		 share_an_address(&c->listen.http, &c->listen.metrics) ||
		 share_an_address(&c->listen.https, &c->listen.metrics))
		text = "an address is listened on twice";
	*out = (struct complaint){"listen", "http", text};
	return text == NULL;
}

static bool
check_access_log(const struct config *c, struct complaint *out)
{
	const char *log = c->router.access_log;

	if (log[0] == '/' || strcmp(log, "stdout") == 0 ||
	    strcmp(log, "off") == 0)
		return true;
	*out = (struct complaint){"router", "access_log",
	    "access_log must be stdout, off or a path that begins with /"};
	return false;
}

static enum err
check_whole(const struct config *c, const char *name, struct slice text,
    struct fault *f)
{
	struct complaint wrong = {0};

	if (check_listen(c, &wrong) && check_access_log(c, &wrong) &&
	    check_acme(&c->acme, "acme", &wrong) &&
	    check_acme(&c->acme_fallback, "acme.fallback", &wrong) &&
	    check_fallback(c, &wrong) && check_provider(c, &wrong))
		return ERR_OK;
	fault_set(f, FAULT_S23_CONFIG_VALUE, "%s:%d: %s", name,
	    line_of(text, wrong.section, wrong.key), wrong.text);
	return ERR_SYNTAX;
}

static int64_t
count_cores(void)
{
	cpu_set_t set;
	const struct config_row *row;
	size_t at;
	int64_t n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	row = find_row(SLICE("router"), SLICE("workers"), &at);
	return n < row->max ? n : row->max;
}

static void
inherit(char **at, const char *from)
{
	if (!is_empty(*at))
		return;
	free(*at);
	*at = xstrdup(from);
}

/* "" and auto that can be told now. */
static void
resolve(struct config *c)
{
	if (c->router.workers == 0)
		c->router.workers = count_cores();
	inherit(&c->router.edge_user, c->router.user);
	inherit(&c->router.keys_user, c->router.user);
}

enum err
config_parse(
    const char *name, struct slice text, struct config *out, struct fault *f)
{
	struct reading r = {.config = out};
	enum err e;

	config_init(out);
	e = ini_read(name, text, visit, &r, f);
	if (e == ERR_OK)
		e = check_whole(out, name, text, f);
	if (e == ERR_OK)
		resolve(out);
	else
		config_clear(out);
	return e;
}

enum err
config_load(const char *path, struct config *out, struct fault *f)
{
	struct buf text;
	enum err e = read_file(path, FILE_MAX, &text, f);

	if (e == ERR_OK)
		e = config_parse(path, buf_slice(&text), out, f);
	else
		*out = (struct config){0};
	buf_wipe(&text);
	return e;
}
