#include "base/clock.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const volatile int64_t *offset; /* of a test; NULL: the true time */
static int64_t floor_at;

void
clock_init(void)
{
	const char *test = getenv("TOWPATH_TEST");
	const char *path = getenv("TOWPATH_CLOCK");
	struct stat st;
	void *p;
	int fd;

	if (test == NULL || test[0] != '1' || path == NULL || offset != NULL)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(int64_t)) {
		p = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
		if (p != MAP_FAILED)
			offset = p;
	}
	close(fd);
}

bool
clock_is_test(void)
{
	return offset != NULL;
}

int64_t
clock_now_ms(void)
{
	struct timespec ts;
	int64_t now;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if (offset != NULL)
		now += *offset * 1000;
	return now < floor_at * 1000 ? floor_at * 1000 : now;
}

int64_t
clock_now(void)
{
	return clock_now_ms() / 1000;
}

int64_t
clock_mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

time_t
clock_time_t(time_t *out)
{
	time_t now = (time_t)clock_now();

	if (out != NULL)
		*out = now;
	return now;
}

void
clock_set_floor(int64_t at)
{
	if (at > floor_at)
		floor_at = at;
}

/* Decimal digits of v, n of them, and then c.  Returns where to go on. */
static char *
put_digits(char *out, unsigned v, size_t n, char c)
{
	for (size_t i = n; i-- > 0; v /= 10)
		out[i] = (char)('0' + v % 10);
	out[n] = c;
	return out + n + 1;
}

/*
 * The date of a day since 1970-01-01, in the proleptic Gregorian calendar, by
 * years that begin in March, so that a leap day is a year's last.  strftime
 * would be a third of the cost of a router line.
 */
static char *
put_date(char *out, unsigned days)
{
	unsigned since = days + 719468;                      /* 0000-03-01 */
	unsigned era = since / 146097, day = since % 146097; /* 400 years */
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153; /* from March */
	day -= (153 * month + 2) / 5;
	year += era * 400 + (month >= 10);
	out = put_digits(out, year, 4, '-');
	out = put_digits(out, month < 10 ? month + 3 : month - 9, 2, '-');
	return put_digits(out, day + 1, 2, 'T');
}

#define DAY      INT64_C(86400)
#define YEAR_10K INT64_C(253402300800)

static void
format(int64_t at, int ms, char out[CLOCK_TEXT_SIZE])
{
	unsigned second;

	if (at < 0 || at >= YEAR_10K) {
		(void)snprintf(out, CLOCK_TEXT_SIZE, "?");
		return;
	}
	second = (unsigned)(at % DAY);
	out = put_date(out, (unsigned)(at / DAY));
	out = put_digits(out, second / 3600, 2, ':');
	out = put_digits(out, second / 60 % 60, 2, ':');
	out = put_digits(out, second % 60, 2, ms < 0 ? 'Z' : '.');
	if (ms >= 0)
		out = put_digits(out, (unsigned)ms, 3, 'Z');
	*out = '\0';
}

char *
clock_format(int64_t at, char out[CLOCK_TEXT_SIZE])
{
	format(at, -1, out);
	return out;
}

char *
clock_format_ms(int64_t at_ms, char out[CLOCK_TEXT_SIZE])
{
	format(at_ms / 1000, (int)(at_ms % 1000), out);
	return out;
}

/* n decimal digits at s->p, stepped over. */
static bool
digits(struct slice *s, size_t n, int *out)
{
	uint64_t v;

	if (s->n < n || slice_to_u64(slice_of(s->p, n), &v) != ERR_OK)
		return false;
	*out = (int)v;
	*s = slice_from(*s, n);
	return true;
}

static bool
literal(struct slice *s, const char *set)
{
	if (s->n == 0 || s->p[0] == '\0' || strchr(set, s->p[0]) == NULL)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/* "Z" or "+01:00", as seconds east of UTC. */
static bool
zone(struct slice *s, int *out)
{
	int sign, hours, minutes;

	*out = 0;
	if (literal(s, "Zz"))
		return true;
	sign = s->n > 0 && s->p[0] == '-' ? -1 : 1;
	if (!literal(s, "+-") || !digits(s, 2, &hours) || !literal(s, ":") ||
	    !digits(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*out = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* Has the month this day?  timegm would make March of February 30th. */
static bool
is_day(const struct tm *tm)
{
	struct tm day = {.tm_year = tm->tm_year,
	    .tm_mon = tm->tm_mon,
	    .tm_mday = tm->tm_mday};

	(void)timegm(&day);
	return day.tm_mday == tm->tm_mday;
}

enum err
clock_parse(struct slice s, int64_t *out)
{
	struct tm tm = {0};
	int east;

	if (!digits(&s, 4, &tm.tm_year) || !literal(&s, "-") ||
	    !digits(&s, 2, &tm.tm_mon) || !literal(&s, "-") ||
	    !digits(&s, 2, &tm.tm_mday) || !literal(&s, "Tt ") ||
	    !digits(&s, 2, &tm.tm_hour) || !literal(&s, ":") ||
	    !digits(&s, 2, &tm.tm_min) || !literal(&s, ":") ||
	    !digits(&s, 2, &tm.tm_sec))
		return ERR_SYNTAX;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return ERR_SYNTAX;
	if (literal(&s, ".")) {
		int digit;

		if (!digits(&s, 1, &digit))
			return ERR_SYNTAX;
		while (digits(&s, 1, &digit))
			;
	}
	if (!zone(&s, &east) || s.n != 0)
		return ERR_SYNTAX;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!is_day(&tm))
		return ERR_SYNTAX;
	*out = (int64_t)timegm(&tm) - east;
	return ERR_OK;
}
