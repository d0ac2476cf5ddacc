#include "base/datagram.h"

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "base/log.h"

/* Room for ancillary data, aligned as the kernel wants it. */
union control {
	char bytes[CMSG_SPACE(sizeof(int) * DATAGRAM_FDS_MAX)];
	struct cmsghdr align;
};

enum err
datagram_pair(int fds[2], int room)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		log_error("socketpair: %m");
		return ERR_IO;
	}
	for (int i = 0; i < 2; i++)
		(void)setsockopt(
		    fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return ERR_OK;
}

enum err
datagram_send(int fd, struct slice bytes, const int *fds, size_t n_fds)
{
	union control control = {{0}};
	struct iovec iov = {(void *)bytes.p, bytes.n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t sent;

	if (n_fds > 0) {
		struct cmsghdr *h;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		h = CMSG_FIRSTHDR(&msg);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(h), fds, sizeof(int) * n_fds);
	}
	do
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return ERR_OK;
	return errno == EAGAIN || errno == ENOBUFS ? ERR_AGAIN : ERR_CLOSED;
}

enum err
datagram_receive(
    int fd, char *bytes, size_t *n, int *fds, size_t *n_fds, bool waits)
{
	union control control;
	struct iovec iov = {bytes, *n};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_SPACE(sizeof(int) * *n_fds)};
	int how = MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT);
	ssize_t got;

	do
		got = recvmsg(fd, &msg, how);
	while (got < 0 && errno == EINTR);
	*n_fds = 0;
	if (got < 0)
		return errno == EAGAIN ? ERR_AGAIN : ERR_CLOSED;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&msg); h != NULL;
	     h = CMSG_NXTHDR(&msg, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		*n_fds = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(h), *n_fds * sizeof(int));
	}
	*n = (size_t)got;
	if (got > 0 && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return ERR_OK;
	for (size_t i = 0; i < *n_fds; i++)
		close(fds[i]);
	*n_fds = 0;
	return ERR_CLOSED;
}
