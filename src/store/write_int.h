/*
 * write_int.h - what the files of the writer (write*.c) share: its state, its
 * statements, and how to get the id of a text, an address, a domain.
 * Source:    schema/.
 * Trust:     as store.h.
 * Units:     as store.h.
 * Ownership: struct writer belongs to struct store; values bound are not copied.
 * Errors:    -1 with *e, as store.h. Ids are larger than 0.
 */
#ifndef STORE_WRITE_INT_H
#define STORE_WRITE_INT_H

#include "dmarc/trust.h"
#include "store/store_int.h"

#define HELD 4096
#define TOKENS 8192

enum stmt {
	ST_DATA_VERSION, ST_NEXT_IDS, ST_MESSAGES, ST_GENERATION, ST_NAME_FIND, ST_NAME_ADD, ST_DOMAIN_FIND, ST_DOMAIN_ADD,
	ST_REPORTER_FIND, ST_REPORTER_ADD, ST_POLICY_FIND, ST_POLICY_ADD, ST_SOURCE_FIND, ST_SOURCE_ADD,
	ST_OUTCOMES, ST_OUTCOME_ADD, ST_EVIDENCE_FIND, ST_EVIDENCE_OUTCOME, ST_EVIDENCE_ADD, ST_EVIDENCE_KEY, ST_RECORD_ADD, ST_RECORD_MERGE,
	ST_REPORT_FIND, ST_VERSION_FIND, ST_PERIODS, ST_OVERLAP_FIND, ST_OVERLAP_SET, ST_REPORT_ADD, ST_REPORT_AGAIN, ST_REPORT_UNREPEAT, ST_REPORT_SUPERSEDE, ST_VERSIONS_MOVE,
	ST_REPORT_SUMS, ST_RECORDS_GO, ST_ROLLUP_ADD, ST_ROLLUP_CLEAN, ST_FRESH, ST_EDITION, ST_ROLLUP_FOLD, ST_ROLLUP_FOLDED,
	ST_MESSAGE_ADD, ST_MESSAGE_SET, ST_TOKENS, ST_INTAKE_ADD,
	ST_QUARANTINE_ADD, ST_QUARANTINE_FIND, ST_SAVEPOINT, ST_SAVEPOINT_BACK, ST_SAVEPOINT_DONE,
	ST_EPOCH, ST_MESSAGE_FIND, ST_MESSAGE_AGAIN, ST_REPORT_MESSAGE, ST_REPORT_OLD, ST_REPORT_SAME, ST_REPORT_CHANGE,
	ST_RECORD_FIND, ST_RECORDS_RENUMBER, ST_SOURCES_OF_REPORT,
	ST_DOMAIN_APART_FIND, ST_DOMAIN_APART_ADD, ST_REPORT_TRUST, ST_REPORT_TRUSTED, ST_REPORT_MOVE, ST_RECORDS_MOVE,
	ST_COPY_FIND, ST_COPIES, ST_COPIES_SOME, ST_COUNT
};

/* Memory of ids: one place per hash, the newest wins. */
struct slot {
	uint64_t	 hash;
	int64_t		 id;
	unsigned	 more;
};

struct cache {
	struct slot	*slots;
	size_t		 mask;
};

static inline struct slot *
writer_cache_at(struct cache *c, uint64_t hash)
{
	return (&c->slots[hash & c->mask]);
}

struct outcome {
	uint64_t	 key;	/* all its columns packed */
	bool		 verdict_pass, differs;
};

struct held {
	int64_t		 source, evidence;
	uint64_t	 count, seq;
	unsigned	 outcome;
};

struct sum {		/* of the rollup, in this transaction */
	int64_t		 domain, day, reporter;
	int64_t		 messages, rows;
	unsigned	 outcome;
	bool		 used;
};

struct ip {
	uint64_t	 id, stamp;
};

struct tls_writer;

struct intake_sum {
	int64_t		 day, origin;
	int		 result;
	int64_t		 n;
};

struct failure_writer;
struct marked { int64_t domain, day; };	/* 0: none */

