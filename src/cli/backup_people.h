/*
 * backup_people.h - what a backup takes along beside the store: users, tokens,
 * the log of who did what, and which mail of ours was sent.
 * Source:    auth/auth.h, notify/notify.h.
 * Trust:     files of ours; a link in their place is not followed.
 * Units:     none.
 * Ownership: none.
 * Errors:    -1 with *e. A file that is not there is no error.
 *
 * Each is written by rename, so what is read is whole. Sessions stay out:
 * people sign in again. What fetchers remember stays out, too: a store of
 * yesterday with a memory of today would never get the mail between.
 */
#ifndef CLI_BACKUP_PEOPLE_H
#define CLI_BACKUP_PEOPLE_H

#include "base/base.h"

/* From one state directory into another folder, with the modes they have. */
int	 backup_people(const char *state, const char *dir, unsigned *files, struct err *);

#endif
