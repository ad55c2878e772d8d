/*
 * sts.c - see sts.h.
 */
#include "dmarc/sts.h"

#define AGE_MOST	31557600	/* RFC 8461 3.2: a year */
#define LINES_MOST	1000

const char *const	 sts_seen_names[STS_SEENS] = { "", "sound", "expired", "name", "untrusted", "missing", "faulty", "unreached" };

/* The next line without its end; false: that was all. */
static bool
next_line(struct str *rest, struct str *line)
{
	const char	*end;

	if (rest->len == 0)
		return (false);
	end = memchr(rest->p, '\n', rest->len);
	*line = (struct str){ rest->p, end == NULL ? rest->len : (size_t)(end - rest->p) };
	rest->p += line->len + (end != NULL);
	rest->len -= line->len + (end != NULL);
	*line = str_trim(*line);
	return (true);
}

/* Of keys but mx the first counts. */
static void
first(struct str *v, struct str line, const char *key)
{
	struct str	 found = sts_field(line, key);

	if (v->p == NULL)
		*v = found;
}

const char *
sts_policy_read(struct str body, struct sts_policy *out)
{
	struct str	 version = STR_NONE, mode = STR_NONE, age = STR_NONE, line;
	unsigned	 n = 0;

	*out = (struct sts_policy){ .mode = STS_UNKNOWN, .max_age = -1 };
	if (body.len > STS_POLICY_MOST)
		return ("is longer than 64 kB");
	while (next_line(&body, &line)) {
		if (++n > LINES_MOST)
			return ("has too many lines");
		first(&version, line, "version");
		first(&mode, line, "mode");
		first(&age, line, "max_age");
		out->nmx += sts_field(line, "mx").len > 0;
	}
	if (!str_eq(version, STR("STSv1")))
		return ("does not say version: STSv1");
	for (unsigned i = STS_ENFORCE; i < STS_MODES; i++)
		if (str_eq(mode, str_of(sts_mode_names[i])))
			out->mode = (enum sts_mode)i;
	if (out->mode == STS_UNKNOWN)
		return ("has no mode that is one of enforce, testing and none");
	if (!str_i64(age, &out->max_age) || out->max_age > AGE_MOST) {
		out->max_age = -1;
		return ("has no max_age from 0 to 31557600");
	}
	if (out->nmx == 0 && out->mode != STS_NONE)
		return ("names no mx");
	return (NULL);
}

bool
sts_media_type(struct str s)
{
	const char	*end = s.len == 0 ? NULL : memchr(s.p, ';', s.len);

	if (end != NULL)
		s.len = (size_t)(end - s.p);
	return (str_ieq(str_trim(s), "text/plain"));
}
