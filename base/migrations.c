#include "base/migrations.h"

/* base/schema.sql and those after it, put into the program by base/schema.S. */
extern const char schema_sql[], schema_2_sql[], schema_3_sql[], schema_4_sql[],
    schema_5_sql[], schema_6_sql[], schema_7_sql[], schema_8_sql[],
    schema_9_sql[], schema_10_sql[], schema_11_sql[], schema_12_sql[],
    schema_13_sql[], schema_14_sql[], schema_15_sql[];

const struct migration *
migrations(size_t *n)
{
	static const struct migration all[] = {
	    {1, schema_sql},
	    {2, schema_2_sql},
	    {3, schema_3_sql},
	    {4, schema_4_sql},
	    {5, schema_5_sql},
	    {6, schema_6_sql},
	    {7, schema_7_sql},
	    {8, schema_8_sql},
	    {9, schema_9_sql},
	    {10, schema_10_sql},
	    {11, schema_11_sql},
	    {12, schema_12_sql},
	    {13, schema_13_sql},
	    {14, schema_14_sql},
	    {15, schema_15_sql},
	};

	*n = sizeof(all) / sizeof(all[0]);
	return all;
}
