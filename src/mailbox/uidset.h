/*
 * uidset.h - a set of UIDs as ascending ranges, the way IMAP writes it.
 * Source:    RFC 3501, sequence-set.
 * Trust:     text may be hostile (a state file that somebody edited).
 * Units:     UIDs are 1 to 4294967295.
 * Ownership: the struct owns r; uidset_free gives it back and leaves it empty.
 * Errors:    false: no memory, or text that is no such set.
 */
#ifndef MAILBOX_UIDSET_H
#define MAILBOX_UIDSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct uidrange { uint32_t first, last; };
struct uidset {
	struct uidrange	*r;
	size_t		 n, cap;
};

bool	 uidset_add(struct uidset *, uint32_t first, uint32_t last);	/* merges what touches */
bool	 uidset_add_all(struct uidset *, const struct uidset *);
bool	 uidset_has(const struct uidset *, uint32_t);
uint64_t uidset_count(const struct uidset *);
void	 uidset_print(const struct uidset *, struct buf *);		/* 1:5,9 */
bool	 uidset_parse(struct uidset *, struct str);
void	 uidset_clear(struct uidset *);
void	 uidset_free(struct uidset *);

#endif
