#ifndef ADMIN_TUI_CONSOLE_H
#define ADMIN_TUI_CONSOLE_H
/*
 * The console: `towpath` without a command on a terminal.  It watches the
 * daemon through its API and changes things when keys are pressed.
 */
#include <ev.h>
#include <stdbool.h>

#include "admin-tui/client.h"

/*
 * Runs until the user leaves.  host: a domain to open at once, NULL for the
 * list.  Returns the exit status of the program: 0, or 1 with a line on stderr
 * when the terminal cannot show it.  loop is the client's, not yet running.
 */
int console_main(struct ev_loop *loop, struct client *client, const char *host,
    bool read_only);

#endif
