/*
 * ranges.h - our own form of a table of address ranges: what stands where is
 * told below, so that data/pack.c writes what ranges.c reads.
 * Source:    this file. All numbers are little-endian.
 * Trust:     a file is believed in nothing: it is checked as a whole when it is
 *            opened, look-ups rely on that. It is mapped: who shortens it while
 *            it is in use kills the process, so it is replaced, not rewritten.
 * Units:     bytes; keys are IPv4 addresses, or the upper 64 bits of IPv6 ones
 *            (nobody is given less than a /64, so that nothing finer is told).
 * Ownership: struct ranges by ranges_open/ranges_free; texts point into it.
 * Errors:    -1 with *e, ERR_CONFIG: what is wrong with the file.
 *
 * header	RANGES_HEADER bytes:
 *	 0	"dmarcdpl"
 *	 8	u32 1, the version of this form
 *	12	u32 enum ranges_kind
 *	16	u64 size of the file
 *	24	u64 sum of all bytes, with these eight as zero (ranges_sum)
 *	32	u64 day of the data, since the epoch
 *	40	u32 length of the note, u32 number of values,
 *	48	u32 length of the texts, u32 0
 *	56	for IPv4, then for IPv6: u32 number of blocks, u32 length of the
 *		entries, u32 number of entries, u32 0
 * note		UTF-8, for people: whose data it is, and by which licence
 * values	u32 number, u32 where its text begins, by number; one more ends them.
 *		Countries: the two letters, first one * 256 + second one; no text.
 *		Networks: the AS number; its text is the name.
 * texts	UTF-8
 * and for each family:
 * blocks	u64 first key, u32 where its entries begin; the first key is 0
 * entries	of each block, RANGES_BLOCK at most: the value from the first key
 *		on, 0: none, else its place among the values from 1; then, by
 *		turns, how far the next key is away and the value from there on.
 *		Each is a varint: 7 bits a byte, lowest first, the highest bit says
 *		that more follow. A distance is mantissa * 16 + e, for mantissa
 *		shifted left by 4 * e bits.
 */
#ifndef ENRICH_RANGES_H
#define ENRICH_RANGES_H

#include "base/base.h"

enum ranges_kind { RANGES_COUNTRY = 1, RANGES_NETWORK = 2 };

#define RANGES_MAGIC	"dmarcdpl"
#define RANGES_VERSION	1u
#define RANGES_HEADER	88u
#define RANGES_BLOCK	16u
#define RANGES_TEXT	200u	/* bytes of a name */
#define RANGES_NOTE	2000u
#define RANGES_BYTES	((size_t)64 << 20)
#define RANGES_FAMILIES	2

struct ranges;
int		 ranges_open(const char *path, enum ranges_kind, struct ranges **out, struct err *e);
/* The same of bytes that stay the caller's and must outlive it. name is for errors. */
int		 ranges_of(const char *name, const void *, size_t, enum ranges_kind, struct ranges **out, struct err *);
void		 ranges_free(struct ranges *);	/* NULL is fine */
/* Is this file, as it begins, one of ours? */
bool		 ranges_is(const void *, size_t);

/* ip_len 4 or 16. 0: nothing is known; *text is absent for what has none. */
uint32_t	 ranges_find(const struct ranges *, const unsigned char *ip, unsigned ip_len, struct str *text);
struct str	 ranges_note(const struct ranges *);
int64_t		 ranges_day(const struct ranges *);
uint64_t	 ranges_stamp(const struct ranges *);
size_t		 ranges_entries(const struct ranges *);

/* Pieces that the writer shares. */
uint64_t	 ranges_sum(const unsigned char *, size_t);
struct str	 ranges_name(struct str);	/* a name as it may stand there: cut, and not in the middle of a character; "": not UTF-8 */

#endif
