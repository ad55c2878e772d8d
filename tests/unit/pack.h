/*
 * pack.h - packed bytes for tests, made with zlib, libarchive and by hand.
 * Source:    RFC 1952, APPNOTE (zip), RFC 2045.
 * Trust:     none needed.
 * Units:     bytes.
 * Ownership: added to the caller's buf.
 * Errors:    aborts.
 */
#ifndef PACK_H
#define PACK_H

#include "base/base.h"

void	 pack_gzip(struct buf *, struct str);	/* one member */

struct pack_entry {
	const char	*name;
	struct str	 data;
};
enum pack_zip {	/* flags */
	ZIP_STORED = 1, ZIP_DESCRIPTOR = 2, ZIP_ENCRYPTED = 4, ZIP_NO_DIRECTORY = 8, ZIP_LYING_SIZE = 16
};
void	 pack_zip(struct buf *, const struct pack_entry *, size_t n, unsigned flags);
enum pack_format { PACK_7Z, PACK_TAR, PACK_TAR_XZ, PACK_XZ, PACK_BZ2 };
void	 pack_archive(struct buf *, enum pack_format, const struct pack_entry *, size_t n);
/* In lines of that many characters (0: one line), each with CR LF. */
void	 pack_base64(struct buf *, struct str, size_t line);

#endif
