#include <unistd.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_run.h"
#include "admin-tui/console.h"

int
cli_console(struct cli *c)
{
	char host[HOST_SIZE] = "";
	int status = CLI_DONE;
	if (args_word(&c->args, 0) != NULL)
		status = cli_host(c, 0, host);
	if (status != CLI_DONE)
		return status;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cli_usage(c, "the console needs a terminal");
	return console_main(c->loop, c->client, host[0] != '\0' ? host : NULL,
	    client_is_read_only(c->client));
}
