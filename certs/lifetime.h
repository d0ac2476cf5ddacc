#ifndef CERTS_LIFETIME_H
#define CERTS_LIFETIME_H
/*
 * How much of a certificate's life is left, for who must be told in time: pure
 * arithmetic over UTC seconds.
 *
 * Its marks are the moments when 1/3, 1/6 and 1/12 of its lifetime are left,
 * and 7, 3 and 1 days.  A mark that comes so soon after the one before it that
 * it says nothing new (less than a quarter of what was left then) is left out,
 * and of one that lives less than ten days only 1/3 and 1/12 are kept: those
 * are renewed by programs.
 */
#include <stdint.h>

/* The last mark at or before `now`, and the first after it; 0: there is none.
 */
int64_t lifetime_mark_before(
    int64_t not_before, int64_t not_after, int64_t now);
int64_t lifetime_mark_after(int64_t not_before, int64_t not_after, int64_t now);

/* "in 9 days", "in 1 day", "in less than a day"; returns out. */
#define LIFETIME_TEXT_SIZE 40
char *lifetime_text(
    int64_t not_after, int64_t now, char out[LIFETIME_TEXT_SIZE]);

#endif
