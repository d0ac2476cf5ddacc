/*
 * The part of router/parent.h that outlives the exec of another binary: a
 * memory file of records, each a tag and a body of base/wire.h's fields.  A
 * reader passes over tags that it does not know, which are a later version's;
 * a record never changes its fields.  Descriptors keep their numbers.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/shared.h"
#include "base/wire.h"
#include "router/parent.h"

#define STATE_MAX  ((size_t)1024 * 1024)
#define STATE_MARK "towpath state 1"
#define BODY_MAX   CHANNEL_MESSAGE_MAX

enum tag {
	TAG_HEAD = 1,   /* str mark, u8 undoes, u8 wants reload, u32 newest */
	TAG_PROGRAM,    /* str path */
	TAG_CONFIG,     /* as router/config.h encodes it */
	TAG_MEMORY,     /* u64 sizes: shared, stats, limits; u32 layout */
	TAG_FILE,       /* str name, u32 fd */
	TAG_LISTENER,   /* u32 id, u8 is TLS, str address, u32 fd */
	TAG_GENERATION, /* u32 number, u8 state, u32 program fd, i64 drained */
	TAG_PROCESS,    /* u32 generation, u8 role, u32 instance, u8 state,
			 * u8 is leaving, u64 pid, u32 fd, u32 failures,
			 * i64 started */
};

/* The descriptors that there is one of. */
struct file_row {
	const char *name;
	size_t at;
};

static const struct file_row files[] = {
    {"shared", offsetof(struct parent, shared)},
    {"shared_readonly", offsetof(struct parent, shared_readonly)},
    {"stats", offsetof(struct parent, stats)},
    {"limits", offsetof(struct parent, limits)},
    {"master_key", offsetof(struct parent, master_key)},
    {"access_log", offsetof(struct parent, access_log)},
    {"control_socket", offsetof(struct parent, control_socket)},
};

static int
file_at(const struct parent *p, const struct file_row *row)
{
	int fd;

	memcpy(&fd, (const char *)p + row->at, sizeof(fd));
	return fd;
}

/* --- writing ----------------------------------------------------------------
 */

static void
put(struct buf *out, enum tag tag, struct buf *body)
{
	wire_put_u8(out, (uint8_t)tag);
	wire_put_bytes(out, buf_slice(body));
	buf_wipe(body);
	buf_init(body, BODY_MAX);
}

static void
put_head(const struct parent *p, bool undoes, struct buf *out, struct buf *b)
{
	wire_put_str(b, STATE_MARK);
	wire_put_u8(b, undoes);
	wire_put_u8(b, p->upgrade.wants_reload);
	wire_put_u32(b, p->newest);
	put(out, TAG_HEAD, b);
	wire_put_str(b, p->program);
	put(out, TAG_PROGRAM, b);
	config_encode(&p->config, ROLE_CONTROL, b);
	put(out, TAG_CONFIG, b);
	wire_put_u64(b, shared_size());
	wire_put_u64(b, stats_size(config_seats(&p->config)));
	wire_put_u64(b, limits_size(config_seats(&p->config)));
	wire_put_u32(b, SHARED_LAYOUT);
	put(out, TAG_MEMORY, b);
}

static void
put_files(const struct parent *p, struct buf *out, struct buf *b)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		if (file_at(p, &files[i]) < 0)
			continue;
		wire_put_str(b, files[i].name);
		wire_put_u32(b, (uint32_t)file_at(p, &files[i]));
		put(out, TAG_FILE, b);
	}
	for (size_t i = 0; i < p->listeners.n; i++) {
		const struct parent_listener *l = &p->listeners.items[i];

		wire_put_u32(b, l->id);
		wire_put_u8(b, (uint8_t)(l->is_tls | l->is_metrics << 1));
		wire_put_str(b, addr_format(&l->addr, text));
		wire_put_u32(b, (uint32_t)l->fd);
		put(out, TAG_LISTENER, b);
	}
}

static void
put_process(const struct process *c, struct buf *out, struct buf *b)
{
	if (c->channel == NULL)
		return;
	wire_put_u32(b, c->generation->number);
	wire_put_u8(b, (uint8_t)c->role);
	wire_put_u32(b, c->instance);
	wire_put_u8(b, (uint8_t)c->state);
	wire_put_u8(b, c->is_leaving);
	wire_put_u64(b, (uint64_t)c->pid);
	wire_put_u32(b, (uint32_t)channel_fd(c->channel));
	wire_put_u32(b, c->failures);
	wire_put_i64(b, c->started_ms);
	put(out, TAG_PROCESS, b);
}

static void
put_generations(const struct parent *p, struct buf *out, struct buf *b)
{
	for (size_t k = 0; k < GENERATIONS_MAX; k++) {
		const struct generation *g = p->generations[k];

		if (g == NULL)
			continue;
		wire_put_u32(b, g->number);
		wire_put_u8(b, (uint8_t)g->state);
		wire_put_u32(b, (uint32_t)g->program);
		wire_put_i64(b, g->drained_at_ms);
		put(out, TAG_GENERATION, b);
		for (size_t i = 0; i < g->n_processes; i++)
			put_process(&g->processes[i], out, b);
	}
}

