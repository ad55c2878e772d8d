/*
 * ingest.h - messages through the decoders into the store: used by the
 * ingester role, by import and by fetch alike.
 * Source:    ours.
 * Trust:     decoders are not believed: every frame is checked.
 * Units:     bytes; seconds since the epoch, UTC.
 * Ownership: a job belongs to the caller; it is given back by finished(),
 *            after the transaction with its reports has committed.
 * Errors:    -1 with *e: the store cannot go on (disk full, busy), or no
 *            decoder starts (e->detail is INGEST_UNFIT then). Then every job
 *            not yet finished is given back by abandoned(), and nothing of
 *            it is in the store.
 *
 * A decoder that crashes costs the message it was reading. One that is killed
 * from outside costs none: its messages are read again, and one that had bad
 * luck several times is given back by abandoned() with put_off set.
 */
#ifndef PROCESS_INGEST_H
#define PROCESS_INGEST_H

#include "base/base.h"
#include "base/limits.h"
#include "report/report.h"
#include "store/store.h"

struct ingest;

#define INGEST_UNFIT 1000	/* err.detail: decoders end before they read anything; no message is to blame */

/* What one report of a message came to, for those who want to know. */
struct ingest_report {
	int64_t			 id;
	enum intake_result	 result;
	unsigned		 changed;	/* STORE_CHANGED_..., of a job with derive */
	enum report_kind	 kind;
};

struct ingest_job {
	/* given */
	int			 fd;		/* regular file; closed by ingest */
	uint64_t		 offset, bytes;
	const char		*filename;	/* hint, or NULL */
	const char		*origin;
	int64_t			 received;
	uint64_t		 token;
	bool			 keep_original;
	const char		*quarantine;	/* file name there, should it not be readable; NULL: it stays where it is */
	/*
	 * Read once more. retry: from quarantine, which it leaves when all of it
	 * is read; again: its row of message. derive: from its original, and its
	 * reports take the place of those it gave before; nothing else is stored.
	 */
	bool			 retry;
	int64_t			 again;
	struct store_again	*derive;
	/* In the transaction with its reports, for what has to be written with them; NULL: nothing has. -1: the store cannot go on. */
	int			(*settling)(struct ingest_job *, struct err *);
	void			*user;
	/* found */
	enum intake_result	 result;
	struct ingest_report	*reports;
	size_t			 nreports;
	unsigned		 refused;
	char			 reason[512];	/* of the first refusal, or why it was ignored */
	const char		*reason_code;	/* report/refusal.h */
	unsigned		 part, line;	/* where that was; 0: unknown */
	uint64_t		 byte;
	char			 entry[128];	/* of an archive; "": none */
	char			*from, *subject;	/* masked when it is a mail about a failing message */
	bool			 quarantined;	/* it has to be moved to quarantine/ now */
	bool			 put_off;	/* not read this time, reason says why; the others go on */
	/* ours */
	int64_t			 message;
	unsigned		 kills;		/* decoders killed from outside while it was alone with them */
	bool			 failure;	/* it brought a failure report */
	bool			 private;	/* or looks as if it should have: it is about somebody's message */
	bool			 alone, held;	/* held: its row is in the store, its end is not */
	struct ingest_report	*prior;		/* stored already when its decoder was lost */
	size_t			 nprior;
	struct ingest_job	*next;
};

struct ingest_calls {
	void	(*finished)(void *, struct ingest_job *);
	void	(*abandoned)(void *, struct ingest_job *);
};

struct ingest	*ingest_new(struct store *, const struct limits *, unsigned decoders, const struct ingest_calls *, void *ctx,
		    struct err *);
/* Hands a job to a decoder; works on others' answers while none is free. */
int		 ingest_submit(struct ingest *, struct ingest_job *, struct err *);
/* Works on answers for at most ms; commits when it is time. */
int		 ingest_work(struct ingest *, int ms, struct err *);
/* Until every job is finished and committed. */
int		 ingest_flush(struct ingest *, struct err *);
size_t		 ingest_pending(const struct ingest *);
/* For poll(2) of the caller: at most max descriptors. */
size_t		 ingest_fds(const struct ingest *, int *fds, size_t max);
void		 ingest_job_clear(struct ingest_job *);
void		 ingest_free(struct ingest *);	/* NULL is fine; jobs under way are abandoned */

#endif
