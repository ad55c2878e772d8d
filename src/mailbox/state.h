/*
 * state.h - what a fetcher knows of its mailbox from the looks before.
 * Source:    ours: lines of text, the first names the kind and version.
 * Trust:     our own file; one that does not read is as good as none, since
 *            storing is idempotent: the mailbox is read anew.
 * Units:     bytes for sizes.
 * Ownership: x_free gives back what the struct holds, not the struct.
 * Errors:    false: the text is of another kind, account or version.
 *
 *	dmarcd-imap 1				dmarcd-pop3 1
 *	account USER@HOST/FOLDER		account USER@HOST
 *	uidvalidity 3				seen UIDL
 *	uid 4711				large BYTES UIDL
 *	unsettled 4700:4711			again TRIES UIDL
 *	again 4699 TRIES
 *	large 4698 BYTES
 */
#ifndef MAILBOX_STATE_H
#define MAILBOX_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "mailbox/uidset.h"

#define STATE_TRIES	3	/* looks that a message which cannot be had is given */
#define STATE_BREAKS	6	/* the same when the connection breaks off: it may be the line */

/* A message that did not come: large ones by size, others by tries. */
struct imap_left { uint32_t uid; uint64_t number; };
struct imap_lefts { struct imap_left *v; size_t n, cap; };

struct imap_state {
	uint32_t		 uidvalidity;	/* 0: nothing known yet */
	uint32_t		 uid;		/* all up to here have been dealt with */
	struct uidset		 unsettled;	/* in the spool, but not yet seen/moved/deleted */
	struct imap_lefts	 again;
	struct imap_lefts	 large;
};

bool	 imap_state_parse(struct imap_state *, const char *account, struct str);
bool	 imap_state_print(const struct imap_state *, const char *account, struct buf *);
void	 imap_state_free(struct imap_state *);
bool	 imap_left_set(struct imap_lefts *, uint32_t uid, uint64_t number);
uint64_t imap_left_get(const struct imap_lefts *, uint32_t uid);		/* 0: not there */
void	 imap_left_remove(struct imap_lefts *, uint32_t uid);

enum pop3_fate { POP3_NEW, POP3_SEEN, POP3_LARGE, POP3_AGAIN };
struct pop3_message {
	char		*uidl;
	enum pop3_fate	 fate;
	uint64_t	 number;	/* bytes of LARGE, tries of AGAIN */
};
struct pop3_state { struct pop3_message *v; size_t n, cap; };	/* sorted by uidl once parsed */

bool	 pop3_state_parse(struct pop3_state *, const char *account, struct str);
const struct pop3_message *pop3_state_find(const struct pop3_state *, const char *uidl);
void	 pop3_state_begin(struct buf *, const char *account);
void	 pop3_state_line(struct buf *, const struct pop3_message *);
void	 pop3_state_free(struct pop3_state *);

#endif
