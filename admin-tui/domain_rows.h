#ifndef ADMIN_TUI_DOMAIN_ROWS_H
#define ADMIN_TUI_DOMAIN_ROWS_H
/*
 * The model's domains as rows of a table: columns, order, what a filter sees.
 */
#include "admin-tui/model.h"
#include "admin-tui/table.h"

struct domain_rows { /* the table's ctx */
	const struct model *model;
	bool only_problems;
};

extern const struct table_source domain_source;
extern const struct table_column domain_columns[];
extern const size_t domain_columns_n;

#endif
