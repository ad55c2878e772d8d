/*
 * copy_times.c - see copy_int.h.
 *
 * The times of a copy name no zone. The documented sample is of a report that
 * covers a UTC day (1335571200 to 1335657599) and shows it as 20:00:00 to
 * 19:59:59: the local time of whoever ran the program. Layouts with interval_*
 * in each row say the same period a second time, and there it is UTC. So:
 *
 *   - where a row's interval is the whole period, moved by full quarters of an
 *     hour, that is the period;
 *   - else a report of a whole day that does not begin at midnight is moved to
 *     the nearest midnight: most reporters report UTC days;
 *   - else the times are read as UTC.
 *
 * Whether an original of the report is here already does not depend on it: it
 * is looked for within 14 hours (store/write_copy.c).
 */
#include "base/when.h"
#include "report/copy_int.h"

#define ZONES (14 * 3600)
#define QUARTER 900

bool
copy_time(struct str s, int64_t *t, bool *zoned)
{
	s = str_trim(s);
	*zoned = true;
	if (s.len == 0)
		return (false);
	if (str_i64(s, t))
		return (true);
	*zoned = s.len > 10 && (s.p[s.len - 1] == 'Z' || memchr(s.p + 10, '+', s.len - 10) != NULL || memchr(s.p + 10, '-', s.len - 10) != NULL);
	return (when_parse_rfc3339(s, t));
}

static bool
shift_of_zone(int64_t by)
{
	return (by % QUARTER == 0 && by >= -ZONES && by <= ZONES);
}

static int64_t
nearest_midnight(int64_t t)
{
	return (when_day(t + DAY_SECONDS / 2) * DAY_SECONDS);
}

void
copy_period(int64_t *begin, int64_t *end, struct str from, struct str to, bool utc, uint64_t *q)
{
	int64_t	 b, e, length = *end - *begin, whole = DAY_SECONDS - (*end % 60 != 0 ? 1 : 0);
	bool	 zoned;

	if (utc)
		return;
	if (copy_time(from, &b, &zoned) && copy_time(to, &e, &zoned) && shift_of_zone(b - *begin) && shift_of_zone(e - *end)) {
		*begin = b;
		*end = e;
		return;
	}
	*q |= QUIRK_TIME_ZONE;
	/* the days on which clocks are put forward or back are an hour shorter or longer */
	if (length < whole - 3600 || length > whole + 3600 || *begin % QUARTER != 0 || *begin < 0)
		return;
	if (*begin % DAY_SECONDS == 0 && length == whole)
		return;
	*begin = nearest_midnight(*begin);
	*end = *begin + whole;
}
