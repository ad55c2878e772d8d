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
#include "report/failure.h"
#include "report/redact.h"
#include "report/report.h"
#include "report/tls.h"

struct store;
struct limits;
struct trust_mail;
struct trust_settings;

enum store_mode { STORE_READ, STORE_WRITE };

/* Opens STATE/dmarcd.db; STORE_WRITE makes it and brings it up to the newest schema. */
struct store	*store_open(const char *state_dir, enum store_mode, struct err *);
/*
 * A reader from now on sees what is about these domains (a blank between) and
 * those below them, and nothing of others, whatever is asked: see narrow.c.
 * Once, before the first question.
 */
int		 store_narrow(struct store *, const char *domains, struct err *);
void		 store_close(struct store *);		/* NULL is fine */
uint64_t	 store_generation(struct store *);	/* raised by each commit that changes an answer */

/* For a reader that goes through everything once: it holds fewer pages. */
int	 store_frugal(struct store *, struct err *);
/* Which store it is: a number that a new one in its place does not have. */
uint64_t	 store_identity(const struct store *);

/* --- Writing ---------------------------------------------------------------- */

/* What became of one message or one report; the numbers stand in the store. */
enum intake_result { IN_STORED, IN_DUPLICATE, IN_REPLACED, IN_IGNORED, IN_REJECTED, IN_PARTIAL, IN_COUNT };
extern const char *const intake_result_names[IN_COUNT];

int	 store_begin(struct store *, struct err *);	/* takes the write lock */
int	 store_commit(struct store *, struct err *);
void	 store_rollback(struct store *);
/* The ceilings that only show when a report is complete: its sum of counts. */
void	 store_limit(struct store *, const struct limits *);
/* Whom to believe and which domains are ours; not copied. Without it all are, and nobody. */
void	 store_trust(struct store *, const struct trust_settings *);
const struct trust_settings *store_settings(const struct store *);
bool	 store_in_transaction(const struct store *);
void	 store_shrink(struct store *);	/* gives back memory that a rest does not need */

