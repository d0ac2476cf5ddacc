#ifndef ADMIN_TUI_TUNNEL_H
#define ADMIN_TUI_TUNNEL_H
/*
 * The control socket of another machine, brought here by ssh(1): who may log
 * in there and use the socket may use it from here, and nothing else listens.
 *
 * Owned by: the client.   Freed by: tunnel_close, which ends ssh.
 */
#include "base/fault.h"

struct tunnel;

/*
 * ssh://[USER@]HOST[:PORT][/SOCKET].  Waits until ssh has logged in, which may
 * ask for a password on the terminal.  P18 for a wrong URL, P20 when ssh gives
 * up (it has said why on stderr).
 */
enum err MUST_USE tunnel_open(const char *url, const char *default_socket,
    struct tunnel **out, struct fault *f);
void tunnel_close(struct tunnel *t); /* NULL is allowed */

const char *tunnel_socket(const struct tunnel *t); /* the path here */

#endif
