/*
 * name.c - see name.h. libidn2 is asked only for names that are not ASCII:
 * nearly all are, and comparing must be cheap.
 */
#include <idn2.h>

#include "dmarc/name.h"

static struct str
strip(struct str s)
{
	const char	*at;

	s = str_trim(s);
	if (s.len >= 2 && s.p[0] == '<' && s.p[s.len - 1] == '>')
		s = str_trim((struct str){ s.p + 1, s.len - 2 });
	if (s.len > 0 && (at = memrchr(s.p, '@', s.len)) != NULL) {
		s.len -= (size_t)(at + 1 - s.p);
		s.p = at + 1;
	}
	s = str_trim(s);
	if (s.len > 0 && s.p[s.len - 1] == '>')
		s = str_trim((struct str){ s.p, s.len - 1 });
	if (s.len > 1 && s.p[s.len - 1] == '.')
		s = str_trim((struct str){ s.p, s.len - 1 });
	return (s);
}

/* Labels of 1 to 63 bytes, 253 in all; what may stand in a label is DNS's business, but no blanks and no punctuation of mail. */
static bool
well_formed(const char *p, size_t len)
{
	/* done for every name of every row; visible ASCII that no name has */
	static const bool	 odd[256] = {
		['<'] = true, ['>'] = true, ['('] = true, [')'] = true, ['"'] = true, [','] = true, [';'] = true, [':'] = true, ['\\'] = true
	};
	size_t			 label = 0;

	if (len == 0 || len > DOMAIN_MAX)
		return (false);
	for (size_t i = 0; i < len; i++) {
		unsigned char	 c = (unsigned char)p[i];

		if (c == '.') {
			if (label == 0)
				return (false);
			label = 0;
		} else if (c <= ' ' || c >= 0x7f || odd[c] || ++label > 63)
			return (false);
	}
	return (label > 0);
}

static enum name_kind
to_ascii(struct str s, char out[DOMAIN_MAX + 1], size_t *len)
{
	char	*u, *a = NULL;
	size_t	 n;

	if (s.len > 4 * DOMAIN_MAX || !str_utf8_ok(s) || (u = malloc(s.len + 1)) == NULL)
		return (NAME_INVALID);
	memcpy(u, s.p, s.len);
	u[s.len] = '\0';
	if (strlen(u) != s.len ||
	    idn2_to_ascii_8z(u, &a, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		a = NULL;
	free(u);
	if (a == NULL)
		return (NAME_INVALID);
	n = strlen(a);
	if (!well_formed(a, n)) {
		idn2_free(a);
		return (NAME_INVALID);
	}
	memcpy(out, a, n + 1);
	*len = n;
	idn2_free(a);
	return (NAME_DOMAIN);
}

enum name_kind
domain_normal(struct str in, char out[DOMAIN_MAX + 1], size_t *len, bool *changed)
{
	struct str	 s = strip(in);
	bool		 ascii = true, diff;

	*len = 0;
	out[0] = '\0';
	diff = s.len != str_trim(in).len;
	if (s.p == NULL || s.len == 0) {
		if (changed != NULL)
			*changed = false;
		return (NAME_EMPTY);
	}
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			ascii = false;
	if (!ascii) {
		if (changed != NULL)
			*changed = true;
		if (to_ascii(s, out, len) == NAME_DOMAIN)
			return (NAME_DOMAIN);
	}
	if (s.len > DOMAIN_MAX) {
		if (changed != NULL)
			*changed = diff;
		return (NAME_INVALID);
	}
	for (size_t i = 0; i < s.len; i++) {
		out[i] = ascii_lower(s.p[i]);
		diff |= out[i] != s.p[i];
	}
	out[s.len] = '\0';
	*len = s.len;
	if (changed != NULL)
		*changed = diff || !ascii;
	if (s.p[0] == '[')
		return (NAME_LITERAL);
	return (well_formed(out, s.len) ? NAME_DOMAIN : NAME_INVALID);
}

bool
domain_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char	 c = ascii_lower(s.p[i]);

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_'))
			return (false);
	}
	return (s.len > 0 && s.len <= DOMAIN_MAX);
}
