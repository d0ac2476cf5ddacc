#ifndef ROUTER_CONFIG_VALUE_H
#define ROUTER_CONFIG_VALUE_H
/*
 * One value of the configuration: from its text into the field of struct
 * config that the row names, and back.
 */
#include "base/buf.h"
#include "base/fault.h"
#include "router/config.h"
#include "router/config_table.h"

/* Lists grow by what the text holds; else the field is replaced.  S23, with a
 * sentence that names the key. */
enum err MUST_USE config_value_set(struct config *c,
    const struct config_row *row, struct slice text, struct fault *f);

/* Appends the text form, such that setting it gives the same value. */
void config_value_text(
    const struct config *c, const struct config_row *row, struct buf *out);

/* Frees what the field holds and leaves it empty. */
void config_value_clear(struct config *c, const struct config_row *row);

bool config_value_is_list(const struct config_row *row);

#endif