struct writer {
	sqlite3_stmt	*st[ST_COUNT];
	struct cache	 names, sources, evidence, keys;
	struct cache	 periods;	/* of domain and reporter: the latest end, and the longest in seconds */
	struct outcome	*outcomes;	/* by id, from 1 */
	size_t		 noutcomes, room_outcomes;
	int64_t		 data_version, next_report, next_message, next_evidence;
	uint64_t	 total;		/* messages of all reports that count */
	struct pack	 pack, failure_pack;
	struct failure_writer *failure;	/* write_failure.c */
	struct sum	*sums;
	size_t		 nsums, room_sums;
	struct marked	 marked[2048];	/* days that are known to be fresh, in one flush */
	struct intake_sum intake[64];
	size_t		 nintake;
	bool		 changed, epoch;	/* epoch: rows that readers remember were changed */
	uint64_t	*tokens;	/* open table of what was taken lately */
	bool		 tokens_ready;

	/* the report under way */
	bool		 open, streaming;
	int64_t		 id, message, domain, reporter, policy;
	unsigned	 payload;
	int64_t		 day;
	int64_t		 plain;		/* domain as it is when nothing is kept apart */
	const struct trust_mail *mail;	/* NULL: nothing is known of it */
	struct trust_mail kept;		/* what another message proved */
	enum trust	 trust;
	enum trust_apart apart;
	int64_t		 proved_by;	/* another message than its own; 0: its own */
	struct arena	*arena;
	struct report_header h;
	struct held	*held;
	size_t		 nheld;
	uint64_t	 hash[2];
	struct ip	*ips;		/* open table of source ids */
	size_t		 nips, room_ips;
	uint64_t	 stamp;		/* of the report: older entries are empty places */
	uint64_t	 messages, disp[DISP_COUNT], dkim_pass, spf_pass, dmarc_pass, verdict_pass, differs;
	uint64_t	 ndkim, nspf, nreasons;
	struct buf	 refused;	/* JSON */
	unsigned	 nrefused;
	bool		 refused_whole;	/* it has its last bracket */
	struct buf	 text;		/* for building */
	struct buf	 lists[4];	/* of one combination, while it is put */
	struct tls_writer *tls;		/* write_tls.c */
	enum { COPIES_UNKNOWN, COPIES_NONE, COPIES_SOME } copies;	/* in this store; write_copy.c */
};

extern const char *const writer_sql[ST_COUNT];

static inline sqlite3_stmt *
stmt(struct store *s, enum stmt i)
{
	return (s->w->st[i]);
}

int	 writer_run(struct store *, enum stmt, struct err *);	/* a statement that gives no row */
/* A statement that gives at most one number: 1 with it, 0 without, -1. */
int	 writer_find(struct store *, enum stmt, int64_t *out, struct err *);

static inline void
bind_str(sqlite3_stmt *st, int i, struct str v)
{
	if (v.p == NULL)
		(void)sqlite3_bind_null(st, i);
	else
		(void)sqlite3_bind_text(st, i, v.p, (int)v.len, SQLITE_STATIC);
}

static inline void
bind_id(sqlite3_stmt *st, int i, int64_t id)
{
	if (id == 0)
		(void)sqlite3_bind_null(st, i);
	else
		(void)sqlite3_bind_int64(st, i, id);
}

/* --- Ids: of what is there, or made now (write_ids.c) ------------------------------ */

bool	 writer_cache_new(struct cache *, size_t n);	/* n: a power of two */
void	 writer_cache_clear(struct cache *);
int64_t	 writer_name(struct store *, struct str text, struct err *);	/* 0 for an absent text */
/* An address of 4 or 16 bytes; with len 0 text stands for it. */
int64_t	 writer_source(struct store *, const unsigned char *ip, unsigned len, struct str text, struct err *);
/* name: lower case, A-labels; apart: for what does not count */
int64_t	 writer_domain(struct store *, struct str name, bool apart, struct err *);
struct str writer_reporter_key(struct str org_name, struct str email, char out[DOMAIN_MAX + 1]);
/* The organisation behind org_name, or behind the address; either may be absent. */
int64_t	 writer_reporter(struct store *, struct str org_name, struct str email, struct err *);
int64_t	 writer_policy(struct store *, const struct report_policy *, int64_t domain, struct err *);

/* --- Combinations (write_evidence.c) ------------------------------------------------- */