/* A message comes first (its id is given), its reports then, its result last. */
struct store_message {
	int64_t		 received;
	const char	*origin;
	uint64_t	 bytes;
	uint64_t	 token;		/* of the spool file; 0: none */
	bool		 again;		/* id was given before: it is read once more, and counts as what it is now */
	bool		 failure;	/* a failure report is in it: its original lies with those that go earlier */
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
enum { STORE_CHANGED_FIGURES = 1, STORE_CHANGED_VERDICTS = 2, STORE_CHANGED_DETAILS = 4, STORE_CHANGED_ROWS = 8, STORE_CHANGED_NEW = 16 };
struct store_stored { int64_t id; enum intake_result result; unsigned changed; enum report_kind kind; };

/*
 * Before each report: what its mail proves; NULL: it came in no mail, or
 * nothing is known. Must live until the end of the report.
 */
void	 store_trust_mail(struct store *, const struct trust_mail *);
int	 store_report_begin(struct store *, int64_t message, unsigned payload, const struct report_header *, struct err *);
int	 store_evidence(struct store *, struct str wire, const struct report_record *row, struct store_evidence *out, struct err *);
int	 store_row(struct store *, const struct store_evidence *, const unsigned char *ip, unsigned ip_len, struct str ip_text,
	    uint64_t count, uint64_t seq, struct err *);
int	 store_row_refused(struct store *, const struct report_refused *, struct err *);
int	 store_report_end(struct store *, const struct report_trailer *, struct store_stored *out, struct err *);
/* It did not come again after all: the same message was read twice. */
int	 store_report_unrepeat(struct store *, enum report_kind, int64_t id, struct err *);
/* Nothing of it stays, of whatever kind it is; -1 when even that failed: then roll back. */
int	 store_report_drop(struct store *, struct err *);

/*
 * Instead of store_report_end, for a message read once more: the report takes
 * the place of the one that it is, under the same id. changed says what is
 * different, 0: nothing, and nothing was written. One that is not among the
 * known (it was a duplicate, or could not be read then) is left out and
 * counted, or with add stored as if it had come now; id 0 then says left out.
 */
struct store_known { int64_t id; unsigned payload; bool used, force; enum report_kind kind; };	/* force: write its rows anew */
struct store_again {
	struct store_known	*known;
	size_t			 nknown;
	bool			 add;
	unsigned		 left_over;
};
int	 store_report_replace(struct store *, const struct report_trailer *, struct store_again *, struct store_stored *out, struct err *);
/* After reports have taken their places: which of them overlap. Not within a transaction. */
int	 store_overlaps(struct store *, struct err *);
int64_t	 store_report_message(struct store *, enum report_kind, int64_t id);	/* 0: no such report */
/*
 * A TLS report as a stream: the items of report/tls.h between begin and end.
 * With again it takes the place of the one that it is, as store_report_replace.
 */
int	 store_tls_begin(struct store *, int64_t message, unsigned payload, struct err *);
int	 store_tls_item(struct store *, const struct tls_item *, struct err *);	/* DETAIL, FORGET, POLICY, REFUSED */
int	 store_tls_end(struct store *, const struct tls_header *, struct store_again *again, struct store_stored *out, struct err *);
/*
 * Before the first of those: outcomes of combinations are not believed either.
 * dry: every store_commit takes back what it was given, to see what would change.
 */
void	 store_derive(struct store *, bool dry);

/* --- Failure reports ----------------------------------------------------------- */

struct store_failure_options {
	bool		 bodies;	/* bodies of samples are stored, too */
	enum redact	 redact;	/* before storing */
};
void	 store_failure_options(struct store *, const struct store_failure_options *);
/* What the options say about originals: a redacted report has none. */
bool	 store_failure_originals(const struct store *);
/* r is changed as the options say. again: as store_report_replace; or NULL. */
int	 store_failure(struct store *, int64_t message, unsigned payload, struct failure_report *r, struct store_again *again,
	    struct store_stored *out, struct err *);
/* Rows and originals of those received before go for good. Not within a transaction. */
int	 store_failures_expire(struct store *, int64_t before, unsigned *reports, unsigned *packs, struct err *);
/* Says that somebody looks at it unmasked; in a transaction or not. ERR_INPUT: there is no such report. */
int	 store_reveal(struct store *, int64_t failure, const char *who, const char *nonce, struct err *);
bool	 store_revealed(struct store *, int64_t failure, const char *nonce);

/* --- Quarantine --------------------------------------------------------------- */

struct store_quarantined {
	int64_t		 received;
	const char	*origin, *file;
	uint64_t	 bytes;
	const char	*reason, *text;		/* code and sentence */
	struct str	 sender, subject;
	int64_t		 message;		/* its row; 0: unknown */
	unsigned	 part, line;		/* 0: unknown */
	uint64_t	 byte;			/* as in schema/0008 */
	struct str	 entry;			/* "": none */
	bool		 again;			/* it was read before, in vain */
	bool		 private;		/* it is about somebody's message: nothing of it is to be shown */
};
/* In a transaction. The same file again: the reason is brought up to date. */
int	 store_quarantine_add(struct store *, const struct store_quarantined *, struct err *);
int	 store_quarantine_remove(struct store *, const char *file, struct err *);	/* in a transaction; the row only */
bool	 store_quarantine_has(struct store *, const char *file);
/* Row and file go, in this order. Not within a transaction. 1: done, 0: there is no such one. */
int	 store_quarantine_discard(struct store *, int64_t id, struct err *);
/* One of them; 1, 0: there is no such one. */
struct store_quarantine_item {
	int64_t	 received, message;
	char	 file[256], origin[65];
};
int	 store_quarantine_get(struct store *, int64_t id, struct store_quarantine_item *out, struct err *);
/* A request that was carried out, for those who asked to see. In a transaction, or one of its own; the next two not within one. */
struct store_action {
	int64_t		 item, asked;
	bool		 discard, missing;	/* missing: it was not there any more */
	enum intake_result result;		/* of a retry */
	unsigned	 reports;
	const char	*text;
};
int	 store_quarantine_did(struct store *, const struct store_action *, struct err *);
/*
 * Which were put there by another version than this one? ids by free(). When
 * they have been asked for again, upgraded says so.
 */
int	 store_quarantine_upgrade(struct store *, const char *version, int64_t **ids, size_t *n, struct err *);
int	 store_quarantine_upgraded(struct store *, const char *version, struct err *);
/* The oldest go until what is left is no larger than max. Not within a transaction. */
struct store_trimmed { unsigned n; uint64_t bytes, left; int64_t oldest, newest; };
enum store_rule { RULE_SIZE, RULE_AGE };	/* why it went: stands in the store */
int	 store_quarantine_trim(struct store *, uint64_t max, struct store_trimmed *out, struct err *);

/*
 * Originals of messages received before, and quarantined messages likewise, go
 * for good; 0 keeps them. The figures stay. Not within a transaction.
 */
int	 store_expire(struct store *, int64_t originals_before, int64_t quarantine_before, unsigned *packs, unsigned *messages,
	    struct err *);

/*
 * What is older than that goes, by kind: aggregate and TLS reports by the day
 * on which they count, with all that was added up from them, the others by when
 * they came. Some days at a time; what is left adds up at every moment.
 */
enum { PURGE_REPORTS = 1, PURGE_TLS = 2, PURGE_FAILURES = 4, PURGE_ORIGINALS = 8, PURGE_QUARANTINE = 16, PURGE_ALL = 31 };
struct store_purged { uint64_t reports, rows, messages, tls, sessions, failures, packs, pack_bytes, quarantined; };
int	 store_purge(struct store *, unsigned what, int64_t before, struct store_purged *out, struct err *);
int	 store_purge_count(struct store *, unsigned what, int64_t before, struct store_purged *out, struct err *);

/* --- Care: see also check.c, rejudge.c, backup.c ----------------------------------- */

/* One at a time re-derives: 0 when the lock is ours until store_close, 1 when another has it. */
int	 store_care_lock(struct store *, struct err *);

/* Messages with reports, in the order they came, and the reports of each. */
struct store_original {
	int64_t			 message;
	uint64_t		 bytes;
	bool			 kept, todo;	/* todo: true at first, the caller's then */
	struct store_known	*known;
	size_t			 nknown;
};
struct store_originals {
	struct store_original	*items;
	size_t			 n, nreports;
	uint64_t		 bytes;		/* of those that were kept */
	struct store_known	*known;
};
enum store_which {
	ORIGINALS_SINCE,	/* of messages received at since or later */
	ORIGINALS_ASTRAY	/* of reports that stand behind one with which they no longer share the key */
};
int	 store_originals(struct store *, enum store_which, int64_t since, struct store_originals *out, struct err *);
void	 store_originals_free(struct store_originals *);

/*
 * Judges every combination anew; where that gives another outcome, evidence,
 * daily sums and the verdicts of reports follow, all in one transaction.
 */
/*
 * True when what is stored was judged by older rules than ours (DMARC_RULES),
 * with the number of records. store_rejudge brings it up to date.
 */
int	 store_rules_old(struct store *, bool *old, uint64_t *records, struct err *);
struct store_rejudged { uint64_t combinations, changed, reports, rows; };
int	 store_rejudge(struct store *, void (*progress)(void *, uint64_t done, uint64_t total), void *ctx, struct store_rejudged *out,
	    struct err *);

/*
 * Decides anew, by the settings and by what was noted when they came, whose
 * reports are and which count; moves those that stand on the wrong side. One
 * transaction. What counts in the place of a report that moved away is read
 * from its original (ORIGINALS_ASTRAY).
 */
struct store_retrusted { uint64_t reports, changed, moved; };
int	 store_retrust(struct store *, struct store_retrusted *out, struct err *);

enum store_fault {
	FAULT_DATABASE,		/* SQLite finds the file damaged */
	FAULT_REFERENCE,	/* a row names one that is not there */
	FAULT_ROLLUP,		/* sums by day are not those of the records */
	FAULT_REPORT,		/* sums of a report (id) are not those of its records */
	FAULT_INTAKE,		/* counts of the intake are not those of the messages */
	FAULT_ORIGINAL,		/* a pack is missing or too short */
	FAULT_TLS_REPORT,	/* as FAULT_REPORT, of a TLS report */
	FAULT_COUNT
};
extern const char *const store_fault_names[FAULT_COUNT];
struct store_check_calls {
	void	(*fault)(void *, enum store_fault, int64_t id, const char *text);
	void	(*progress)(void *, uint64_t done, uint64_t total);	/* in records */
};
enum { CHECK_FILE = 1, CHECK_SUMS = 2, CHECK_REST = 4, CHECK_ALL = 7 };
/* Looks, in one snapshot, and changes nothing. */
int	 store_check(struct store *, unsigned what, const struct store_check_calls *, void *ctx, struct err *);
/* As CHECK_SUMS, but writes the daily sums and the counts of the intake that differ anew; a fault says which. */
int	 store_mend(struct store *, const struct store_check_calls *, void *ctx, uint64_t *mended, struct err *);

/* A consistent copy to path, which must not exist, 0600 and durable; to be renamed by the caller. */
int	 store_backup(struct store *, const char *path, void (*progress)(void *, uint64_t done, uint64_t total),
	    int (*pack)(void *, const char *name, uint64_t bytes, struct err *), int (*quarantined)(void *, const char *file, struct err *),
	    void *ctx, struct err *);
/* Gives unused pages back to the file system; sizes in bytes. */
int	 store_vacuum(struct store *, uint64_t *before, uint64_t *after, struct err *);

/* A failure report is in the same mail: it is not to be shown as it came. */
bool	 store_original_private(struct store *, int64_t message);
/* Where the original of a message lies: opens its pack, read-only. */
int	 store_original_open(struct store *, int64_t message, int *fd, uint64_t *offset, uint64_t *bytes, struct err *);
/* ERR_INPUT: its bytes are not those that were kept. One that an older version kept cannot be told. */
int	 store_original_sound(struct store *, int64_t message, int fd, uint64_t offset, uint64_t bytes, struct err *);

#endif
