/*
 * txt.h - TXT records as they are kept: their bytes, which of them matter, and
 * a form of plain letters that can be put anywhere.
 * Source:    RFC 1035 3.3.14, 5.1 (\DDD); RFC 7208 3.3, RFC 6376 3.6.2.2:
 *            the strings of a record are joined with nothing between.
 * Trust:     any bytes; whoever runs a zone writes what he likes.
 * Units:     bytes.
 * Ownership: the caller's buffers.
 * Errors:    false, and nothing is kept.
 */
#ifndef DMARC_TXT_H
#define DMARC_TXT_H

#include "base/base.h"

#define TXT_TEXTS	8	/* kept of one name */
#define TXT_BYTES	4096	/* of one text: a key of 4096 bits takes 750 */
#define TXT_ALL		8192	/* of all texts of a name together */

enum txt_kind { TXT_DMARC = 1, TXT_SPF, TXT_KEY, TXT_STS, TXT_LAST = TXT_STS };	/* the numbers stand in the store */

/* The texts point into bytes: it is not to be copied as a whole. All zero: empty. */
struct txt_set {
	struct str	 v[TXT_TEXTS];	/* in order of bytes */
	size_t		 n;
	unsigned	 more;		/* left out or cut */
	size_t		 used;
	char		 bytes[TXT_ALL];
};

/* One record as on the wire: its strings, joined. False: it is none. out has room for wire.len. */
bool	 txt_join(struct str wire, char *out, size_t *n);
/* Is it about that kind at all? What merely stands beside an SPF record is not. */
bool	 txt_about(enum txt_kind, struct str text);
/* Takes a text up, unless it is about something else or is there already; the least fitting go when there are too many. */
void	 txt_add(struct txt_set *, enum txt_kind, struct str text);

/* The form that is kept: a text in a line, nothing but printable ASCII. */
void	 txt_write(const struct txt_set *, struct buf *out);
void	 txt_write_one(struct str text, struct buf *out);
/* False unless it is exactly what txt_write makes of some set. more stays. */
bool	 txt_read(struct str lines, struct txt_set *out);

#endif
