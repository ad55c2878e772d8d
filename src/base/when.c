/*
 * when.c - see when.h. The civil calendar is computed here: gmtime and
 * friends know limits and locales that we do not want to meet.
 */
#include "base/base.h"
#include "base/when.h"

int64_t
when_now(void)
{
	return ((int64_t)time(NULL));
}

int64_t
when_mono_ms(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

int64_t
when_cpu_ms(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

int64_t
when_day(int64_t t)
{
	return (t >= 0 ? t / DAY_SECONDS : -((-(t + 1)) / DAY_SECONDS) - 1);
}

/* Days to year, month, day in the proleptic Gregorian calendar, era by era. */
static void
civil(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
	int64_t		 z, era;
	uint64_t	 doe, yoe, doy, mp;

	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = (uint64_t)(z - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int64_t)yoe + era * 400 + (*m <= 2);
}

static int64_t
days_of(int64_t y, unsigned m, unsigned d)
{
	int64_t		 era;
	uint64_t	 yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (uint64_t)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3u : m + 9u) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return (era * 146097 + (int64_t)doe - 719468);
}

const char *
when_date(int64_t day, char out[WHEN_TEXT])
{
	int64_t		 y;
	unsigned	 m, d;

	if (day < -719000 || day > 2932896) {	/* outside of years 1..9999 */
		(void)snprintf(out, WHEN_TEXT, "day %lld", (long long)day);
		return (out);
	}
	civil(day, &y, &m, &d);
	(void)snprintf(out, WHEN_TEXT, "%04lld-%02u-%02u", (long long)y, m, d);
	return (out);
}

const char *
when_rfc3339(int64_t t, char out[WHEN_TEXT])
{
	int64_t		 y, day = when_day(t);
	unsigned	 m, d, s = (unsigned)(t - day * DAY_SECONDS);

	if (day < -719000 || day > 2932896) {
		(void)snprintf(out, WHEN_TEXT, "@%lld", (long long)t);
		return (out);
	}
	civil(day, &y, &m, &d);
	(void)snprintf(out, WHEN_TEXT, "%04lld-%02u-%02uT%02u:%02u:%02uZ",
	    (long long)y, m, d, s / 3600, s / 60 % 60, s % 60);
	return (out);
}

static bool
digits(const char *p, unsigned n, unsigned *out)
{
	*out = 0;
	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return (false);
		*out = *out * 10 + (unsigned)(*p - '0');
	}
	return (true);
}

bool
when_parse_date(struct str s, int64_t *day)
{
	static const unsigned char	 len[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned			 y, m, d, m2, d2;
	int64_t				 v, y2;

	if (s.len != 10 || !digits(s.p, 4, &y) || s.p[4] != '-' || !digits(s.p + 5, 2, &m) ||
	    s.p[7] != '-' || !digits(s.p + 8, 2, &d) || y < 1 || m < 1 || m > 12 || d < 1 || d > len[m - 1])
		return (false);
	v = days_of(y, m, d);
	civil(v, &y2, &m2, &d2);	/* 29 February of a common year comes back as March */
	if (m2 != m || d2 != d)
		return (false);
	*day = v;
	return (true);
}

bool
when_parse_rfc3339(struct str s, int64_t *t)
{
	unsigned	 h, mi, se, zh = 0, zm = 0;
	int64_t		 day, off = 0;
	size_t		 i;

	s = str_trim(s);
	if (s.len < 10 || !when_parse_date((struct str){ s.p, 10 }, &day))
		return (false);
	*t = day * DAY_SECONDS;
	if (s.len == 10)
		return (true);
	if (s.len < 19 || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') ||
	    !digits(s.p + 11, 2, &h) || s.p[13] != ':' || !digits(s.p + 14, 2, &mi) || s.p[16] != ':' ||
	    !digits(s.p + 17, 2, &se) || h > 23 || mi > 59 || se > 60)
		return (false);
	i = 19;
	if (i < s.len && s.p[i] == '.') {
		for (i++; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			;
	}
	if (i == s.len || (i + 1 == s.len && (s.p[i] == 'Z' || s.p[i] == 'z')))
		off = 0;
	else if (s.len - i == 6 && (s.p[i] == '+' || s.p[i] == '-') && digits(s.p + i + 1, 2, &zh) &&
	    s.p[i + 3] == ':' && digits(s.p + i + 4, 2, &zm) && zh < 24 && zm < 60) {
		off = (int64_t)(zh * 3600 + zm * 60);
		if (s.p[i] == '-')
			off = -off;
	} else
		return (false);
	*t = day * DAY_SECONDS + (int64_t)(h * 3600 + mi * 60 + se) - off;
	return (true);
}
