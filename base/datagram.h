#ifndef BASE_DATAGRAM_H
#define BASE_DATAGRAM_H
/*
 * One whole message with descriptors beside it over a SOCK_SEQPACKET socket:
 * the system calls under base/channel.h.
 */
#include "base/slice.h"

#define DATAGRAM_FDS_MAX 64

/* A connected pair, close-on-exec, with room in the kernel for
 * at least `room` bytes. */
enum err MUST_USE datagram_pair(int fds[2], int room);

/* Hands one message to the kernel, never waiting.  ERR_AGAIN when it is full,
 * ERR_CLOSED. */
enum err MUST_USE datagram_send(
    int fd, struct slice bytes, const int *fds, size_t n_fds);

/*
 * Takes one message; *n and *n_fds hold the room, then what came.  With `waits`
 * on a blocking descriptor as long as its SO_RCVTIMEO says.  ERR_AGAIN: nothing
 * there; ERR_CLOSED: the end, an error, or more than there was room
 * for.
 */
enum err MUST_USE datagram_receive(
    int fd, char *bytes, size_t *n, int *fds, size_t *n_fds, bool waits);

#endif
