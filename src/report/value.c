/*
 * value.c - see value.h.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include "base/when.h"
#include "report/value.h"

#define MS_LIMIT 100000000000	/* seconds of the year 5138: anything above is milliseconds */

bool
value_time(struct str s, int64_t *out, uint64_t *q)
{
	const char	*dot;
	struct str	 whole = s;
	int64_t		 v;

	if (s.len == 0)
		return (false);
	if ((dot = memchr(s.p, '.', s.len)) != NULL && str_i64((struct str){ s.p, (size_t)(dot - s.p) }, &v)) {
		*q |= QUIRK_TIME_FORM;
		whole.len = (size_t)(dot - s.p);
	}
	if (!str_i64(whole, &v)) {
		if (!when_parse_rfc3339(s, &v) || v < 0)
			return (false);
		*q |= QUIRK_TIME_FORM;
	}
	if (v >= MS_LIMIT) {
		*q |= QUIRK_TIME_MS;
		v /= 1000;
		if (v >= MS_LIMIT)
			return (false);
	}
	*out = v;
	return (true);
}

int
value_count(struct str s, uint64_t *out, uint64_t *q)
{
	struct str	 whole = s;
	const char	*dot;
	int64_t		 v;

	*out = 0;
	if (s.len == 0) {
		*q |= QUIRK_COUNT_MISSING;
		return (1);
	}
	/* "12.0" is 12; "12.5" and "12." are no counts */
	if ((dot = memchr(s.p, '.', s.len)) != NULL) {
		if (dot + 1 == s.p + s.len)
			return (-1);
		for (const char *z = dot + 1; z < s.p + s.len; z++)
			if (*z != '0')
				return (-1);
		whole.len = (size_t)(dot - s.p);
		*q |= QUIRK_COUNT_FORM;
	}
	if (!str_i64(whole, &v))
		return (-1);
	if (whole.len > 1 && whole.p[0] == '0')
		*q |= QUIRK_COUNT_FORM;
	*out = (uint64_t)v;
	return (0);
}

void
value_ip(struct str s, unsigned char ip[16], unsigned *len, uint64_t *q)
{
	static const unsigned char	 mapped[12] = { [10] = 0xff, [11] = 0xff };
	char				 z[64];
	const char			*zone;
	struct str			 t = s;

	*len = 0;
	if (s.len == 0) {
		*q |= QUIRK_NO_ADDRESS;
		return;
	}
	if (str_istarts(t, "ipv6:")) {
		t.p += 5;
		t.len -= 5;
	}
	if (t.len >= 2 && t.p[0] == '[' && t.p[t.len - 1] == ']') {
		t.p++;
		t.len -= 2;
		if (str_istarts(t, "ipv6:")) {
			t.p += 5;
			t.len -= 5;
		}
	}
	if ((zone = memchr(t.p, '%', t.len)) != NULL)
		t.len = (size_t)(zone - t.p);
	if (t.len > 0 && t.len < sizeof(z)) {
		memcpy(z, t.p, t.len);
		z[t.len] = '\0';
		if (strlen(z) == t.len) {
			if (memchr(z, ':', t.len) == NULL) {
				if (inet_pton(AF_INET, z, ip) == 1)
					*len = 4;
			} else if (inet_pton(AF_INET6, z, ip) == 1) {
				*len = 16;
				if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
					memmove(ip, ip + 12, 4);
					*len = 4;
					*q |= QUIRK_ADDRESS_FORM;
				}
			}
		}
	}
	if (*len == 0)
		*q |= QUIRK_BAD_ADDRESS;
	else if (t.len != s.len)
		*q |= QUIRK_ADDRESS_FORM;
}

/* The word without case; notes when case had to be folded. */
static bool
is(struct str s, const char *word, uint64_t *q)
{
	if (!str_ieq(s, word))
		return (false);
	if (memcmp(s.p, word, s.len) != 0)
		*q |= QUIRK_CASE_FOLDED;
	return (true);
}

enum disposition
value_disposition(struct str s, bool *known, uint64_t *q)
{
	*known = true;
	for (unsigned i = 0; i < DISP_OTHER; i++)
		if (is(s, disposition_names[i], q))
			return ((enum disposition)i);
	*known = false;
	*q |= QUIRK_DISPOSITION_WORD;
	return (DISP_OTHER);
}

enum evaluated
value_evaluated(struct str s, bool *known, uint64_t *q)
{
	*known = true;
	if (is(s, "pass", q))
		return (EVAL_PASS);
	if (is(s, "fail", q))
		return (EVAL_FAIL);
	*known = s.len == 0;
	*q |= QUIRK_EVALUATED_WORD;
	return (EVAL_UNKNOWN);
}

struct alias {
	const char		*word;
	enum auth_result	 result;
};

static enum auth_result
result_of(struct str s, const struct alias *aliases, size_t n, bool *exact, uint64_t *q)
{
	char		 folded[24];
	struct str	 f;
	size_t		 len = 0;

	*exact = true;
	if (s.len == 0)
		return (RES_ABSENT);
	for (unsigned i = RES_NONE; i < RES_UNKNOWN; i++)
		if (is(s, auth_result_names[i], q))
			return ((enum auth_result)i);
	*exact = false;
	/* temp_error, Soft-Fail: the separators say nothing */
	for (size_t i = 0; i < s.len && len < sizeof(folded); i++)
		if (s.p[i] != '_' && s.p[i] != '-')
			folded[len++] = ascii_lower(s.p[i]);
	f = (struct str){ folded, len };
	for (unsigned i = RES_NONE; i < RES_UNKNOWN; i++)
		if (str_ieq(f, auth_result_names[i])) {
			*q |= QUIRK_RESULT_ALIAS;
			return ((enum auth_result)i);
		}
	for (size_t i = 0; i < n; i++)
		if (str_ieq(f, aliases[i].word)) {
			*q |= QUIRK_RESULT_ALIAS;
			return (aliases[i].result);
		}
	*q |= QUIRK_RESULT_WORD;
	return (RES_UNKNOWN);
}

enum auth_result
value_dkim_result(struct str s, bool *exact, uint64_t *q)
{
	static const struct alias	 aliases[] = {
		{ "invalid", RES_PERMERROR }, { "hardfail", RES_FAIL }, { "timeout", RES_TEMPERROR },
	};
	enum auth_result		 r;

	/* "invalid (public key: DNS error ...)": the text behind says why, the class stays */
	if (str_istarts(s, "invalid") && s.len > 7 && (s.p[7] == ' ' || s.p[7] == '(')) {
		*exact = false;
		*q |= QUIRK_RESULT_ALIAS;
		return (RES_PERMERROR);
	}
	r = result_of(s, aliases, nitems(aliases), exact, q);
	/* softfail is no word of DKIM */
	if (r == RES_SOFTFAIL) {
		*exact = false;
		*q |= QUIRK_RESULT_WORD;
		return (RES_UNKNOWN);
	}
	return (r);
}

enum auth_result
value_spf_result(struct str s, bool *exact, uint64_t *q)
{
	static const struct alias	 aliases[] = {
		{ "hardfail", RES_FAIL }, { "unknown", RES_TEMPERROR }, { "error", RES_PERMERROR },
	};

	return (result_of(s, aliases, nitems(aliases), exact, q));
}
