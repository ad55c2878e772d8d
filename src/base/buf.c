/*
 * buf.c - see buf.h.
 */
#include "base/base.h"

bool
buf_reserve(struct buf *b, size_t more)
{
	size_t	 max = b->max == 0 ? SIZE_MAX / 2 : b->max, want, cap;
	char	*p;

	if (b->failed || more > max || b->len > max - more) {
		b->failed = true;
		return (false);
	}
	want = b->len + more + 1;
	if (want <= b->cap)
		return (true);
	cap = b->cap < 128 ? 128 : b->cap;
	while (cap < want)
		cap += cap / 2;
	if ((p = realloc(b->p, cap)) == NULL) {
		b->failed = true;
		return (false);
	}
	b->p = p;
	b->cap = cap;
	return (true);
}

bool
buf_add(struct buf *b, const void *data, size_t n)
{
	if (!buf_reserve(b, n))
		return (false);
	if (n > 0)
		memcpy(b->p + b->len, data, n);
	b->len += n;
	b->p[b->len] = '\0';
	return (true);
}

bool
buf_str(struct buf *b, struct str s)
{
	return (buf_add(b, s.p, s.len));
}

bool
buf_cstr(struct buf *b, const char *s)
{
	return (buf_add(b, s, strlen(s)));
}

bool
buf_byte(struct buf *b, unsigned char c)
{
	return (buf_add(b, &c, 1));
}

bool
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list	 again;
	int	 n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !buf_reserve(b, (size_t)n)) {
		b->failed = true;
		return (false);
	}
	(void)vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return (true);
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list	 ap;
	bool	 ok;

	va_start(ap, fmt);
	ok = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return (ok);
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len)
		b->len = 0;
	else {
		memmove(b->p, b->p + n, b->len - n);
		b->len -= n;
	}
	if (b->p != NULL)
		b->p[b->len] = '\0';
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}
