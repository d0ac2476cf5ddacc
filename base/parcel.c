#include "base/parcel.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

struct parcel *
parcel_new(struct list *list, struct slice bytes)
{
	struct parcel *p = xcalloc(1, sizeof(*p));

	list_append(list, &p->link);
	buf_init(&p->bytes, bytes.n);
	(void)buf_add(&p->bytes, bytes);
	return p;
}

void
parcel_add_copies(struct parcel *p, const int *fds, size_t n_fds)
{
	assert(p->n_fds + n_fds <= DATAGRAM_FDS_MAX);
	for (size_t i = 0; i < n_fds; i++)
		p->fds[p->n_fds++] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
}

void
parcel_free(struct parcel *p)
{
	list_remove(&p->link);
	for (size_t i = 0; i < p->n_fds; i++)
		if (p->fds[i] >= 0)
			close(p->fds[i]);
	buf_wipe(&p->bytes);
	free(p);
}

void
parcels_free(struct list *list)
{
	LIST_FOREACH_SAFE(it, list)
		parcel_free(container_of(it, struct parcel, link));
}