int	 writer_outcomes_load(struct store *, struct err *);

/* --- The report under way (write_report.c) ---------------------------------------------- */

struct holder {
	int64_t	 id;		/* 0: nobody */
	int64_t	 messages, day;
	enum trust trust;
	bool	 same;		/* its content is that of the report under way */
	bool	 copy;		/* it is another program's copy */
};

/* The id by which it is known, made from its content when the reporter gave none. */
struct str writer_report_id(const struct writer *, char made[64]);
/* Who counts under the key of the report under way, in that domain? */
int	 writer_holder(struct store *, int64_t domain, struct str report_id, struct holder *, struct err *);
/* Nobody has that key: who has one that is the same for an original and a copy (write_copy.c)? Adds to *h. */
int	 writer_copy_holder(struct store *, int64_t domain, struct str report_id, bool copy, struct holder *, struct err *);
int	 writer_copies_begin(struct store *, struct err *);	/* a copy is about to be stored */
/* May the report under way count, in the place of so many messages? */
int	 writer_within(struct store *, int64_t less, struct err *);
void	 writer_merge_held(struct writer *);
/* A long report ends: its last rows go where the others are, and its addresses are counted there. */
int	 writer_stream_end(struct store *, struct err *);
int	 writer_put_rows(struct store *, struct err *);
int	 writer_overlap(struct store *, int64_t id, uint64_t *quirks, struct err *);
/* The rows of a report, already in the tree, into (+1) or out of (-1) the sums. */
int	 writer_report_sums(struct store *, int64_t domain, int64_t reporter, int64_t day, int64_t id, int sign, struct err *);
int	 writer_rows_go(struct store *, int64_t domain, int64_t reporter, int64_t day, int64_t id, struct err *);
/* Of this domain and reporter: old steps behind by. */
int	 writer_supersede(struct store *, int64_t domain, int64_t reporter, int64_t old, int64_t day, int64_t by, struct err *);
int	 writer_report_bind(struct store *, enum stmt, const struct report_trailer *, struct str report_id, uint64_t quirks,
	    int64_t superseded_by, int64_t received, struct err *);

/* --- Failure reports (write_failure.c) ------------------------------------------------------ */

int	 writer_failure_new(struct store *, struct err *);
void	 writer_failure_free(struct failure_writer *);	/* NULL is fine */
int64_t	 writer_failure_message(struct store *, int64_t id);
int	 writer_failure_unrepeat(struct store *, int64_t id, struct err *);
/* As store_retrust, within its transaction: adds to *out. */
int	 writer_failure_retrust(struct store *, struct store_retrusted *out, struct err *);

/* --- Whose report it is (write_trust.c) ---------------------------------------------------- */

/* Decides for the report under way, whose header is known; sets its domain. */
int	 writer_trust(struct store *, struct err *);
/* What was said by a server that is believed; nothing, when it is no more. */
enum trust_proof writer_believed(const struct store *, const struct trust_mail *);
/* Its columns, from parameter 40. */
int	 writer_trust_bind(struct store *, enum stmt, struct err *);
/* It came again: what is known better now is noted with the one that is there. */
int	 writer_trust_again(struct store *, int64_t id, struct err *);
/* Read again, of a report that another message proved: that still holds if the server is believed. */
int	 writer_trust_kept(struct store *, int64_t id, struct err *);

/* --- TLS reports (write_tls.c) -------------------------------------------------------------- */

int	 writer_tls_new(struct store *, struct err *);
void	 writer_tls_free(struct tls_writer *);	/* NULL is fine */
void	 writer_tls_forget(struct tls_writer *);	/* what it remembers may be another's by now */
int	 writer_tls_drop(struct store *, struct err *);	/* the TLS report under way, if there is one */
int64_t	 writer_tls_message(struct store *, int64_t id);
int	 writer_tls_unrepeat(struct store *, int64_t id, struct err *);
/* As store_retrust, within its transaction: adds to *out. */
int	 writer_tls_retrust(struct store *, struct store_retrusted *out, struct err *);

/* --- Messages (write_message.c) ------------------------------------------------------------ */

int	 writer_intake_flush(struct store *, struct err *);

#endif
