#ifndef ROUTER_PARENT_PROC_H
#define ROUTER_PARENT_PROC_H
/*
 * towpathd itself, before it becomes a family: reads the configuration, opens
 * what its children need, starts them and keeps them alive.
 */

/* Serves until told to end; returns the exit status: 0, or 2 with a sentence
 * on standard error when it cannot start. */
int parent_main(const char *config_path, char *const *argv);

/* `-t`: is this configuration good?  0, or 2 with a sentence. */
int parent_check(const char *config_path);

#endif
