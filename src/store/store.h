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
 *            transaction is kept), ERR_BUG (a statement of ours is wrong).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"
#include "report/report.h"

struct store;

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
bool	 store_in_transaction(const struct store *);

/* A message comes first, its reports then, its result last. */
struct store_message {
	int64_t		 received;
	const char	*origin;
	uint64_t	 bytes;
	uint64_t	 token;		/* of the spool file; 0: none */
};
int	 store_message_add(struct store *, const struct store_message *, int64_t *id, struct err *);
int	 store_message_done(struct store *, int64_t id, const struct store_message *, enum intake_result, struct err *);
/* Keeps the original: fd's bytes from offset go to the end of the current pack. */
int	 store_original_keep(struct store *, int64_t message, int fd, uint64_t offset, uint64_t bytes, struct err *);
/* Was this spool file taken in already, among the last few thousand? */
bool	 store_token_seen(struct store *, uint64_t token);

/*
 * One report as a stream. evidence is the wire form of a combination, which
 * is its identity; row carries it decoded, for the first time it is seen.
 */
struct store_report_id { int64_t id; enum intake_result result; };
int	 store_report_begin(struct store *, int64_t message, unsigned payload, const struct report_header *, struct err *);
/* Gives the evidence's id; judged and stored when it is new. */
int	 store_evidence(struct store *, struct str wire, const struct report_record *row, int64_t *id, struct err *);
int	 store_row(struct store *, int64_t evidence, const unsigned char *ip, unsigned ip_len, struct str ip_text,
	    uint64_t count, uint64_t seq, struct err *);
int	 store_row_refused(struct store *, const struct report_refused *, struct err *);
int	 store_report_end(struct store *, const struct report_trailer *, struct store_report_id *out, struct err *);
void	 store_report_abort(struct store *);	/* nothing of it stays */

int	 store_quarantine_add(struct store *, int64_t received, const char *origin, const char *file, uint64_t bytes,
	    const char *reason, const char *text, struct str sender, struct str subject, struct err *);

/* Where the original of a message lies: opens its pack, read-only. */
int	 store_original_open(struct store *, int64_t message, int *fd, uint64_t *offset, uint64_t *bytes, struct err *);

#endif
