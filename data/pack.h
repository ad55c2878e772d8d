/*
 * pack.h - writes what enrich/ranges.h reads; for the build and for tests.
 * Source:    enrich/ranges.h.
 * Trust:     ranges come in any order and may overlap: the one that begins
 *            later counts, of two that begin together the shorter one.
 * Units:     keys as in ranges.h.
 * Ownership: struct pack by pack_new/pack_free.
 * Errors:    -1 with *e.
 */
#ifndef DATA_PACK_H
#define DATA_PACK_H

#include "enrich/ranges.h"

struct pack;
struct pack	*pack_new(enum ranges_kind);
void		 pack_free(struct pack *);	/* NULL is fine */
/* from, to: 4 or 16 bytes each. number 0 is nothing. text is copied, cut when it is long; the first one of a number counts. */
int		 pack_add(struct pack *, const unsigned char *from, const unsigned char *to, unsigned len, uint32_t number, struct str text,
		    struct err *);
/* "192.0.2.0,192.0.2.255,DE" or "2001:db8::,2001:db8::ffff,64500,\"Name, Inc.\"": one line. */
int		 pack_line(struct pack *, struct str line, struct err *);
int		 pack_make(struct pack *, int64_t day, struct str note, struct buf *out, struct err *);

#endif