enum err
state_write(const struct parent *p, bool undoes, int *fd)
{
	struct buf out, body;
	enum err e = ERR_IO;

	buf_init(&out, STATE_MAX);
	buf_init(&body, BODY_MAX);
	put_head(p, undoes, &out, &body);
	put_files(p, &out, &body);
	put_generations(p, &out, &body);
	*fd = memfd_create("towpath-state", MFD_CLOEXEC);
	if (*fd >= 0 && !buf_failed(&out) &&
	    write(*fd, buf_slice(&out).p, out.len) == (ssize_t)out.len)
		e = ERR_OK;
	if (e != ERR_OK && *fd >= 0)
		close(*fd);
	buf_wipe(&body);
	buf_wipe(&out);
	return e;
}

/* --- the exec ---------------------------------------------------------------
 */

static void
keep(int fd, bool kept)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, kept ? 0 : FD_CLOEXEC);
}

static void
keep_all(const struct parent *p, bool kept)
{
	for (size_t i = 0; i < COUNT_OF(files); i++)
		keep(file_at(p, &files[i]), kept);
	for (size_t i = 0; i < p->listeners.n; i++)
		keep(p->listeners.items[i].fd, kept);
	for (size_t k = 0; k < GENERATIONS_MAX; k++) {
		const struct generation *g = p->generations[k];

		if (g == NULL)
			continue;
		keep(g->program, kept);
		for (size_t i = 0; i < g->n_processes; i++)
			if (g->processes[i].channel != NULL)
				keep(channel_fd(g->processes[i].channel), kept);
	}
}

/* A signal that comes between two binaries waits for the second one's handlers:
 * without, it would end the process. */
static void
hold_signals(int how)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(how, &all, NULL);
}

void
state_let_signals_come(void)
{
	hold_signals(SIG_UNBLOCK);
}

static void
exec(struct parent *p, const char *program)
{
	int former = generation_serving(p)->program;

	if (program != NULL)
		(void)execv(program, p->argv);
	else
		(void)fexecve(former, p->argv, environ);
}

enum err
state_exec(struct parent *p, const char *program)
{
	char number[16];
	int fd, error;

	if (state_write(p, program == NULL, &fd) != ERR_OK)
		return ERR_IO;
	(void)snprintf(number, sizeof(number), "%d", fd);
	(void)setenv(STATE_VARIABLE, number, 1);
	hold_signals(SIG_BLOCK);
	keep(fd, true);
	keep_all(p, true);
	exec(p, program);
	error = errno;
	keep_all(p, false);
	(void)unsetenv(STATE_VARIABLE);
	hold_signals(SIG_UNBLOCK);
	close(fd);
	errno = error;
	return ERR_IO;
}

/* --- reading ----------------------------------------------------------------
 */

bool
state_is_left(int *fd)
{
	const char *text = getenv(STATE_VARIABLE);
	uint64_t number;

	if (text == NULL || slice_to_u64(slice_str(text), &number) != ERR_OK ||
	    number > INT32_MAX || fcntl((int)number, F_GETFD) < 0)
		return false;
	*fd = (int)number;
	(void)unsetenv(STATE_VARIABLE);
	return true;
}

struct reader {
	struct parent *p;
	bool only_looks; /* a rehearsal: descriptors are not there */
	bool is_undone;
	bool has_head, has_config;
};

static enum err
read_head(struct reader *r, struct wire *w)
{
	char mark[32];

	wire_str(w, mark, sizeof(mark));
	r->is_undone = wire_u8(w) != 0;
	r->p->upgrade.wants_reload = wire_u8(w) != 0;
	r->p->newest = wire_u32(w);
	r->has_head = strcmp(mark, STATE_MARK) == 0;
	return r->has_head ? ERR_OK : ERR_SYNTAX;
}

static enum err
read_program(struct reader *r, struct wire *w)
{
	free(r->p->program);
	r->p->program = xstrdup_slice(wire_bytes(w));
	return ERR_OK;
}

static enum err
read_config(struct reader *r, struct wire *w)
{
	struct slice all = slice_of(w->p, (size_t)(w->end - w->p));

	config_clear(&r->p->config);
	r->has_config = config_decode(all, &r->p->config) == ERR_OK;
	return r->has_config ? ERR_OK : ERR_SYNTAX;
}

/* What lies in the memory that old and new processes share. */
static enum err
read_memory(struct reader *r, struct wire *w)
{
	size_t seats = config_seats(&r->p->config);
	bool is_same = wire_u64(w) == shared_size();

	is_same &= wire_u64(w) == stats_size(seats);
	is_same &= wire_u64(w) == limits_size(seats);
	is_same &= wire_u32(w) == SHARED_LAYOUT;
	return is_same ? ERR_OK : ERR_DENIED;
}

static int
taken(struct reader *r, uint32_t fd)
{
	if (r->only_looks)
		return -1;
	keep((int)fd, false);
	return (int)fd;
}

