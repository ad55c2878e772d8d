/*
 * sts.c - see sts.h.
 */
#include "dmarc/sts.h"

#define AGE_MOST	31557600	/* RFC 8461 3.2: a year */
#define LINES_MOST	1000

const char *const	 sts_seen_names[STS_SEENS] = { "", "sound", "expired", "name", "untrusted", "missing", "faulty", "unreached" };

const char *const	 sts_said_names[STS_SAYS] = { "none", "record", "several", "faulty" };

/* --- The record --------------------------------------------------------------------- */

/* The fields behind its version; p NULL: it begins with no version of ours, and senders put it aside. */
static struct str
record_fields(struct str text)
{
	static const char	 version[] = "v=STSv1";
	struct str		 rest = STR_NONE;

	if (text.len > sizeof(version) - 1 && memcmp(text.p, version, sizeof(version) - 1) == 0) {
		rest = str_trim((struct str){ text.p + sizeof(version) - 1, text.len - (sizeof(version) - 1) });
		if (rest.len == 0 || rest.p[0] != ';')
			rest = STR_NONE;
	}
	return (rest);
}

static bool
id_ok(struct str id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!((id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'A' && id.p[i] <= 'Z') || (id.p[i] >= 'a' && id.p[i] <= 'z')))
			return (false);
	return (id.len >= 1 && id.len <= 32);
}

/* Is there an id among them? Fields that nobody knows are allowed. */
static bool
has_id(struct str fields)
{
	while (fields.len > 0) {
		const char	*end = memchr(fields.p, ';', fields.len);
		size_t		 n = end == NULL ? fields.len : (size_t)(end - fields.p);
		struct str	 one = str_trim((struct str){ fields.p, n });

		if (one.len > 3 && memcmp(one.p, "id=", 3) == 0)
			return (id_ok((struct str){ one.p + 3, one.len - 3 }));
		n += end != NULL;
		fields = (struct str){ fields.p + n, fields.len - n };
	}
	return (false);
}

enum sts_said
sts_says(const struct str *texts, size_t n)
{
	struct str	 fields = STR_NONE;
	size_t		 records = 0;

	for (size_t i = 0; i < n; i++) {
		struct str	 f = record_fields(texts[i]);

		if (f.p != NULL) {
			fields = f;
			records++;
		}
	}
	if (records > 1)
		return (STS_SAYS_SEVERAL);
	if (n == 0)
		return (STS_SAYS_NONE);
	return (records == 1 && has_id(fields) ? STS_SAYS_RECORD : STS_SAYS_FAULTY);
}

/* --- The policy --------------------------------------------------------------------- */

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
