/*
 * store.h - the database: opening, writing reports, intake, originals.
 * Reading for the faces is in query.h. All SQL of the program is in this room.
 * Source:    schema/ (every table and column is explained there).
 * Trust:     values are bound, never pasted; what a decoder sent has been
 *            checked by report/wire.h, and is text all the same.
 * Units:     times in seconds since the epoch, UTC; days since the epoch.
 * Ownership: struct store by store_open/store_close; one process writes at a
 *            time (SQLite's lock), any number read.
 * Errors:    -1 with *e: ERR_TEMP (busy, disk full: nothing of this
 *            transaction is kept), ERR_LIMIT (store_report_end: the sums would
 *            overflow; that report is dropped, the transaction goes on),
 *            ERR_BUG (a statement of ours is wrong).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"
#include "report/report.h"

struct store;
struct limits;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens STATE/dmarcd.db; STORE_WRITE makes it and brings it up to the newest schema. */
struct store	*store_open(const char *state_dir, enum store_mode, struct err *);
void		 store_close(struct store *);		/* NULL is fine */
uint64_t	 store_generation(struct store *);	/* raised by each commit that changes an answer */

/* --- Writing ---------------------------------------------------------------- */

/* What became of one message or one report; the numbers stand in the store. */
enum intake_result { IN_STORED, IN_DUPLICATE, IN_REPLACED, IN_IGNORED, IN_REJECTED, IN_PARTIAL, IN_COUNT };
extern const char *const intake_result_names[IN_COUNT];

int	 store_begin(struct store *, struct err *);	/* takes the write lock */
int	 store_commit(struct store *, struct err *);
void	 store_rollback(struct store *);
/* The ceilings that only show when a report is complete: its sum of counts. */
void	 store_limit(struct store *, const struct limits *);
bool	 store_in_transaction(const struct store *);
void	 store_shrink(struct store *);	/* gives back memory that a rest does not need */

/* A message comes first (its id is given), its reports then, its result last. */
struct store_message {
	int64_t		 received;
	const char	*origin;
	uint64_t	 bytes;
	uint64_t	 token;		/* of the spool file; 0: none */
};
int	 store_message_begin(struct store *, int64_t *id, struct err *);
/*
 * fd not -1: the original is kept too, fd's bytes from offset go to the end of
 * the current pack (durable before the commit).
 */
int	 store_message_end(struct store *, int64_t id, const struct store_message *, enum intake_result, int fd, uint64_t offset,
	    struct err *);
/*
 * Its row now, its end later (same arguments, fd -1 then): some of its reports
 * are stored, and the transaction has to end before the message does.
 */
int	 store_message_hold(struct store *, int64_t id, const struct store_message *, int fd, uint64_t offset, struct err *);
int	 store_message_settle(struct store *, int64_t id, const struct store_message *, enum intake_result, struct err *);
/* Was this spool file taken in already, among the last few thousand? */
bool	 store_token_seen(struct store *, uint64_t token);

/*
 * One report as a stream. A combination's wire form is its identity; row
 * carries it decoded, to be judged and stored when it is seen first.
 */
struct store_evidence {
	int64_t		 id;
	unsigned	 outcome;
	unsigned char	 disposition, dkim, spf;
	bool		 verdict_pass, differs;
	uint64_t	 hash;
	unsigned	 ndkim, nspf, nreasons;
};
struct store_stored { int64_t id; enum intake_result result; };

int	 store_report_begin(struct store *, int64_t message, unsigned payload, const struct report_header *, struct err *);
int	 store_evidence(struct store *, struct str wire, const struct report_record *row, struct store_evidence *out, struct err *);
int	 store_row(struct store *, const struct store_evidence *, const unsigned char *ip, unsigned ip_len, struct str ip_text,
	    uint64_t count, uint64_t seq, struct err *);
int	 store_row_refused(struct store *, const struct report_refused *, struct err *);
int	 store_report_end(struct store *, const struct report_trailer *, struct store_stored *out, struct err *);
/* It did not come again after all: the same message was read twice. */
int	 store_report_unrepeat(struct store *, int64_t id, struct err *);
/* Nothing of it stays; -1 when even that failed: then roll back. */
int	 store_report_drop(struct store *, struct err *);

int	 store_quarantine_add(struct store *, int64_t received, const char *origin, const char *file, uint64_t bytes,
	    const char *reason, const char *text, struct str sender, struct str subject, struct err *);

bool	 store_quarantine_has(struct store *, const char *file);

/*
 * Originals of messages received before, and quarantined messages likewise, go
 * for good; 0 keeps them. The figures stay. Not within a transaction.
 */
int	 store_expire(struct store *, int64_t originals_before, int64_t quarantine_before, unsigned *packs, unsigned *messages,
	    struct err *);

/* Where the original of a message lies: opens its pack, read-only. */
int	 store_original_open(struct store *, int64_t message, int *fd, uint64_t *offset, uint64_t *bytes, struct err *);

#endif
