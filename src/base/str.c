/*
 * str.c - see str.h.
 */
#include "base/base.h"

static bool
is_blank(char c)
{
	return (c == ' ' || (c >= '\t' && c <= '\r') || c == '\0');
}

struct str
str_trim(struct str s)
{
	if (s.p == NULL)
		return (s);
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return (s);
}

bool
str_eq(struct str a, struct str b)
{
	if (a.p == NULL || b.p == NULL)
		return (a.p == b.p);
	return (a.len == b.len && memcmp(a.p, b.p, a.len) == 0);
}

int
str_order(struct str a, struct str b)
{
	size_t	 n = a.len < b.len ? a.len : b.len;
	int	 c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return (c != 0 ? c : a.len < b.len ? -1 : a.len > b.len);
}

bool
str_istarts(struct str s, const char *prefix)
{
	size_t	 i;

	for (i = 0; prefix[i] != '\0'; i++)
		if (i >= s.len || ascii_lower(s.p[i]) != ascii_lower(prefix[i]))
			return (false);
	return (true);
}

bool
str_ieq_n(struct str s, const char *with, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(s.p[i]) != ascii_lower(with[i]))
			return (false);
	return (true);
}

bool
str_starts(struct str s, const char *prefix)
{
	size_t	 n = strlen(prefix);

	return (s.len >= n && memcmp(s.p, prefix, n) == 0);
}

const char *
str_ifind(struct str s, const char *needle)
{
	size_t	 n = strlen(needle);

	for (; s.len >= n && s.p != NULL; s.p++, s.len--)
		if (str_istarts(s, needle))
			return (s.p);
	return (NULL);
}

bool
str_utf8_ok(struct str s)
{
	const unsigned char	*p = (const unsigned char *)s.p, *end;
	unsigned		 c, n, i;
	uint32_t		 v;

	if (s.len == 0)
		return (true);
	end = p + s.len;
	while (p < end) {
		/* nearly all text is ASCII: eight bytes at a time */
		while (end - p >= 8) {
			uint64_t	 w;

			memcpy(&w, p, 8);
			if (w & 0x8080808080808080u)
				break;
			p += 8;
		}
		if (p == end)
			break;
		c = *p;
		if (c < 0x80) {
			p++;
			continue;
		}
		if (c >= 0xc2 && c <= 0xdf) {
			n = 1;
			v = c & 0x1f;
		} else if ((c & 0xf0) == 0xe0) {
			n = 2;
			v = c & 0x0f;
		} else if (c >= 0xf0 && c <= 0xf4) {
			n = 3;
			v = c & 0x07;
		} else
			return (false);
		if ((size_t)(end - p) <= n)
			return (false);
		for (i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return (false);
			v = v << 6 | (p[i] & 0x3fu);
		}
		if ((n == 2 && v < 0x800) || (n == 3 && (v < 0x10000 || v > 0x10ffff)) ||
		    (v >= 0xd800 && v <= 0xdfff))
			return (false);
		p += n + 1;
	}
	return (true);
}

size_t
str_utf8_first(struct str s, uint32_t *v)
{
	unsigned char	 c = (unsigned char)s.p[0];
	size_t		 n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n > s.len || !str_utf8_ok((struct str){ s.p, n }))
		return (0);
	*v = n == 1 ? c : n == 2 ? c & 0x1fu : n == 3 ? c & 0x0fu : c & 0x07u;
	for (size_t i = 1; i < n; i++)
		*v = *v << 6 | ((unsigned char)s.p[i] & 0x3fu);
	return (n);
}

bool
str_i64(struct str s, int64_t *out)
{
	int64_t	 v = 0;
	size_t	 i;

	if (s.p == NULL || s.len == 0)
		return (false);
	for (i = 0; i < s.len; i++) {
		int	 d = s.p[i] - '0';

		if (d < 0 || d > 9 || v > (INT64_MAX - d) / 10)
			return (false);
		v = v * 10 + d;
	}
	*out = v;
	return (true);
}
