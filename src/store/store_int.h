/*
 * store_int.h - what the files of this room share; nobody else includes it.
 * Source:    schema/.
 * Trust:     as store.h.
 * Units:     as store.h.
 * Ownership: struct store owns the connection and every prepared statement.
 * Errors:    as store.h.
 */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <sqlite3.h>

#include "base/base.h"
#include "store/store.h"

extern const char *const store_migrations[];
extern const unsigned store_nmigrations;

/* The file that originals go to at the moment. */
enum pack_kind { PACK_REPORTS, PACK_FAILURES };
struct pack {
	enum pack_kind	 kind;
	char		 name[64];
	int64_t		 id;
	int		 fd;
	uint64_t	 used, committed;
	int64_t		 begun;
	bool		 dirty, fresh;	/* fresh: made in this transaction */
};

/* Pages that a writer holds: enough for the indexes of a report with a million names; less while the pass over senders holds much itself. */
#define STORE_CACHE "PRAGMA cache_size = -40960"
#define STORE_CACHE_SMALL "PRAGMA cache_size = -16384"

struct verdict;
struct writer;		/* write_int.h: caches and sums of the transaction */
struct query_cache;	/* query_cache.c: what readers remember */

struct store {
	sqlite3		*db;
	char		*dir;		/* state directory */
	enum store_mode	 mode;
	uint64_t	 secret;	/* key of evidence hashes */
	bool		 in_txn;
	uint64_t	 max_messages;	/* of one report */
	struct store_failure_options failures;
	const struct trust_settings *trust;	/* never NULL */
	bool		 dry;		/* store_derive: commits are taken back */
	bool		 deriving;	/* store_derive: what is found is not believed */
	struct writer	*w;
	struct query_cache *qc;
	sqlite3_stmt	*st_generation;
	struct store_walk *walk;	/* records_walk.c; NULL: nobody has walked */
	bool		 walk_none;	/* there is nothing to walk on, as far as this transaction knows */
	unsigned	 hosts_ceiling;	/* of rows of table host; 0: no new ones */
	int		 care;		/* descriptor of the lock; -1 */
};

/* Of table evidence. */
static inline int
evidence_flags(bool derived, unsigned walked)
{
	return ((int)(derived | walked << 1));
}

/* Sets *e from the connection's last error: busy and full are ERR_TEMP. */
int	 store_fail(struct store *, const char *what, struct err *);
int	 store_exec(struct store *, const char *sql, struct err *);
int	 store_prepare(struct store *, sqlite3_stmt **, const char *sql, struct err *);
int	 pack_append(struct store *, struct pack *, int fd, uint64_t offset, uint64_t bytes, uint64_t *at, struct err *);
int	 pack_commit(struct store *, struct pack *, struct err *);
void	 pack_committed(struct pack *);
void	 pack_rollback(struct store *, struct pack *);
void	 pack_close(struct pack *);
void	 pack_sweep(struct store *);	/* files that writers who were killed left behind */
void	 writer_leave_pack(struct store *, int64_t pack);	/* nothing more is appended to it */
int	 writer_new(struct store *, struct err *);
void	 writer_free(struct writer *);
/* The outcome of that verdict, made when it is new; -1. */
int64_t	 writer_outcome(struct store *, const struct report_record *, const struct verdict *, struct err *);
/* What readers were told is different; epoch: also what they remember. */
void	 writer_changed(struct store *, bool epoch);
int	 writer_senders_changed(struct store *, struct err *);	/* who is who, or what people decided */
void	 writer_reload(struct store *);	/* what it remembers is of before a change of this process */
void	 writer_total(struct store *, uint64_t messages);	/* meta 'messages' is another one */
/* Into the sums of the transaction; they are in the tables after the flush, or the commit. */
int	 writer_sum(struct store *, int64_t domain, int64_t day, int64_t reporter, unsigned outcome, int64_t messages, int64_t rows,
	    struct err *);
int	 writer_sums_flush(struct store *, struct err *);
void	 writer_tls_changed(struct store *);	/* the sums of TLS reports are not those that it remembers */
/* check_tls.c, parts of store_check and store_mend. */
int	 check_tls(struct store *, const struct store_check_calls *, void *ctx, struct err *);
int	 mend_tls(struct store *, const struct store_check_calls *, void *ctx, uint64_t *mended, struct err *);
/* Two small ones for statements of rare use: bound with at most one number, run once. */
/* The row goes first, in a transaction of its own: a file that nobody names harms nobody. */
int	 store_forget_file(struct store *, const char *folder, const char *name, struct err *);
/* What a rule took out of quarantine is told for a while. */
int	 store_quarantine_went(struct store *, enum store_rule, const struct store_trimmed *, struct err *);
int	 store_run_id(struct store *, const char *sql, int64_t id, struct err *);
void	 query_cache_free(struct query_cache *);
void	 store_walk_free(struct store_walk *);
void	 store_walk_unsure(struct store *);	/* others may have written; or what was read is taken back */

#endif
