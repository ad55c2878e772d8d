/*
 * escape.c - see escape.h.
 */
#include "base/base.h"
#include "base/escape.h"

static bool
is_unsafe(uint32_t v)
{
	return (v < 0x20 || (v >= 0x7f && v <= 0x9f) || v == 0x61c || v == 0x200e || v == 0x200f ||
	    (v >= 0x2028 && v <= 0x202e) || (v >= 0x2066 && v <= 0x2069) || v == 0xfeff ||
	    v == 0x200b || (v >= 0xe0000 && v <= 0xe007f));
}

/* The character at s, or what stands for it; how many bytes it took. */
static size_t
put_safe(struct buf *b, struct str s)
{
	uint32_t	 v;
	size_t		 n = str_utf8_first(s, &v);

	if (n == 0) {
		(void)buf_printf(b, "\\x%02x", (unsigned char)s.p[0]);
		return (1);
	}
	if (is_unsafe(v))
		(void)buf_printf(b, v < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)v);
	else
		(void)buf_add(b, s.p, n);
	return (n);
}

bool
esc_text(struct buf *b, struct str s)
{
	size_t	 n;

	while (s.len > 0) {
		n = put_safe(b, s);
		s.p += n;
		s.len -= n;
	}
	return (!b->failed);
}

bool
esc_csv(struct buf *b, struct str s)
{
	bool	 quote = false;
	size_t	 n;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == ';')
			quote = true;
	if (quote)
		(void)buf_byte(b, '"');
	if (s.len > 0 && strchr("=+-@\t\r", s.p[0]) != NULL && s.p[0] != '\0')
		(void)buf_byte(b, '\'');
	/* what only a terminal would act on says nothing in a sheet, either */
	while (s.len > 0) {
		if (s.p[0] == '\n' || s.p[0] == '\r' || s.p[0] == '\t')
			(void)buf_byte(b, (unsigned char)s.p[0]);
		else if (s.p[0] == '"')
			(void)buf_cstr(b, "\"\"");
		else if (s.p[0] == '\0')
			(void)buf_byte(b, ' ');
		else {
			n = put_safe(b, s);
			s.p += n;
			s.len -= n;
			continue;
		}
		s.p++;
		s.len--;
	}
	if (quote)
		(void)buf_byte(b, '"');
	return (!b->failed);
}

static bool
is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f && c != '"' && c != '\\');
}

bool
esc_json(struct buf *b, struct str s)
{
	uint32_t	 v;
	size_t		 n;

	(void)buf_byte(b, '"');
	for (; s.len > 0; s.p += n, s.len -= n) {
		for (n = 0; n < s.len && is_plain((unsigned char)s.p[n]); n++)
			;
		if (n > 0) {
			(void)buf_add(b, s.p, n);
			continue;
		}
		if ((n = str_utf8_first(s, &v)) == 0) {
			n = 1;
			(void)buf_cstr(b, "\\ufffd");
		} else if (v == '"' || v == '\\') {
			(void)buf_byte(b, '\\');
			(void)buf_byte(b, (unsigned char)v);
		} else if (v == '\n') {
			(void)buf_cstr(b, "\\n");
		} else if (v == '\t') {
			(void)buf_cstr(b, "\\t");
		} else if (v >= 0xe0000 && v <= 0xe007f) {
			v -= 0x10000;
			(void)buf_printf(b, "\\u%04x\\u%04x", (unsigned)(0xd800 + (v >> 10)), (unsigned)(0xdc00 + (v & 0x3ff)));
		} else if (is_unsafe(v) || v == 0x200c || v == 0x200d)
			(void)buf_printf(b, "\\u%04x", (unsigned)v);
		else
			(void)buf_add(b, s.p, n);
	}
	return (buf_byte(b, '"'));
}

const char *
esc_short(char *out, size_t size, struct str s)
{
	struct buf	 b = { 0 };
	bool		 cut = false;

	if (s.len > size) {
		s.len = size;
		cut = true;
		/* do not cut a character in two */
		while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	(void)esc_text(&b, s);
	if (b.len >= size) {
		cut = true;
		b.len = size - 1;
		while (b.len > 0 && ((unsigned char)b.p[b.len] & 0xc0) == 0x80)
			b.len--;
	}
	if (b.len > 0)
		memcpy(out, b.p, b.len);
	out[b.len] = '\0';
	if (cut && b.len >= 3) {
		size_t	 at = b.len - 3;

		while (at > 0 && ((unsigned char)out[at] & 0xc0) == 0x80)
			at--;	/* the dots must not stand in half a character */
		memcpy(out + at, "...", 4);
	}
	buf_free(&b);
	return (out);
}

bool
esc_xml(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		switch (s.p[i]) {
		case '&':
			(void)buf_cstr(b, "&amp;");
			break;
		case '<':
			(void)buf_cstr(b, "&lt;");
			break;
		case '>':
			(void)buf_cstr(b, "&gt;");
			break;
		case '"':
			(void)buf_cstr(b, "&quot;");
			break;
		case '\'':
			(void)buf_cstr(b, "&#39;");
			break;
		default:
			(void)buf_byte(b, (unsigned char)s.p[i]);
			break;
		}
	return (!b->failed);
}
