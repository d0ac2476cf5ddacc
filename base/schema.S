/* base/schema.sql as a string, for base/migrations.c. */
	.section .rodata
	.global schema_sql
	.type schema_sql, @object
schema_sql:
	.incbin "base/schema.sql"
	.byte 0
	.size schema_sql, . - schema_sql
	.section .note.GNU-stack, "", @progbits
