/*
 * bundle.h - several messages in one file: one after the other, then a table.
 * Source:    ours.
 * Trust:     our own file; still, nothing in the table is believed unchecked.
 * Units:     bytes from the beginning of the file.
 * Ownership: struct bundle by bundle_add or bundle_open; bundle_close gives
 *            back memory and descriptor. fd -1: not open.
 * Errors:    -1 with errno; EBADMSG for a table that cannot be.
 *
 * The table: for each message 17 bytes, offset and length (8 bytes each, least
 * significant first) and a letter, "n" while it waits, "x" once it is gone.
 * Then the number of messages (8 bytes) and BUNDLE_MARK, at the very end.
 */
#ifndef SPOOL_BUNDLE_H
#define SPOOL_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUNDLE_MARK	"dmarcd-bundle 1\n"
#define BUNDLE_MAX	65536	/* messages */

struct bundle_message { uint64_t offset, bytes; bool gone; };
struct bundle {
	int			 fd;
	struct bundle_message	*v;
	size_t			 n, cap, left;
	uint64_t		 table;		/* where it begins */
};

bool	 bundle_add(struct bundle *, uint64_t offset, uint64_t bytes);	/* false: no memory, too many */
int	 bundle_write_table(struct bundle *, int fd);	/* at fd's end, which is where it stands */
int	 bundle_open(struct bundle *, int dir, const char *name);
int	 bundle_read(struct bundle *, size_t k);	/* a descriptor with a copy that cannot change */
int	 bundle_copy(struct bundle *, size_t k, int to);
int	 bundle_mark_gone(struct bundle *, size_t k);	/* not synced: it may come back, which does no harm */
void	 bundle_close(struct bundle *);

#endif
