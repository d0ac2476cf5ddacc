#include "acme/schedule.h"

#define MINUTE         INT64_C(60)
#define HOUR           (60 * MINUTE)
#define DAY            (24 * HOUR)

#define SHORT_LIFETIME (10 * DAY)
#define JITTER_STEPS   1000
#define CHECK_FAST_FOR HOUR
#define CHECK_MAX      (4 * HOUR)
#define EXPIRING_MAX   (14 * DAY)

static int64_t
lifetime(int64_t not_before, int64_t not_after)
{
	return not_after > not_before ? not_after - not_before : 0;
}

int64_t
schedule_renewal(int64_t not_before, int64_t not_after, int jitter)
{
	int64_t life = lifetime(not_before, not_after);
	int64_t left = life < SHORT_LIFETIME ? life / 2 : life / 3;
	/* up to a twentieth of the lifetime earlier */
	int64_t early = life / 20 * jitter / JITTER_STEPS;

	return not_after - left - early;
}

int
schedule_jitter(const char *host)
{
	uint32_t hash = 2166136261u; /* FNV-1a: spread, not secrecy */

	for (const char *p = host; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return (int)(hash % JITTER_STEPS);
}

int64_t
schedule_backoff(int failures)
{
	static const int64_t steps[] = {MINUTE, 10 * MINUTE, 100 * MINUTE};

	if (failures < 1)
		return 0;
	if (failures <= (int)(sizeof(steps) / sizeof(steps[0])))
		return steps[failures - 1];
	return DAY;
}

int64_t
schedule_retry(int failures, int64_t left)
{
	int64_t pause = schedule_backoff(failures), most = left / 10;

	if (left <= 0)
		return pause;
	if (most < HOUR / 4)
		most = HOUR / 4;
	return pause < most ? pause : most;
}

int64_t
schedule_check(int64_t interval, int64_t touched_at, int64_t now)
{
	int64_t since = now - touched_at;
	int64_t pause = since / 3;

	if (since <= CHECK_FAST_FOR)
		return interval;
	if (pause > CHECK_MAX)
		pause = CHECK_MAX;
	return pause > interval ? pause : interval;
}

int64_t
schedule_expiring(int64_t not_before, int64_t not_after)
{
	int64_t left = lifetime(not_before, not_after) / 3;

	return not_after - (left < EXPIRING_MAX ? left : EXPIRING_MAX);
}
