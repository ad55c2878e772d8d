/*
 * mail_date.c - see mail_date.h. The order of day, month, year, time and zone
 * is not relied on: each word says by its form what it is.
 */
#include "base/when.h"
#include "report/mail_date.h"

struct parts {
	int	 day, month, year;	/* 0: not met */
	int	 hour, minute, second;
	int	 zone;			/* minutes east of UTC */
	bool	 time, zoned, pm, am, odd;
};

/* The first letters tell; the longer of two that begin alike comes first. */
static const struct { const char *name; int month; } months[] = {
	{ "jan", 1 }, { "ene", 1 }, { "gen", 1 }, { "feb", 2 }, { "f\xc3\xa9v", 2 }, { "fev", 2 }, { "mar", 3 }, { "m\xc3\xa4r", 3 },
	{ "mrz", 3 }, { "maa", 3 }, { "apr", 4 }, { "avr", 4 }, { "abr", 4 }, { "may", 5 }, { "mai", 5 }, { "mag", 5 }, { "mei", 5 },
	{ "maj", 5 }, { "juin", 6 }, { "jun", 6 }, { "giu", 6 }, { "juil", 7 }, { "jul", 7 }, { "lug", 7 }, { "aug", 8 },
	{ "ao\xc3\xbb", 8 }, { "aou", 8 }, { "ago", 8 }, { "sep", 9 }, { "set", 9 }, { "oct", 10 }, { "okt", 10 }, { "ott", 10 },
	{ "out", 10 }, { "nov", 11 }, { "dec", 12 }, { "dez", 12 }, { "d\xc3\xa9" "c", 12 }, { "dic", 12 },
};

static const struct { const char *name; int minutes; } zones[] = {
	{ "ut", 0 }, { "utc", 0 }, { "gmt", 0 }, { "z", 0 }, { "est", -300 }, { "edt", -240 }, { "cst", -360 }, { "cdt", -300 },
	{ "mst", -420 }, { "mdt", -360 }, { "pst", -480 }, { "pdt", -420 }, { "wet", 0 }, { "west", 60 }, { "bst", 60 }, { "cet", 60 },
	{ "cest", 120 }, { "mez", 60 }, { "mesz", 120 }, { "eet", 120 }, { "eest", 180 }, { "msk", 180 }, { "jst", 540 },
	{ "aest", 600 }, { "aedt", 660 },
};

static bool
digits(struct str w, int *out)
{
	int64_t	 v;

	if (w.len == 0 || w.len > 4 || !str_i64(w, &v))
		return (false);
	*out = (int)v;
	return (true);
}

/* 10:02, 10:02:08, 10:02:08.123; AM and PM may hang behind it. */
static bool
clock_word(struct parts *p, struct str w)
{
	int	 v[3] = { 0, 0, 0 }, n = 0;
	size_t	 at = 0, from;

	while (n < 3 && at < w.len) {
		for (from = at; at < w.len && w.p[at] >= '0' && w.p[at] <= '9'; at++)
			;
		if (!digits((struct str){ w.p + from, at - from }, &v[n]))
			return (false);
		n++;
		if (at == w.len || w.p[at] != ':')
			break;
		at++;
	}
	if (n < 2 || v[0] > 24 || v[1] > 59 || v[2] > 60)
		return (false);
	if (at < w.len && w.p[at] == '.')
		for (at++; at < w.len && w.p[at] >= '0' && w.p[at] <= '9'; at++)
			;
	w = (struct str){ w.p + at, w.len - at };
	p->pm |= str_ieq(w, "pm");
	p->am |= str_ieq(w, "am");
	if (w.len > 0 && !p->pm && !p->am)
		return (false);
	p->hour = v[0];
	p->minute = v[1];
	p->second = v[2] > 59 ? 59 : v[2];
	return (p->time = true);
}

static bool
offset_word(struct parts *p, struct str w)
{
	int	 v, sign;

	if (w.len < 2 || (w.p[0] != '+' && w.p[0] != '-'))
		return (false);
	sign = w.p[0] == '-' ? -1 : 1;
	w.p++;
	w.len--;
	if (w.len == 5 && w.p[2] == ':') {
		char	 z[4] = { w.p[0], w.p[1], w.p[3], w.p[4] };

		p->odd = true;
		if (!digits((struct str){ z, 4 }, &v))
			return (false);
	} else if (w.len != 4 || !digits(w, &v))
		return (false);
	if (v / 100 > 14 || v % 100 > 59)
		return (false);
	p->zone = sign * (v / 100 * 60 + v % 100);
	return (p->zoned = true);
}

