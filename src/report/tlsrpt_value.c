/*
 * tlsrpt_value.c - see tlsrpt_int.h: numbers, times, texts and members.
 */
#include <math.h>

#include "base/when.h"
#include "report/refusal.h"
#include "report/tlsrpt_int.h"
#include "report/value.h"

#define EXACT 9007199254740992.0	/* 2^53: whole numbers up to here are exact as JSON reals */

/* Bytes that are no UTF-8 become U+FFFD, one for each. */
static bool
mend(struct tlsrpt *t, struct str *s)
{
	size_t	 n;

	buf_clear(&t->mended);
	for (size_t i = 0; i < s->len; i += n) {
		unsigned char	 c = (unsigned char)s->p[i];

		n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		if (n > s->len - i || !str_utf8_ok((struct str){ s->p + i, n })) {
			(void)buf_cstr(&t->mended, "\xef\xbf\xbd");
			n = 1;
		} else
			(void)buf_add(&t->mended, s->p + i, n);
	}
	t->q |= TLSQ_ENCODING;
	*s = buf_as_str(&t->mended);
	return (!t->mended.failed);
}

/* A value as a tree. NULL with *odd set: a number in it is beyond what numbers are; else NULL with *e. */
json_t *
tlsrpt_parse(struct tlsrpt *t, struct str s, struct json_place at, const char **odd, struct err *e)
{
	json_error_t	 je;
	json_t		*j;

	*odd = NULL;
	if (!str_utf8_ok(s) && !mend(t, &s)) {
		(void)tlsrpt_oom(e);
		return (NULL);
	}
	j = json_loadb(s.p, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &je);
	if (j == NULL && json_error_code(&je) == json_error_duplicate_key) {
		t->q |= TLSQ_TWICE;
		j = json_loadb(s.p, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
	}
	if (j != NULL)
		return (j);
	switch (json_error_code(&je)) {
	case json_error_numeric_overflow:
		*odd = "a number in it is larger than 9223372036854775807 or smaller than its opposite";
		break;
	case json_error_out_of_memory:
		(void)tlsrpt_oom(e);
		break;
	default:
		at.line += (uint64_t)(je.line > 0 ? je.line - 1 : 0);
		at.byte += (uint64_t)(je.position > 0 ? je.position - 1 : 0);
		(void)refusal_set(e, REFUSAL_NOT_WELL_FORMED, (unsigned)at.line, "not valid JSON at line %llu, byte %llu: %s",
		    (unsigned long long)at.line, (unsigned long long)at.byte, je.text);
		break;
	}
	return (NULL);
}

static int
too_long(struct tlsrpt *t, struct err *e)
{
	return (refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)json_split_place(t->split).line, "over the limit tls_text = %llu (line %llu)",
	    (unsigned long long)t->limits->tls_text, (unsigned long long)json_split_place(t->split).line));
}

/* Control bytes become blanks, blanks at the ends go. */
int
tlsrpt_clean(struct tlsrpt *t, struct arena *a, struct str s, struct str *out, struct err *e)
{
	char	*p;

	s = str_trim(s);
	if (s.len > t->limits->tls_text)
		return (too_long(t, e));
	if ((p = arena_strndup(a, s.p == NULL ? "" : s.p, s.len)) == NULL)
		return (tlsrpt_oom(e));
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f) {
			if (p[i] == '\0')
				t->q |= TLSQ_ENCODING;
			p[i] = ' ';
		}
	*out = str_trim((struct str){ p, s.len });
	return (0);
}

/* A text, whatever it is written as; absent for null and for what is no text. */
int
tlsrpt_text(struct tlsrpt *t, struct arena *a, const json_t *v, struct str *out, struct err *e)
{
	char	 z[32];

	*out = STR_NONE;
	if (v == NULL || json_is_null(v))
		return (0);
	if (json_is_string(v))
		return (tlsrpt_clean(t, a, (struct str){ json_string_value(v), json_string_length(v) }, out, e));
	t->q |= TLSQ_VALUE_TYPE;
	if (json_is_integer(v)) {
		(void)snprintf(z, sizeof(z), "%lld", (long long)json_integer_value(v));
		return (tlsrpt_clean(t, a, str_of(z), out, e));
	}
	if (json_is_array(v) && json_array_size(v) > 0 && json_is_string(json_array_get(v, 0)))
		return (tlsrpt_text(t, a, json_array_get(v, 0), out, e));
	return (0);
}

/*
 * 0; 1 when missing; -1: this is no count. A plain number, or the digits as a
 * text; 12.0 is 12. A fraction, a sign, more than 2^63-1, or a number with an
 * exponent that no longer counts by ones is refused, never rounded.
 */
