#include "base/ca_bundles.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

struct bundle {
	struct list link;
	char *first, *second; /* what it was made of; "" for none */
	int fd;
	char name[64]; /* of the memory file */
};

struct ca_bundles {
	char *system;
	struct list bundles;
};

struct ca_bundles *
ca_bundles_new(const char *system)
{
	struct ca_bundles *t = xcalloc(1, sizeof(*t));

	t->system = xstrdup(system);
	list_init(&t->bundles);
	return t;
}

static void
bundle_free(struct bundle *b)
{
	list_remove(&b->link);
	if (b->fd >= 0)
		close(b->fd);
	free(b->first);
	free(b->second);
	free(b);
}

void
ca_bundles_free(struct ca_bundles *t)
{
	if (t == NULL)
		return;
	LIST_FOREACH_SAFE(it, &t->bundles)
		bundle_free(container_of(it, struct bundle, link));
	free(t->system);
	free(t);
}

/* Appends a file to the bundle; a newline parts it from the next. */
static enum err
append(struct bundle *b, const char *path, struct fault *f)
{
	char bytes[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(b->fd, bytes, (size_t)n) != n)
			break;
	if (n == 0 && write(b->fd, "\n", 1) != 1)
		n = -1;
	if (n != 0)
		fault_set(f, FAULT_S24_FILE_UNREADABLE,
		    "the CA file %s cannot be read: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return n == 0 ? ERR_OK : ERR_IO;
}

static enum err
fill(struct ca_bundles *t, struct bundle *b, struct fault *f)
{
	const char *const parts[] = {t->system, b->first, b->second};
	enum err e = ERR_OK;

	b->fd = memfd_create("towpath-roots", MFD_CLOEXEC);
	if (b->fd < 0) {
		fault_set(f, FAULT_S25_INTERNAL, "no memory file: %s",
		    strerror(errno));
		return ERR_IO;
	}
	(void)snprintf(b->name, sizeof(b->name), "/proc/self/fd/%d", b->fd);
	for (size_t i = 0; i < COUNT_OF(parts) && e == ERR_OK; i++)
		if (parts[i][0] != '\0')
			e = append(b, parts[i], f);
	return e;
}

enum err
ca_bundles_get(struct ca_bundles *t, const char *first, const char *second,
    const char **out, struct fault *f)
{
	struct bundle *b;
	enum err e;

	first = first == NULL ? "" : first;
	second = second == NULL ? "" : second;
	*out = t->system;
	if (first[0] == '\0' && second[0] == '\0')
		return ERR_OK;
	LIST_FOREACH(it, &t->bundles) {
		b = container_of(it, struct bundle, link);
		*out = b->name;
		if (strcmp(b->first, first) == 0 &&
		    strcmp(b->second, second) == 0)
			return ERR_OK;
	}
	b = xcalloc(1, sizeof(*b));
	b->first = xstrdup(first);
	b->second = xstrdup(second);
	list_append(&t->bundles, &b->link);
	e = fill(t, b, f);
	*out = b->name;
	if (e != ERR_OK)
		bundle_free(b);
	return e;
}