static enum err
read_file(struct reader *r, struct wire *w)
{
	struct slice name = wire_bytes(w);
	uint32_t fd = wire_u32(w);

	int own = w->bad ? -1 : taken(r, fd);

	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (slice_eq(name, slice_str(files[i].name)))
			memcpy((char *)r->p + files[i].at, &own, sizeof(own));
	return ERR_OK;
}

static enum err
read_listener(struct reader *r, struct wire *w)
{
	struct parent_listeners *all = &r->p->listeners;
	struct parent_listener l = {.id = wire_u32(w)};
	uint8_t kind = wire_u8(w);
	enum err e;

	l.is_tls = (kind & 1) != 0;
	l.is_metrics = (kind & 2) != 0;
	e = addr_parse(wire_bytes(w), &l.addr);
	l.fd = taken(r, wire_u32(w));
	if (e != ERR_OK)
		return e;
	if (l.id > all->last_id)
		all->last_id = l.id;
	parent_listeners_append(all, &l);
	return ERR_OK;
}

static enum err
read_generation(struct reader *r, struct wire *w)
{
	uint32_t number = wire_u32(w), program;
	enum generation_state state = (enum generation_state)wire_u8(w);
	struct generation *g;

	program = wire_u32(w);
	if (w->bad || !r->has_config || state > GENERATION_DRAINING ||
	    r->p->generations[number % GENERATIONS_MAX] != NULL)
		return ERR_SYNTAX;
	g = generation_new(r->p, number, taken(r, program));
	g->state = state;
	g->drained_at_ms = wire_i64(w);
	return ERR_OK;
}

static struct process *
process_named(struct parent *p, uint32_t number, enum role role, uint32_t i)
{
	struct generation *g = p->generations[number % GENERATIONS_MAX];

	for (size_t k = 0; g != NULL && k < g->n_processes; k++)
		if (g->processes[k].role == role &&
		    g->processes[k].instance == i)
			return &g->processes[k];
	return NULL;
}

static enum err
read_process(struct reader *r, struct wire *w)
{
	uint32_t number = wire_u32(w);
	enum role role = (enum role)wire_u8(w);
	struct process *c = process_named(r->p, number, role, wire_u32(w));
	enum process_state state = (enum process_state)wire_u8(w);
	int fd;

	if (w->bad || c == NULL || state > PROCESS_READY)
		return ERR_SYNTAX;
	c->state = state;
	c->is_leaving = wire_u8(w) != 0;
	c->pid = (pid_t)wire_u64(w);
	fd = taken(r, wire_u32(w));
	c->failures = wire_u32(w);
	c->started_ms = wire_i64(w);
	if (!w->bad && !r->only_looks)
		process_adopt(c, fd);
	return ERR_OK;
}

static enum err
read_record(struct reader *r, enum tag tag, struct slice body)
{
	struct wire w = wire_open(body);
	enum err e = ERR_OK;

	switch (tag) {
	case TAG_HEAD:
		e = read_head(r, &w);
		break;
	case TAG_PROGRAM:
		e = read_program(r, &w);
		break;
	case TAG_CONFIG:
		e = read_config(r, &w);
		break;
	case TAG_MEMORY:
		e = read_memory(r, &w);
		break;
	case TAG_FILE:
		e = read_file(r, &w);
		break;
	case TAG_LISTENER:
		e = read_listener(r, &w);
		break;
	case TAG_GENERATION:
		e = read_generation(r, &w);
		break;
	case TAG_PROCESS:
		e = read_process(r, &w);
		break;
	}
	return e == ERR_OK && w.bad ? ERR_SYNTAX : e;
}

static enum err
read_records(struct reader *r, struct slice all)
{
	struct wire w = wire_open(all);
	enum err e = ERR_OK;

	while (e == ERR_OK && !w.bad && w.p != w.end) {
		uint8_t tag = wire_u8(&w);
		struct slice body = wire_bytes(&w);

		if (!w.bad)
			e = read_record(r, (enum tag)tag, body);
	}
	if (e == ERR_OK && (w.bad || !r->has_head || !r->has_config))
		e = ERR_SYNTAX;
	return e;
}

enum err
state_read(struct parent *p, int fd, bool *is_undone, struct fault *f)
{
	struct reader r = {.p = p, .only_looks = p->loop == NULL};
	char *all = xmalloc(STATE_MAX);
	ssize_t n = pread(fd, all, STATE_MAX, 0);
	enum err e = ERR_IO;

	if (n > 0)
		e = read_records(&r, slice_of(all, (size_t)n));
	explicit_bzero(all, STATE_MAX);
	free(all);
	close(fd);
	*is_undone = r.is_undone;
	if (e == ERR_DENIED)
		fault_set(f, FAULT_S25_INTERNAL,
		    "this version shares memory in another form than the one "
		    "that runs: towpathd must be restarted for it");
	else if (e != ERR_OK)
		fault_set(f, FAULT_S25_INTERNAL,
		    "the state of the running version cannot be read");
	return e;
}
