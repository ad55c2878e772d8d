/*
 * str.h - text with a length: hostile text holds NULs and knows no end mark.
 * Source:    none.
 * Trust:     contents may be anything unless a function says otherwise.
 * Units:     bytes.
 * Ownership: a struct str only points; whoever made the bytes owns them.
 *            p == NULL means absent, p != NULL with len 0 means empty.
 * Errors:    none; predicates answer false.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char	*p;
	size_t		 len;
};

struct str_list {		/* of texts with an end mark, as configured */
	char	**v;
	size_t	  n;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })

static inline struct str
str_of(const char *s)
{
	return ((struct str){ s, s == NULL ? 0 : strlen(s) });
}

struct str	 str_trim(struct str);		/* white space and NULs at both ends */
bool		 str_eq(struct str, struct str);	/* absent equals absent only */
int		 str_order(struct str, struct str);	/* by bytes, the shorter first; as of qsort. Absent is as empty */
bool		 str_ieq_n(struct str, const char *, size_t);
bool		 str_starts(struct str, const char *);
bool		 str_istarts(struct str, const char *);
const char	*str_ifind(struct str, const char *);	/* ASCII case folded, or NULL */
bool		 str_utf8_ok(struct str);		/* well formed, shortest form, no surrogates */
/* How many bytes its first character takes, and which it is; 0: they are no UTF-8. s is not empty. */
size_t		 str_utf8_first(struct str s, uint32_t *v);
/* Decimal digits only, no sign; false on junk, empty or beyond INT64_MAX. */
bool		 str_i64(struct str, int64_t *out);

/* ASCII case folded. Inline, so that the length of a literal costs nothing. */
static inline bool
str_ieq(struct str s, const char *with)
{
	size_t	 n = strlen(with);

	return (s.len == n && s.p != NULL && str_ieq_n(s, with, n));
}

static inline char
ascii_lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
}

#endif
