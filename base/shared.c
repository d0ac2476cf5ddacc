#include "base/shared.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

struct shared {
	_Atomic uint64_t slots[SHARED_SLOTS];
	_Atomic uint64_t sequence; /* of masters; odd while they are written */
	struct ticket_master masters[2];
};

/* Pages of the file of counters are mapped one by one. */
#define STATS_STEP 4096

_Static_assert(sizeof(struct stats_page) <= STATS_STEP, "a page has its limit");

static enum err
create(const char *name, size_t size, int *fd)
{
	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)size) != 0) {
		log_error("memory file %s: %m", name);
		return ERR_IO;
	}
	/* nobody who has the descriptor may pull the ground from the others */
	(void)fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	return ERR_OK;
}

static enum err
map(int fd, off_t at, size_t size, bool writable, void **out)
{
	int protection = PROT_READ | (writable ? PROT_WRITE : 0);
	void *p = mmap(NULL, size, protection, MAP_SHARED, fd, at);

	if (p == MAP_FAILED) {
		log_error("memory file: %m");
		return ERR_IO;
	}
	*out = p;
	return ERR_OK;
}

size_t
shared_size(void)
{
	return sizeof(struct shared);
}

enum err
shared_create(int *fd)
{
	return create("towpath-shared", shared_size(), fd);
}

enum err
shared_fd_readonly(int fd, int *out)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*out = open(path, O_RDONLY | O_CLOEXEC);
	if (*out < 0) {
		log_error("%s: %m", path);
		return ERR_IO;
	}
	return ERR_OK;
}

enum err
shared_map(int fd, bool writable, struct shared **out)
{
	void *p;
	enum err e = map(fd, 0, sizeof(struct shared), writable, &p);

	if (e == ERR_OK)
		*out = p;
	return e;
}

void
shared_unmap(struct shared *s)
{
	if (s != NULL)
		munmap(s, sizeof(*s));
}

/* FNV-1a: the same in every process.  Names that collide on purpose cost a
 * needless read of the store, no more. */
unsigned
shared_slot(struct slice key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (uint8_t)key.p[i]) * UINT64_C(0x100000001b3);
	return (unsigned)((h ^ (h >> 32)) % SHARED_SLOTS);
}

uint64_t
shared_load(const struct shared *s, unsigned slot)
{
	return atomic_load_explicit(
	    &s->slots[slot % SHARED_SLOTS], memory_order_acquire);
}

void
shared_bump(struct shared *s, struct slice key)
{
	atomic_fetch_add_explicit(
	    &s->slots[shared_slot(key)], 1, memory_order_release);
}

void
shared_bump_all(struct shared *s)
{
	for (unsigned i = 0; i < SHARED_SLOTS; i++)
		atomic_fetch_add_explicit(
		    &s->slots[i], 1, memory_order_release);
}

void
shared_rotate_master(struct shared *s, const struct ticket_master *next)
{
	uint64_t n =
	    atomic_load_explicit(&s->sequence, memory_order_relaxed) | 1;

	/* a writer that died half-way left it odd: the next one is odd too */
	atomic_store_explicit(&s->sequence, n, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	s->masters[1] = s->masters[0];
	s->masters[0] = *next;
	atomic_store_explicit(&s->sequence, n + 1, memory_order_release);
}

enum err
shared_masters(const struct shared *s, struct ticket_master out[2])
{
	for (int tries = 0; tries < 1000; tries++) {
		uint64_t before =
		    atomic_load_explicit(&s->sequence, memory_order_acquire);

		if (before == 0)
			return ERR_AGAIN;
		memcpy(out, s->masters, sizeof(s->masters));
		atomic_thread_fence(memory_order_acquire);
		if ((before & 1) == 0 && atomic_load_explicit(&s->sequence,
					     memory_order_relaxed) == before)
			return ERR_OK;
	}
	return ERR_AGAIN;
}

size_t
stats_size(size_t n)
{
	return n * STATS_STEP;
}

const char *const stats_http2_abuses[STATS_HTTP2_ABUSES] = {
    "resets",
    "noise",
    "headers",
    "continuations",
    "queue",
    "protocol",
};

enum err
stats_create(size_t n, int *fd)
{
	return create("towpath-stats", stats_size(n), fd);
}

enum err
stats_map(int fd, size_t i, bool writable, struct stats_page **out)
{
	off_t at = (off_t)(i * STATS_STEP);
	struct stat st;
	void *p;
	enum err e = ERR_IO;

	/* behind the end there would be a signal and no page */
	if (fstat(fd, &st) == 0 && at + STATS_STEP <= st.st_size)
		e = map(fd, at, sizeof(struct stats_page), writable, &p);

	if (e == ERR_OK)
		*out = p;
	return e;
}

void
stats_begin(struct stats_page *p)
{
	atomic_store(&p->connections_open, 0);
	atomic_store(&p->connections_serving, 0);
	atomic_store(&p->connections_closing, 0);
	atomic_store(&p->requests_active, 0);
	atomic_store(&p->sites_cached, 0);
	atomic_store(&p->parked, 0);
}

void
stats_unmap(struct stats_page *p)
{
	if (p != NULL)
		munmap(p, sizeof(*p));
}
