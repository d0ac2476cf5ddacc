#ifndef ROUTER_CONFIG_TABLE_H
#define ROUTER_CONFIG_TABLE_H
/*
 * The keys of towpath.conf, each a row.  Everything about a key is said here,
 * and a value has one text form (router/config_value.h) in which it is
 * written in the file, sent to children and compared.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
	CONFIG_STRING, /* char *, as it is */
	CONFIG_PATH,   /* char *, absolute, not empty */
	CONFIG_URL,    /* char *, https:// or empty */
	CONFIG_HOST,   /* char *, a host name as stored, or empty */
	CONFIG_CHOICE, /* char *, one of `words` */
	CONFIG_FLAG,   /* bool */
	CONFIG_COUNT,  /* int64_t, min to max */
	CONFIG_SIZE,   /* int64_t bytes, min to max */
	CONFIG_TIME,   /* int64_t milliseconds, min to max of them */
	CONFIG_LEVEL,  /* int64_t, enum log_level */
	/* lists, from here on */
	CONFIG_HOSTS,     /* struct config_strings, "*." allowed */
	CONFIG_CHOICES,   /* struct config_strings, each of `words`, once */
	CONFIG_ADDRS,     /* struct config_addrs with ports */
	CONFIG_IPS,       /* struct config_addrs without */
	CONFIG_RESOLVERS, /* struct config_addrs; port 53 unless said */
	CONFIG_NETWORKS,  /* struct config_networks */
};

enum config_flag {
	CONFIG_SECRET = 1, /* control only, never shown */
	CONFIG_FIXED = 2,  /* cannot change while running */
	CONFIG_AUTO = 4,   /* "auto" is 0 */
	CONFIG_NEEDED = 8, /* not empty */
	CONFIG_IDLE = 16,  /* has no effect in this version: said aloud */
};

struct config_row {
	const char *section, *key;
	enum config_type type;
	size_t at; /* offset in struct config */
	const char *standard;
	unsigned flags;
	int64_t min, max;
	const char *words;
	const char *help;
};

/* Row i, NULL past the end. */
const struct config_row *config_row_at(size_t i);

#endif
