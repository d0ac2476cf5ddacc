#ifndef BASE_PARCEL_H
#define BASE_PARCEL_H
/*
 * A message of a channel that waits in a list: to be sent, or to be delivered.
 *
 * Owned by: the list.   Freed by: parcel_free.
 */
#include "base/buf.h"
#include "base/datagram.h"
#include "base/list.h"

#define PARCEL_HEADER_SIZE 8 /* u32 type, u32 number, then the body */

struct parcel {
	struct list link;
	struct buf bytes; /* header and body */
	int fds[DATAGRAM_FDS_MAX];
	size_t n_fds;
};

/* A copy of the bytes at the end of the list. */
struct parcel *parcel_new(struct list *list, struct slice bytes);
/* Duplicates of descriptors, to be sent with it. */
void parcel_add_copies(struct parcel *p, const int *fds, size_t n_fds);
/* Takes it off its list, closes what descriptors are left, wipes the bytes. */
void parcel_free(struct parcel *p);
void parcels_free(struct list *list); /* all of a list */

#endif