int
tlsrpt_count(struct tlsrpt *t, const json_t *v, uint64_t *out)
{
	uint64_t	 q = 0;
	double		 d;
	int		 rv;

	*out = 0;
	if (v == NULL || json_is_null(v))
		return (1);
	if (json_is_integer(v)) {
		if (json_integer_value(v) < 0)
			return (-1);
		*out = (uint64_t)json_integer_value(v);
		return (0);
	}
	if (json_is_real(v)) {
		d = json_real_value(v);
		if (!(d >= 0.0 && d <= EXACT) || fabs(d - floor(d)) > 0.0)
			return (-1);
		t->q |= TLSQ_COUNT_FORM;
		*out = (uint64_t)d;
		return (0);
	}
	if (!json_is_string(v))
		return (-1);
	t->q |= TLSQ_COUNT_FORM;
	rv = value_count(str_trim((struct str){ json_string_value(v), json_string_length(v) }), out, &q);
	return (rv);
}

/* hh, mm or ss; they are digits already or the time is none. */
static bool
two(const char *p, unsigned most, unsigned *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return (false);
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return (*out <= most);
}

/* Z, +hh:mm, +hhmm, +hh, UTC, GMT or nothing: seconds east of UTC. */
static bool
zone(struct str z, int64_t *off, bool *plain)
{
	unsigned	 h, m = 0;
	size_t		 at = 3;

	z = str_trim(z);
	*off = 0;
	*plain = str_eq(z, STR("Z"));
	if (z.len == 0 || str_ieq(z, "z") || str_ieq(z, "utc") || str_ieq(z, "gmt"))
		return (true);
	if ((z.p[0] != '+' && z.p[0] != '-') || z.len < 3 || !two(z.p + 1, 23, &h))
		return (false);
	if (z.len > at && z.p[at] == ':')
		at++;
	if (z.len != at && (z.len != at + 2 || !two(z.p + at, 59, &m)))
		return (false);
	*off = (int64_t)(h * 3600 + m * 60) * (z.p[0] == '-' ? -1 : 1);
	return (true);
}

/*
 * RFC 3339 and what is written for it (rule T12): fractions, offsets, no zone,
 * no seconds, a date alone, 24:00; seconds since the epoch.
 */
bool
tlsrpt_time(struct tlsrpt *t, struct str s, int64_t *out)
{
	unsigned	 h, m, sec = 0;
	int64_t		 day, off;
	uint64_t	 q = 0;
	size_t		 i = 16;
	bool		 plain, whole = true;

	s = str_trim(s);
	if (s.len == 0)
		return (false);
	if (s.len < 10 || !when_parse_date((struct str){ s.p, 10 }, &day)) {
		if (!value_time(s, out, &q))
			return (false);
		t->q |= TLSQ_TIME_FORM | ((q & QUIRK_TIME_MS) != 0 ? TLSQ_TIME_MS : 0);
		return (true);
	}
	*out = day * DAY_SECONDS;
	if (s.len == 10) {
		t->q |= TLSQ_TIME_FORM;
		return (true);
	}
	if (s.len < 16 || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') || !two(s.p + 11, 24, &h) || s.p[13] != ':' ||
	    !two(s.p + 14, 59, &m))
		return (false);
	if (i + 2 < s.len && s.p[i] == ':') {
		if (!two(s.p + i + 1, 60, &sec))
			return (false);
		i += 3;
	} else
		whole = false;
	if (i < s.len && (s.p[i] == '.' || s.p[i] == ',')) {
		for (i++; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			;
		whole = false;
	}
	if ((h == 24 && (m > 0 || sec > 0)) || !zone((struct str){ s.p + i, s.len - i }, &off, &plain))
		return (false);
	if (!plain || !whole || s.p[10] != 'T' || h == 24)
		t->q |= TLSQ_TIME_FORM;
	*out += (int64_t)(h * 3600 + m * 60 + sec) - off;
	return (true);
}

/* Compares a word as the standard writes it; capitals and blanks around it are noted. */
bool
tlsrpt_word(struct tlsrpt *t, struct str s, const char *word)
{
	if (!str_ieq(s, word))
		return (false);
	if (!str_eq(s, str_of(word)))
		t->q |= TLSQ_CASE_FOLDED;
	return (true);
}

const json_t *
tlsrpt_member(struct tlsrpt *t, const json_t *o, const char *name, const char *old)
{
	const json_t	*v = json_object_get(o, name);

	if (v != NULL || old == NULL || (v = json_object_get(o, old)) == NULL)
		return (v);
	t->q |= TLSQ_ALIAS;
	return (v);
}

void
tlsrpt_unknown(struct tlsrpt *t, const json_t *o, const char *const *known, size_t n)
{
	const char	*key;
	json_t		*v;
	size_t		 i;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		for (i = 0; i < n && strcmp(key, known[i]) != 0; i++)
			;
		if (i == n)
			t->q |= TLSQ_UNKNOWN_MEMBER;
	}
}
