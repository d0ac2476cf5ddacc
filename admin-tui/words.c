#include "admin-tui/words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

char *
words_span(int64_t s, char out[WORDS_SIZE])
{
	if (s < 0)
		s = 0;
	if (s < MINUTE)
		snprintf(out, WORDS_SIZE, "%d s", (int)s);
	else if (s < HOUR)
		snprintf(out, WORDS_SIZE, "%d min", (int)(s / MINUTE));
	else if (s < DAY)
		snprintf(out, WORDS_SIZE, "%d h %d min", (int)(s / HOUR),
		    (int)(s % HOUR / MINUTE));
	else if (s < 2 * (int64_t)DAY)
		snprintf(out, WORDS_SIZE, "1 day %d h", (int)(s % DAY / HOUR));
	else
		snprintf(out, WORDS_SIZE, "%lld days", (long long)(s / DAY));
	return out;
}

char *
words_until(int64_t at, int64_t now, char out[WORDS_SIZE])
{
	int64_t left = at - now;
	if (at == 0)
		snprintf(out, WORDS_SIZE, "-");
	else if (left <= 0)
		snprintf(out, WORDS_SIZE, "expired");
	else if (left < HOUR)
		snprintf(out, WORDS_SIZE, "in %d min", (int)(left / MINUTE));
	else if (left < 2 * (int64_t)DAY)
		snprintf(out, WORDS_SIZE, "in %d h", (int)(left / HOUR));
	else
		snprintf(
		    out, WORDS_SIZE, "in %lld days", (long long)(left / DAY));
	return out;
}

/* What strftime wrote, or a mark that it did not fit. */
static char *
written(size_t n, char out[WORDS_SIZE])
{
	if (n == 0)
		snprintf(out, WORDS_SIZE, "?");
	return out;
}

/* Years far outside of any calendar are shown as such. */
static struct tm
local_time(int64_t at)
{
	struct tm tm = {0};
	time_t t = (time_t)at;
	if (localtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	return tm;
}

char *
words_when(int64_t at, int64_t now, char out[WORDS_SIZE])
{
	if (at == 0) {
		snprintf(out, WORDS_SIZE, "-");
		return out;
	}
	struct tm then = local_time(at), today = local_time(now);
	if (then.tm_year != today.tm_year)
		return written(
		    strftime(out, WORDS_SIZE, "%Y-%m-%d", &then), out);
	if (then.tm_yday != today.tm_yday)
		return written(
		    strftime(out, WORDS_SIZE, "%b %e %H:%M", &then), out);
	return written(strftime(out, WORDS_SIZE, "%H:%M:%S", &then), out);
}

char *
words_day(int64_t at, int64_t now, char out[WORDS_SIZE])
{
	char when[WORDS_SIZE];
	struct tm then = local_time(at), today = local_time(now);
	words_when(at, now, when);
	if (at == 0 || then.tm_year != today.tm_year ||
	    then.tm_yday == today.tm_yday)
		memcpy(out, when, sizeof(when));
	else
		written(strftime(out, WORDS_SIZE, "%b %e", &then), out);
	return out;
}

char *
words_date(int64_t at, char out[WORDS_SIZE])
{
	struct tm tm = local_time(at);
	if (at != 0)
		return written(strftime(out, WORDS_SIZE, "%Y-%m-%d", &tm), out);
	snprintf(out, WORDS_SIZE, "-");
	return out;
}

char *
words_clock(int64_t at, char out[WORDS_SIZE])
{
	struct tm tm = local_time(at);
	if (at != 0)
		return written(strftime(out, WORDS_SIZE, "%H:%M:%S", &tm), out);
	snprintf(out, WORDS_SIZE, "-");
	return out;
}
