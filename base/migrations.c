#include "base/migrations.h"

/* base/schema.sql, put into the program by base/schema.S. */
extern const char schema_sql[];

const struct migration *
migrations(size_t *n)
{
	static const struct migration all[] = {
	    {1, schema_sql},
	};

	*n = sizeof(all) / sizeof(all[0]);
	return all;
}
