/*
 * fields.c - see fields.h.
 */
#include "report/fields.h"

bool
field_begins(struct str s)
{
	size_t	 n = 0;

	while (n < s.len && (unsigned char)s.p[n] > ' ' && (unsigned char)s.p[n] < 0x7f && s.p[n] != ':')
		n++;
	if (n == 0 || n > 100)
		return (false);
	while (n < s.len && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return (n < s.len && s.p[n] == ':');
}

/* Without its end, which is LF; a CR before it goes, too. */
static struct str
line_of(struct str *rest)
{
	const char	*nl = memchr(rest->p, '\n', rest->len);
	struct str	 line = { rest->p, nl == NULL ? rest->len : (size_t)(nl - rest->p) };
	size_t		 n = nl == NULL ? rest->len : line.len + 1;

	*rest = (struct str){ rest->p + n, rest->len - n };
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return (line);
}

bool
field_next(struct str *rest, struct buf *value, struct field *out)
{
	struct str	 line, v;
	const char	*colon;

	buf_clear(value);
	if (rest->len == 0)
		return (false);
	line = line_of(rest);
	if (line.len == 0)
		return (false);
	*out = (struct field){ STR(""), line };
	if (!field_begins(line)) {
		out->value = str_trim(line);
		return (true);
	}
	colon = memchr(line.p, ':', line.len);
	out->name = str_trim((struct str){ line.p, (size_t)(colon - line.p) });
	v = str_trim((struct str){ colon + 1, (size_t)(line.p + line.len - colon) - 1 });
	(void)buf_str(value, v);
	while (rest->len > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		v = str_trim(line_of(rest));
		if (v.len == 0)
			continue;
		if (value->len > 0)
			(void)buf_byte(value, ' ');
		(void)buf_str(value, v);
	}
	out->value = buf_as_str(value);
	return (true);
}

void
field_uncomment(struct str s, struct buf *out)
{
	unsigned	 depth = 0;
	bool		 quoted = false;
	struct str	 t;

	buf_clear(out);
	for (size_t i = 0; i < s.len; i++) {
		char	 c = s.p[i];

		if (c == '\\' && i + 1 < s.len) {
			if (depth == 0) {
				(void)buf_byte(out, (unsigned char)c);
				(void)buf_byte(out, (unsigned char)s.p[i + 1]);
			}
			i++;
			continue;
		}
		if (c == '"' && depth == 0)
			quoted = !quoted;
		if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')' && depth > 0)
			depth--;
		else if (depth == 0)
			(void)buf_byte(out, (unsigned char)c);
	}
	t = str_trim(buf_as_str(out));
	if (t.len > 0)
		memmove(out->p, t.p, t.len);
	out->len = t.len;
	if (out->p != NULL)
		out->p[out->len] = '\0';
}

struct str
field_token(struct str s)
{
	size_t	 n = 0;

	s = str_trim(s);
	while (n < s.len && strchr(" \t,;(", s.p[n]) == NULL)
		n++;
	return ((struct str){ s.p, n });
}

static size_t
character(struct str s)
{
	unsigned char	 c = (unsigned char)s.p[0];
	size_t		 n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return (c != '\0' && n <= s.len && (n == 1 || str_utf8_ok((struct str){ s.p, n })) ? n : 0);
}

void
field_clean(struct str s, struct buf *out, bool *mended)
{
	struct str	 t = str_trim(s);
	bool		 escaped;
	size_t		 n;

	buf_clear(out);
	if (t.len == 0)
		return;
	/* a gateway that writes the escapes writes no true line end in between */
	escaped = memchr(t.p, '\n', t.len) == NULL && memmem(t.p, t.len, "\\r\\n", 4) != NULL;
	while (s.len > 0) {
		if (escaped && s.len >= 4 && memcmp(s.p, "\\r\\n", 4) == 0) {
			(void)buf_byte(out, '\n');
			n = 4;
			*mended = true;
		} else if (s.p[0] == '\r') {
			(void)buf_byte(out, '\n');
			n = s.len > 1 && s.p[1] == '\n' ? 2 : 1;
		} else if ((n = character(s)) > 0)
			(void)buf_add(out, s.p, n);
		else {
			(void)buf_cstr(out, "\xef\xbf\xbd");
			n = 1;
			*mended = true;
		}
		s.p += n;
		s.len -= n;
	}
}