static bool
name_word(struct parts *p, struct str w)
{
	if (str_ieq(w, "am") || str_ieq(w, "pm")) {
		p->pm |= ascii_lower(w.p[0]) == 'p';
		p->am |= ascii_lower(w.p[0]) == 'a';
		return (p->odd = true);
	}
	if (!p->zoned)
		for (size_t i = 0; i < nitems(zones); i++)
			if (str_ieq(w, zones[i].name)) {
				p->zone = zones[i].minutes;
				return (p->zoned = true);
			}
	if (p->month == 0)
		for (size_t i = 0; i < nitems(months); i++)
			if (str_istarts(w, months[i].name)) {
				p->month = months[i].month;
				/* RFC 5322 knows the English ones, in three letters */
				p->odd |= w.len > 3 || str_ifind(STR("janfebmaraprmayjunjulaugsepoctnovdec"), months[i].name) == NULL;
				return (true);
			}
	return (false);
}

static void
number_word(struct parts *p, struct str w)
{
	int	 v;

	while (w.len > 0 && w.p[w.len - 1] == '.')
		w.len--;
	if (!digits(w, &v))
		return;
	if (w.len == 4 && p->year == 0)
		p->year = v;
	else if (w.len <= 2 && p->day == 0 && v >= 1 && v <= 31)
		p->day = v;
	else if (w.len == 2 && p->year == 0) {	/* RFC 5322 4.3 */
		p->year = v < 50 ? 2000 + v : 1900 + v;
		p->odd = true;
	}
}

static void
word(struct parts *p, struct str w)
{
	if (w.len == 0)
		return;
	if (memchr(w.p, ':', w.len) != NULL && !p->time && clock_word(p, w))
		return;
	if (!p->zoned && offset_word(p, w))
		return;
	if ((w.p[0] >= '0' && w.p[0] <= '9'))
		number_word(p, w);
	else
		(void)name_word(p, w);
}

/* Days from the epoch to that day; the calendar without leap seconds. */
static int64_t
days(int y, int m, int d)
{
	int64_t	 era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return (era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468);
}

/* "2026-10-05 10:02:08", "2026-10-05T10:02:08+02:00", with a fraction or without a zone. */
static bool
iso(struct str s, int64_t *out)
{
	struct parts	 p = { 0 };
	int64_t		 day;
	size_t		 n;

	if (s.len < 10 || !when_parse_date((struct str){ s.p, 10 }, &day))
		return (false);
	s = (struct str){ s.p + 10, s.len - 10 };
	if (s.len > 0 && (s.p[0] == 'T' || s.p[0] == 't'))
		s = (struct str){ s.p + 1, s.len - 1 };
	s = str_trim(s);
	for (n = 0; n < s.len && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == ':' || s.p[n] == '.'); n++)
		;
	if (n > 0 && !clock_word(&p, (struct str){ s.p, n }))
		return (false);
	s = str_trim((struct str){ s.p + n, s.len - n });
	if (s.len > 0 && !offset_word(&p, s))
		(void)name_word(&p, s);
	*out = day * DAY_SECONDS + p.hour * 3600 + p.minute * 60 + p.second - (int64_t)p.zone * 60;
	return (true);
}

bool
mail_date(struct str s, int64_t *out, bool *odd)
{
	struct parts	 p = { 0 };
	size_t		 at = 0, from;

	s = str_trim(s);
	if (s.len > 200)
		s.len = 200;
	if (iso(s, out)) {
		*odd = true;
		return (true);
	}
	while (at < s.len) {
		/* the zone of a comment, "(PDT)", counts where there is no other */
		while (at < s.len && strchr(" \t\r\n,()", s.p[at]) != NULL)
			at++;
		for (from = at; at < s.len && strchr(" \t\r\n,()", s.p[at]) == NULL; at++)
			;
		/* 5-Oct-2026 */
		if (p.day == 0 && at - from >= 8 && s.p[from] >= '0' && s.p[from] <= '9' && memchr(s.p + from, ':', at - from) == NULL) {
			const char	*dash = memchr(s.p + from, '-', at - from);

			if (dash != NULL && dash > s.p + from) {
				p.odd = true;
				at = (size_t)(dash - s.p);
				word(&p, (struct str){ s.p + from, at - from });
				at++;
				for (from = at; at < s.len && s.p[at] != '-' && s.p[at] != ' '; at++)
					;
				word(&p, (struct str){ s.p + from, at - from });
				if (at < s.len)
					at++;
				continue;
			}
		}
		word(&p, (struct str){ s.p + from, at - from });
	}
	if (p.day == 0 || p.month == 0 || p.year < 1970 || p.year > 9999)
		return (false);
	if (p.pm && p.hour < 12)
		p.hour += 12;
	else if (p.am && p.hour == 12)
		p.hour = 0;
	*out = days(p.year, p.month, p.day) * DAY_SECONDS + p.hour * 3600 + p.minute * 60 + p.second - (int64_t)p.zone * 60;
	*odd = p.odd || !p.zoned || !p.time;
	return (true);
}
