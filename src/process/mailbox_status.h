/*
 * mailbox_status.h - how a mailbox is, as its fetcher last wrote it.
 * Source:    process/fetcher.c writes STATE/spool/state/NAME.status, JSON.
 * Trust:     a fetcher may be taken over by its server: its words are checked.
 * Units:     seconds since the epoch; 0 where nothing is told.
 * Ownership: keep holds the texts; mailbox_status_free gives it back.
 * Errors:    none: what cannot be read is a mailbox of which nothing is known.
 */
#ifndef PROCESS_MAILBOX_STATUS_H
#define PROCESS_MAILBOX_STATUS_H

#include <jansson.h>

#include "answer/answer.h"

struct mailbox_status {
	struct answer_mailbox	 m;
	json_t			*keep;
};
/* known: protocol and host as the configuration has them; NULL: what the file says. */
void	 mailbox_status_read(const char *state_dir, const char *name, const json_t *known, struct mailbox_status *);
void	 mailbox_status_free(struct mailbox_status *);

#endif
