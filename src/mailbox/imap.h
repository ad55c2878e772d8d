/*
 * imap.h - one look into an IMAP folder; imap.c fetches, imap_session.c gets
 * in, imap_settle.c tidies up afterwards. Nobody else includes it.
 * Source:    RFC 3501, 6851 (MOVE), 4315 (UIDPLUS), 4616 (SASL PLAIN).
 * Trust:     nothing that the server says is taken for more than it is.
 * Units:     bytes.
 * Ownership: struct imap is imap_look's; im and ms die with the connection.
 * Errors:    -1 with *e set.
 */
#ifndef MAILBOX_IMAP_H
#define MAILBOX_IMAP_H

#include <libetpan/libetpan.h>

#include "mailbox/room.h"
#include "mailbox/state.h"

struct imap_plan { uint32_t uid; uint64_t size; };	/* size 0: not known */

struct imap_batch {
	uint32_t	 upto;		/* st.uid once this batch is durable */
	struct uidset	 got;		/* to be settled */
};

struct imap {
	struct mailbox		*m;
	mailimap		*im;
	mailstream		*ms;
	char			*folder, *after_folder;	/* modified UTF-7 */
	bool			 has_move, has_uidplus, read_only;
	bool			 told_uidplus;
	struct imap_state	 st;
	struct imap_plan	*plan;
	size_t			 nplan, cap;
	struct imap_batch	 batch[BATCH_DEPTH + 1];
	uint64_t		 pushed, settled;	/* batches handed over, batches dealt with */
	unsigned		 reconnects;
};

/* Connects, logs in, selects the folder; also after the connection was lost. */
int	 imap_enter(struct imap *, struct err *);
void	 imap_leave(struct imap *, bool politely);
int	 imap_select(struct imap *, struct err *);
bool	 imap_can(const struct imap *, const char *capability);
/* ERR_TEMP, or what mailbox_failed makes of it; the server's words if it had any */
int	 imap_failed(struct imap *, int r, const char *doing, struct err *);
bool	 imap_refused(int r);		/* an orderly NO; the session goes on */
const char *imap_answer(const struct imap *);
struct mailimap_set *imap_set(const struct uidset *, size_t from, size_t n);

/* Seen, moved or deleted, as the configuration says; what fails stays in st.unsettled. */
int	 imap_settle(struct imap *, struct err *);

#endif
