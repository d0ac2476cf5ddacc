/*
 * towpath: the command line.  Reads the words, finds the command in the one
 * table, and runs it; a client of the daemon's API, nothing more.
 */
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "admin-tui/cli.h"
#include "admin-tui/cli_man.h"
#include "base/clock.h"

static void
cli_clear(struct cli *c)
{
	client_free(c->client);
	if (c->loop != NULL)
		ev_loop_destroy(c->loop);
	args_clear(&c->args);
}

/* The API is reached only by commands that speak to it.  epoll: libev's
 * io_uring back end aborts. */
static int
connect_client(struct cli *c)
{
	struct fault f;
	struct client_options options = {
	    .server = args_value(&c->args, "server"),
	    .read_only = args_has(&c->args, "read-only")};
	c->loop = ev_default_loop(EVBACKEND_EPOLL);
	if (client_new(c->loop, &options, &c->client, &f) != ERR_OK)
		return cli_refuse(c, &f);
	return CLI_DONE;
}

/* The console for a person, the help for a script. */
static const struct command *
without_words(const struct cli *c)
{
	bool is_person = isatty(STDIN_FILENO) && c->out.is_terminal &&
			 !c->out.is_json && !args_has(&c->args, "help");
	return command_find(is_person ? SLICE("console") : SLICE("help"));
}

static int
run(struct cli *c)
{
	const struct command *command = c->args.command;
	if (args_has(&c->args, "version")) {
		puts("towpath " TOWPATH_VERSION);
		return CLI_DONE;
	}
	if (command == NULL)
		command = c->args.command = without_words(c);
	else if (args_has(&c->args, "help"))
		return cli_help_command(c, command);
	if (command->effect == COMMAND_LOCAL)
		return command->run(c);
	int status = connect_client(c);
	return status == CLI_DONE ? command->run(c) : status;
}

int
main(int argc, char **argv)
{
	struct cli c = {.client = NULL};
	struct fault f;
	setlocale(LC_ALL, "");
	clock_init();
	enum err e = args_parse(argc, argv, &c.args, &f);
	cli_output_init(&c.out, args_has(&c.args, "json"));
	int status = e == ERR_OK ? run(&c) : cli_refuse(&c, &f);
	if (fflush(stdout) != 0 && status == CLI_DONE) {
		perror("towpath");
		status = CLI_REFUSED;
	}
	cli_clear(&c);
	return status;
}
