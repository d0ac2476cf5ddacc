#include "base/limits.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/siphash.h"

struct limits_file {
	uint64_t key[2];
	struct rate_table rates;
	struct load_page pages[]; /* of each worker */
};

struct limits {
	struct limits_file *file;
	size_t size;
	size_t n_workers;
};

size_t
limits_size(size_t n_workers)
{
	return sizeof(struct limits_file) +
	       n_workers * sizeof(struct load_page);
}

enum err
limits_create(size_t n_workers, int *fd)
{
	size_t size = limits_size(n_workers);
	uint64_t key[2];

	*fd = memfd_create("towpath-limits", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)size) != 0 ||
	    getrandom(key, sizeof(key), 0) != sizeof(key) ||
	    write(*fd, key, sizeof(key)) != sizeof(key)) {
		log_error("memory file of limits: %m");
		return ERR_IO;
	}
	/* nobody who has the descriptor may pull the ground from the others */
	(void)fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	return ERR_OK;
}

enum err
limits_map(int fd, struct limits **out)
{
	struct limits *l;
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0 ||
	    st.st_size < (off_t)sizeof(struct limits_file))
		return ERR_IO;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (p == MAP_FAILED) {
		log_error("memory file of limits: %m");
		return ERR_IO;
	}
	l = xcalloc(1, sizeof(*l));
	l->file = p;
	l->size = (size_t)st.st_size;
	l->n_workers =
	    (l->size - sizeof(struct limits_file)) / sizeof(struct load_page);
	*out = l;
	return ERR_OK;
}

void
limits_unmap(struct limits *l)
{
	if (l == NULL)
		return;
	munmap(l->file, l->size);
	free(l);
}

uint64_t
limits_hash(const struct limits *l, struct slice key)
{
	return siphash(l->file->key, key);
}

bool
limits_rate(struct limits *l, uint64_t hash, const struct rate *r,
    int64_t now_us, int64_t *wait_us)
{
	return rate_take(&l->file->rates, hash, r, now_us, wait_us);
}

void
limits_begin(struct limits *l, uint32_t i)
{
	if (i >= l->n_workers)
		return;
	for (size_t k = 0; k < COUNT_OF(l->file->pages[i].words); k++)
		atomic_store_explicit(
		    &l->file->pages[i].words[k], 0, memory_order_relaxed);
}

void
limits_count(struct limits *l, uint32_t i, uint64_t hash, int change)
{
	if (i < l->n_workers)
		load_add(&l->file->pages[i], hash, change);
}

uint64_t
limits_total(const struct limits *l, uint64_t hash)
{
	return limits_of_others(l, UINT32_MAX, hash);
}

uint64_t
limits_of_others(const struct limits *l, uint32_t i, uint64_t hash)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < l->n_workers; k++)
		if (k != i)
			sum += load_get(&l->file->pages[k], hash);
	return sum;
}
