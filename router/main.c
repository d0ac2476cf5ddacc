/*
 * towpathd: the parent when a person or systemd starts it, one of its children
 * when it starts itself (`--child ROLE INSTANCE`).
 */
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "certs/keys_proc.h"
#include "router/control/control_proc.h"
#include "router/edge/worker_proc.h"
#include "router/hook_proc.h"
#include "router/parent_proc.h"

#define EXIT_USAGE 2

static const char usage[] =
    "usage: towpathd [-c FILE] [-t] [-V]\n"
    "  -c FILE  configuration (default /etc/towpath/towpath.conf)\n"
    "  -t       check the configuration and exit\n"
    "  -V       show the version and exit\n";

static int
child_main(enum role role, uint32_t instance)
{
	switch (role) {
	case ROLE_CONTROL:
		return control_main(instance);
	case ROLE_KEYS:
		return keys_main(instance);
	case ROLE_WORKER:
		return worker_main(instance);
	case ROLE_HOOK:
		return hook_main(instance);
	case ROLE_PARENT:
	case ROLES:
		break;
	}
	die("no such role");
}

/* A child finds its channel where proc_spawn put it; a person who types
 * --child does not have one. */
int
main(int argc, char **argv)
{
	const char *config = "/etc/towpath/towpath.conf";
	bool only_check = false;
	enum role role;
	uint32_t instance;
	int option;

	if (proc_begin(argc, argv, &role, &instance))
		return child_main(role, instance);
	while ((option = getopt(argc, argv, "c:tVh")) != -1) {
		if (option == 'c') {
			config = optarg;
		} else if (option == 't') {
			only_check = true;
		} else if (option == 'V') {
			(void)printf("towpathd %s\n", TOWPATH_VERSION);
			return 0;
		} else {
			(void)fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (optind != argc) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return only_check ? parent_check(config) : parent_main(config, argv);
}
