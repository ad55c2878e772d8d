/*
 * buf.h - a growing run of bytes with a ceiling.
 * Source:    none.
 * Trust:     any bytes.
 * Units:     bytes; max 0 means SIZE_MAX.
 * Ownership: the struct owns p; buf_free gives it back. p always has a NUL
 *            behind len, so text needs no copy.
 * Errors:    false when memory or the ceiling is reached; then failed stays
 *            set and later calls do nothing (check once at the end).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct buf {
	char	*p;
	size_t	 len;
	size_t	 cap;
	size_t	 max;
	bool	 failed;
};

bool		 buf_reserve(struct buf *, size_t more);
bool		 buf_add(struct buf *, const void *, size_t);
bool		 buf_str(struct buf *, struct str);
bool		 buf_cstr(struct buf *, const char *);
bool		 buf_byte(struct buf *, unsigned char);
bool		 buf_base64(struct buf *, const void *, size_t);	/* RFC 4648 4, in one line; no byte of it stays elsewhere */
bool		 buf_printf(struct buf *, const char *, ...) PRINTFLIKE(2, 3);
bool		 buf_vprintf(struct buf *, const char *, va_list) PRINTFLIKE(2, 0);
void		 buf_drop(struct buf *, size_t);	/* from the front */
void		 buf_clear(struct buf *);		/* keeps the memory */
void		 buf_free(struct buf *);

static inline struct str
buf_as_str(const struct buf *b)
{
	return ((struct str){ b->p == NULL ? "" : b->p, b->len });
}

#endif
