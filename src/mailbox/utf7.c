/*
 * utf7.c - see utf7.h.
 *
 * Printable ASCII stands for itself, "&" is "&-", and everything else is
 * UTF-16 in base64 (with "," for "/", without "=") between "&" and "-".
 */
#include "base/base.h"
#include "mailbox/utf7.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct bits { uint32_t hold; unsigned n; };

static void
put_unit(struct buf *out, struct bits *b, uint32_t unit)
{
	b->hold = (b->hold << 16) | unit;
	for (b->n += 16; b->n >= 6; b->n -= 6)
		buf_byte(out, (unsigned char)digits[(b->hold >> (b->n - 6)) & 63]);
}

static void
leave_base64(struct buf *out, struct bits *b)
{
	if (b->n > 0)
		buf_byte(out, (unsigned char)digits[(b->hold << (6 - b->n)) & 63]);
	buf_byte(out, '-');
	b->n = 0;
	b->hold = 0;
}

/* The text is well formed: str_utf8_ok said so. */
static uint32_t
next_char(struct str *s)
{
	const unsigned char	*p = (const unsigned char *)s->p;
	unsigned		 n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4, i;
	uint32_t		 c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (i = 1; i < n; i++)
		c = (c << 6) | (p[i] & 0x3f);
	s->p += n;
	s->len -= n;
	return (c);
}

bool
utf7_encode(struct buf *out, struct str s)
{
	struct bits	 b = { 0, 0 };
	bool		 in = false;
	uint32_t	 c;

	if (!str_utf8_ok(s))
		return (false);
	while (s.len > 0) {
		c = next_char(&s);
		if (c < 0x20 || c == 0x7f)
			return (false);	/* CR LF here would be a command of its own */
		if (c < 0x7f) {
			if (in)
				leave_base64(out, &b);
			in = false;
			buf_byte(out, (unsigned char)c);
			if (c == '&')
				buf_byte(out, '-');
			continue;
		}
		if (!in)
			buf_byte(out, '&');
		in = true;
		if (c >= 0x10000) {
			put_unit(out, &b, 0xd800 + ((c - 0x10000) >> 10));
			put_unit(out, &b, 0xdc00 + ((c - 0x10000) & 0x3ff));
		} else
			put_unit(out, &b, c);
	}
	if (in)
		leave_base64(out, &b);
	return (!out->failed);
}

static void
put_char(struct buf *out, uint32_t c)
{
	if (c < 0x80)
		buf_byte(out, (unsigned char)c);
	else if (c < 0x800) {
		buf_byte(out, (unsigned char)(0xc0 | (c >> 6)));
		buf_byte(out, (unsigned char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_byte(out, (unsigned char)(0xe0 | (c >> 12)));
		buf_byte(out, (unsigned char)(0x80 | ((c >> 6) & 0x3f)));
		buf_byte(out, (unsigned char)(0x80 | (c & 0x3f)));
	} else {
		buf_byte(out, (unsigned char)(0xf0 | (c >> 18)));
		buf_byte(out, (unsigned char)(0x80 | ((c >> 12) & 0x3f)));
		buf_byte(out, (unsigned char)(0x80 | ((c >> 6) & 0x3f)));
		buf_byte(out, (unsigned char)(0x80 | (c & 0x3f)));
	}
}

/* One run between "&" and "-"; false when it holds half a character. */
static bool
decode_run(struct buf *out, struct str run)
{
	struct bits	 b = { 0, 0 };
	uint32_t	 high = 0, unit;
	const char	*d;
	size_t		 i;

	for (i = 0; i < run.len; i++) {
		if (run.p[i] == '\0' || (d = strchr(digits, run.p[i])) == NULL)
			return (false);
		b.hold = (b.hold << 6) | (uint32_t)(d - digits);
		if ((b.n += 6) < 16)
			continue;
		b.n -= 16;
		unit = (b.hold >> b.n) & 0xffff;
		b.hold &= (1u << b.n) - 1;
		if (high != 0) {
			if (unit < 0xdc00 || unit > 0xdfff)
				return (false);
			put_char(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
			high = 0;
		} else if (unit >= 0xd800 && unit <= 0xdbff)
			high = unit;
		else if (unit >= 0xdc00 && unit <= 0xdfff)
			return (false);
		else
			put_char(out, unit);
	}
	return (high == 0 && b.n < 6 && b.hold == 0);
}

bool
utf7_decode(struct buf *out, struct str s)
{
	size_t	 i, end;

	for (i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
			return (false);
		if (s.p[i] != '&') {
			buf_byte(out, (unsigned char)s.p[i]);
			continue;
		}
		for (end = i + 1; end < s.len && s.p[end] != '-'; end++)
			;
		if (end == s.len)
			return (false);
		if (end == i + 1)
			buf_byte(out, '&');
		else if (!decode_run(out, (struct str){ s.p + i + 1, end - i - 1 }))
			return (false);
		i = end;
	}
	return (!out->failed);
}
