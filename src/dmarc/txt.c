/*
 * txt.c - see txt.h.
 */
#include "dmarc/txt.h"

bool
txt_join(struct str wire, char *out, size_t *n)
{
	size_t	 at = 0, len;

	*n = 0;
	while (at < wire.len) {
		len = (unsigned char)wire.p[at++];
		if (len > wire.len - at)
			return (false);
		memcpy(out + *n, wire.p + at, len);
		*n += len;
		at += len;
	}
	return (wire.len > 0);
}

/* Begins with that tag as far as somebody meant it: blanks or quotes before it are faults to be told, not another matter. */
static bool
begins(struct str text, const char *tag)
{
	while (text.len > 0 && (text.p[0] == ' ' || text.p[0] == '\t' || text.p[0] == '"' || text.p[0] == '\\')) {
		text.p++;
		text.len--;
	}
	return (text.len > 0 && str_istarts(text, tag));
}

bool
txt_about(enum txt_kind kind, struct str text)
{
	return (kind == TXT_SPF ? begins(text, "v=spf1") : kind != TXT_STS || begins(text, "v=STSv1"));
}

static int
rank(struct str text)
{
	return (begins(text, "v=") ? 0 : 1);
}

/* The texts in front of one that goes stay where they are; those behind it move up. */
static void
take_out(struct txt_set *s, size_t at)
{
	size_t	 len = s->v[at].len, from = (size_t)(s->v[at].p - s->bytes);

	memmove(s->bytes + from, s->bytes + from + len, s->used - from - len);
	s->used -= len;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].p > s->v[at].p)
			s->v[i].p -= len;
	for (size_t i = at; i + 1 < s->n; i++)
		s->v[i] = s->v[i + 1];
	s->n--;
}

/* Which goes first when there is no room: what begins with no version, then the last by its bytes. */
static size_t
least(const struct txt_set *s)
{
	size_t	 at = 0;

	for (size_t i = 1; i < s->n; i++)
		if (rank(s->v[i]) >= rank(s->v[at]))
			at = i;
	return (at);
}

static void
add_one(struct txt_set *s, struct str text)
{
	size_t	 at = 0, last;

	while (at < s->n && str_order(s->v[at], text) < 0)
		at++;
	if (at < s->n && str_order(s->v[at], text) == 0)
		return;
	while (s->n == TXT_TEXTS || text.len > TXT_ALL - s->used) {
		last = least(s);
		s->more += s->more < UINT16_MAX;
		if (rank(text) > rank(s->v[last]) || (rank(text) == rank(s->v[last]) && str_order(text, s->v[last]) > 0))
			return;
		take_out(s, last);
		at -= last < at;
	}
	memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof(s->v[0]));
	s->v[at] = (struct str){ s->bytes + s->used, text.len };
	if (text.len > 0)
		memcpy(s->bytes + s->used, text.p, text.len);
	s->used += text.len;
	s->n++;
}

void
txt_add(struct txt_set *s, enum txt_kind kind, struct str text)
{
	if (!txt_about(kind, text))
		return;
	if (text.len > TXT_BYTES) {
		text.len = TXT_BYTES;
		s->more += s->more < UINT16_MAX;
	}
	add_one(s, text);
}

/* --- The form that is kept ----------------------------------------------------------- */

static bool
plain(char c)
{
	return (c >= ' ' && c <= '~' && c != '\\');
}

void
txt_write_one(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++)
		if (plain(text.p[i]))
			(void)buf_byte(out, (unsigned char)text.p[i]);
		else if (text.p[i] == '\\')
			(void)buf_cstr(out, "\\\\");
		else
			(void)buf_printf(out, "\\%03u", (unsigned)(unsigned char)text.p[i]);
}

void
txt_write(const struct txt_set *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		txt_write_one(s->v[i], out);
		(void)buf_byte(out, '\n');
	}
}

/* One character of a line; false: no character is written like that. */
static bool
unescape(struct str *rest, char *out)
{
	unsigned	 v = 0;
	size_t		 n = 1;

	*out = rest->p[0];
	if (rest->p[0] == '\\') {
		if (rest->len >= 2 && rest->p[1] == '\\')
			n = 2;
		else {
			for (n = 1; n < 4; n++) {
				if (n >= rest->len || rest->p[n] < '0' || rest->p[n] > '9')
					return (false);
				v = v * 10 + (unsigned)(rest->p[n] - '0');
			}
			if (v > 255 || plain((char)(unsigned char)v) || v == '\\')
				return (false);
			*out = (char)(unsigned char)v;
		}
	} else if (!plain(rest->p[0]))
		return (false);
	rest->p += n;
	rest->len -= n;
	return (true);
}

static bool
line_read(struct str line, struct txt_set *s)
{
	struct str	*t = &s->v[s->n];

	if (s->n == TXT_TEXTS)
		return (false);
	*t = (struct str){ s->bytes + s->used, 0 };
	while (line.len > 0) {
		if (s->used == TXT_ALL || t->len == TXT_BYTES || !unescape(&line, s->bytes + s->used))
			return (false);
		s->used++;
		t->len++;
	}
	return (s->n++ == 0 || str_order(s->v[s->n - 2], *t) < 0);
}

bool
txt_read(struct str lines, struct txt_set *s)
{
	const char	*end;
	size_t		 n;

	s->n = s->used = 0;
	while (lines.len > 0) {
		if ((end = memchr(lines.p, '\n', lines.len)) == NULL)
			break;
		n = (size_t)(end - lines.p);
		if (!line_read((struct str){ lines.p, n }, s))
			break;
		lines.p += n + 1;
		lines.len -= n + 1;
	}
	if (lines.len == 0)
		return (true);
	s->n = s->used = 0;
	return (false);
}
