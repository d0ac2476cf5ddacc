#ifndef ADMIN_TUI_WORDS_H
#define ADMIN_TUI_WORDS_H
/*
 * Times in a person's words.  All take UTC seconds; what is shown as a clock
 * or a date is local.
 */
#include <stddef.h>
#include <stdint.h>

#define WORDS_SIZE 32

/* "41 s", "12 min", "2 h 10 min", "3 days".  Returns out. */
char *words_span(int64_t seconds, char out[WORDS_SIZE]);

/* "in 43 days", "in 30 h", "in 5 min", "expired"; "-" for a time of 0. */
char *words_until(int64_t at, int64_t now, char out[WORDS_SIZE]);

/* "14:02:31" today, "Nov 19 16:40" this year, else "2025-11-19"; "-" for 0. */
char *words_when(int64_t at, int64_t now, char out[WORDS_SIZE]);

/* The same without the hour of another day: "Nov 19". */
char *words_day(int64_t at, int64_t now, char out[WORDS_SIZE]);

char *words_date(int64_t at, char out[WORDS_SIZE]);  /* "2026-11-19" */
char *words_clock(int64_t at, char out[WORDS_SIZE]); /* "14:02:31" */

#endif
