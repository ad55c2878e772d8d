/*
 * query_string.h - the part of a URL behind "?", and one segment of its path,
 * as text.
 * Source:    RFC 3986 2.1 (percent-encoding); application/x-www-form-urlencoded
 *            of the URL standard for "+" and "&".
 * Trust:     hostile: whatever stands in a request line. No I/O, no logging.
 * Units:     bytes; QUERY_BYTES and QUERY_PARAMS are the ceilings.
 * Ownership: keys and values point into the struct's own text.
 * Errors:    -1 with *e (ERR_INPUT, ERR_LIMIT); *param is then the key that is
 *            meant, as far as it is known (it may be empty).
 */
#ifndef HTTP_QUERY_STRING_H
#define HTTP_QUERY_STRING_H

#include "base/base.h"

#define QUERY_BYTES 4096	/* design: query <= 4 kB */
#define QUERY_PARAMS 64		/* there are about 30 keys, none twice */

struct query_param {
	struct str	 key;		/* UTF-8, no control bytes, not empty */
	struct str	 value;		/* UTF-8, no control bytes */
};

struct query_string {
	struct query_param	 p[QUERY_PARAMS];	/* sorted by key */
	size_t			 n;
	char			 text[QUERY_BYTES + 1];
};

/* Splits, decodes, sorts; a key that stands twice is an error. */
int	 query_string_parse(struct query_string *, struct str raw, struct str *param, struct err *);
/* The value of key, or STR_NONE. */
struct str query_string_get(const struct query_string *, const char *key);
/* One text for equal questions: ETags are made of it. */
bool	 query_string_canonical(const struct query_string *, struct buf *);
/*
 * Decodes one path segment into out (at least in.len + 1 bytes): the result
 * is UTF-8 without control bytes; "+" stays a plus. "." and ".." are errors.
 */
int	 path_segment_decode(struct str in, char *out, struct str *segment, struct err *);

#endif
