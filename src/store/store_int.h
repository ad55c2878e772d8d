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
struct pack {
	char		 name[64];
	int64_t		 id;
	int		 fd;
	uint64_t	 used, committed;
	int64_t		 begun;
	bool		 dirty, fresh;	/* fresh: made in this transaction */
};

struct writer;		/* write.c: caches and sums of the transaction */
struct query_cache;	/* query_cache.c: what readers remember */

struct store {
	sqlite3		*db;
	char		*dir;		/* state directory */
	enum store_mode	 mode;
	uint64_t	 secret;	/* key of evidence hashes */
	bool		 in_txn;
	uint64_t	 max_messages;	/* of one report */
	struct writer	*w;
	struct query_cache *qc;
	sqlite3_stmt	*st_generation;
};

/* Sets *e from the connection's last error: busy and full are ERR_TEMP. */
int	 store_fail(struct store *, const char *what, struct err *);
int	 store_exec(struct store *, const char *sql, struct err *);
int	 store_prepare(struct store *, sqlite3_stmt **, const char *sql, struct err *);
int	 pack_append(struct store *, struct pack *, int fd, uint64_t offset, uint64_t bytes, uint64_t *at, struct err *);
int	 pack_commit(struct store *, struct pack *, struct err *);
void	 pack_committed(struct pack *);
void	 pack_rollback(struct store *, struct pack *);
void	 pack_close(struct pack *);
void	 writer_leave_pack(struct store *, int64_t pack);	/* nothing more is appended to it */
int	 writer_new(struct store *, struct err *);
void	 writer_free(struct writer *);
void	 query_cache_free(struct query_cache *);

#endif
