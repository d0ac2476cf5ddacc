/* The migrations as strings, for base/migrations.c. */
	.macro text name, file
	.global \name
	.type \name, @object
\name:
	.incbin "\file"
	.byte 0
	.size \name, . - \name
	.endm

	.section .rodata
	text schema_sql, base/schema.sql
	text schema_2_sql, base/schema_2.sql
	text schema_3_sql, base/schema_3.sql
	text schema_4_sql, base/schema_4.sql
	text schema_5_sql, base/schema_5.sql
	text schema_6_sql, base/schema_6.sql
	text schema_7_sql, base/schema_7.sql
	text schema_8_sql, base/schema_8.sql
	text schema_9_sql, base/schema_9.sql
	text schema_10_sql, base/schema_10.sql
	text schema_11_sql, base/schema_11.sql
	text schema_12_sql, base/schema_12.sql
	text schema_13_sql, base/schema_13.sql
	text schema_14_sql, base/schema_14.sql
	text schema_15_sql, base/schema_15.sql
	.section .note.GNU-stack, "", @progbits
