/*
 * base64.c - buf_base64() of buf.h, apart from it: tools that need buffers do
 * without nettle.
 */
#include <nettle/base64.h>

#include "base/base.h"

bool
buf_base64(struct buf *b, const void *p, size_t n)
{
	if (n > SIZE_MAX / 4 || !buf_reserve(b, BASE64_ENCODE_RAW_LENGTH(n))) {
		b->failed = true;
		return (false);
	}
	base64_encode_raw(b->p + b->len, n, p);
	b->len += BASE64_ENCODE_RAW_LENGTH(n);
	b->p[b->len] = '\0';
	return (true);
}
