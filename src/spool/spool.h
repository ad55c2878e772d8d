/*
 * spool.h - the Maildir between getting mail and reading it.
 * Source:    Maildir: written in tmp/, moved to new/.
 * Trust:     file contents are never looked at here.
 * Units:     bytes; times in seconds since the epoch, UTC.
 * Ownership: struct spool by spool_open/spool_close; a struct spool_file is
 *            the writer's until spool_commit or spool_abort.
 * Errors:    -1 with *e set; ERR_TEMP for a full disk and the like: the
 *            message stays on its server and is fetched again.
 *
 * Layout below the state directory:
 *	spool/tmp, spool/new	messages; the name is ours: TIME.SEQ.PID.ORIGIN
 *				with ",N" behind it: a bundle of N messages, see
 *				below; message K of it is called NAME,N:K
 *	spool/state/NAME	what the fetcher of mailbox NAME has seen
 *	spool/state/NAME.status	what it is doing, JSON, for people and the web
 *	quarantine/		messages that could not be read, kept whole
 *	requests/		what people want done with those, see request.h
 */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct spool;
struct spool_file;

struct spool	*spool_open(const char *state_dir, struct err *);	/* makes the folders, 0700 */
void		 spool_close(struct spool *);

/* origin: name of the mailbox, "deliver", "upload": [A-Za-z0-9._-]{1,64}. */
struct spool_file *spool_new(struct spool *, const char *origin, struct err *);
int		 spool_write(struct spool_file *, const void *, size_t, struct err *);
uint64_t	 spool_size(const struct spool_file *);	/* of the message being written */
/*
 * For who has many: the message ends here, and what is written next is another
 * one in the same file. A file each takes the kernel longer than it takes a
 * mail server to send a small mail. Readers see messages, not files.
 */
int		 spool_next(struct spool_file *, struct err *);
void		 spool_undo(struct spool_file *);	/* forgets the message being written */
size_t		 spool_messages(const struct spool_file *);	/* ended by spool_next */
void		 spool_abort(struct spool_file *);		/* NULL is fine */
/*
 * Makes all n files durable together (data, then names in new/, then the
 * directory) and gives them back, whatever happens. 0: all are safe. -1:
 * none may be settled on the server; those that did get into new/ are
 * harmless, as storing is idempotent.
 */
int		 spool_commit(struct spool *, struct spool_file **, size_t n, struct err *);

/*
 * A whole file from elsewhere on the same file system becomes a message, at
 * once and for good; its number names it until it is read. from: a folder's
 * descriptor and a name in it. -1 with ERR_INPUT: it is no file.
 */
int		 spool_take(struct spool *, int dir, const char *from, int64_t received, int64_t number, const char *origin, struct err *);
/* Does that one wait in new/? To be asked by who may only read. */
bool		 spool_waits(const char *state_dir, int64_t number, const char *origin);
/* Of a name in new/: that number, 0 when it is none of these. */
int64_t		 spool_number(const char *name, const char *origin);

/* What waits in new/, oldest first, at most max names; *names by free() each and the array. */
struct spool_entry { char *name; uint64_t bytes; int64_t received; char origin[65]; };
int		 spool_list(struct spool *, struct spool_entry **out, size_t *n, size_t max, struct err *);
void		 spool_list_free(struct spool_entry *, size_t n);
/* A descriptor with exactly that message, from its beginning; not to be written to. */
int		 spool_open_entry(struct spool *, const char *name, struct err *);
int		 spool_remove(struct spool *, const char *name, struct err *);
/* To quarantine/, under the same name. The caller records the reason in the store first. */
int		 spool_quarantine(struct spool *, const char *name, struct err *);
/* One of those: its descriptor (also when a crash left it in new/), and away with it. */
int		 spool_quarantine_open(struct spool *, const char *name, struct err *);
int		 spool_quarantine_remove(struct spool *, const char *name, struct err *);
/* Leftovers in tmp/ of writers that died: removed when older than a day, or at start when their pid is gone. */
void		 spool_sweep(struct spool *);
/* A descriptor that becomes readable when something appears in new/ or in requests/ (inotify), or -1. */
int		 spool_watch(struct spool *);
void		 spool_watch_drain(struct spool *);
/* One ingester at a time: 0 when the lock is ours, 1 when another process has it, -1 on error. */
int		 spool_lock(struct spool *, struct err *);
/* Does a process have it: does a daemon run on this state directory? */
bool		 spool_served(const char *state_dir);
/* The count in new/ and the time of the oldest (0 when empty). */
int		 spool_count(struct spool *, uint64_t *n, int64_t *oldest, struct err *);

#endif
